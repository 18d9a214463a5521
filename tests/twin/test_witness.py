from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.points import EntityId
from twin.witness import Electric, Expected, Group, bears_out, electric, judge_group

M1, M2, R1, R2, R3 = map(EntityId, ("M1", "M2", "R1", "R2", "R3"))

Words = Callable[[EntityId], Sequence[Expected]]


def a_group(
    m1: float | None = 100.0,
    m2: float | None = 110.0,
    r1: float | None = 70.0,
    r2: float | None = 80.0,
    r3: float | None = 60.0,
) -> Group:
    """Two meters and three racks that hang on both."""
    return Group({M1: m1, M2: m2}, {R1: r1, R2: r2, R3: r3}, frozenset({R1, R2, R3}))


def known(**kw: float) -> Words:
    """Others know some of the readings, as far as heat does."""
    return lambda entity: [Expected(kw[entity], 0.05 * kw[entity])] if entity in kw else []


def nobody(_: EntityId) -> Sequence[Expected]:
    return ()


def test_a_group_that_closes_is_not_off() -> None:
    group = a_group()

    assert (group.residual_kw, group.off_kw, group.whole) == (0.0, 0.0, True)


def test_a_group_is_off_beyond_one_part_in_a_hundred() -> None:
    assert a_group(r1=72.0).off_kw == 0.0
    assert a_group(r1=72.2).off_kw == pytest.approx(-2.2)
    assert a_group(m1=102.2).off_kw == pytest.approx(2.2)


def test_a_reading_a_thousand_times_too_high_does_not_hide_itself() -> None:
    assert a_group(m1=100_000.0).off_kw > 0
    assert a_group(r1=70_000.0).off_kw < 0


def test_an_idle_group_is_never_off() -> None:
    assert a_group(0.05, 0.05, 0.0, 0.0, 0.0).off_kw == 0.0


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_what_is_silent_can_only_take_more(m1: float, r1: float) -> None:
    assert a_group(m1=m1, r1=r1, r3=None).off_kw <= 0


@given(st.floats(0.0, 500.0), st.sampled_from(["r1", "r2", "r3"]))
def test_a_child_that_falls_silent_never_breaks_a_group_that_closed(m1: float, who: str) -> None:
    whole = a_group(m1=m1)

    if whole.off_kw == 0:
        assert a_group(m1=m1, **{who: None}).off_kw == 0


def test_known_racks_may_not_exceed_the_meters_though_others_are_silent() -> None:
    group = a_group(r1=140.0, r3=None)

    blame = judge_group(group, known(R1=70.0))

    assert group.off_kw == pytest.approx(-10.0)
    assert (blame.entity, blame.implied) == (None, None)


def test_who_exceeds_by_as_much_as_others_say_is_named_without_what_he_should_read() -> None:
    blame = judge_group(a_group(r1=150.0, r3=None), known(R1=129.0))

    assert (blame.entity, blame.reads, blame.implied) == (R1, 150.0, None)


def test_without_all_its_meters_nothing_is_known_of_a_group() -> None:
    group = a_group(m2=None)

    assert (group.residual_kw, group.off_kw) == (None, 0.0)
    assert group.expects(R1) is None


def test_each_reading_is_what_the_others_make_of_it() -> None:
    group = a_group(r1=77.0)

    assert group.expects(R1) == pytest.approx(Expected(70.0, 2.1))
    assert group.expects(M1) == pytest.approx(Expected(107.0, 2.1))
    assert a_group(r2=None).expects(R1) is None


@pytest.mark.parametrize("by", [0.7, 0.9, 1.1, 1.3])
def test_a_rack_that_its_heat_calls_a_liar_by_as_much_is_named(by: float) -> None:
    blame = judge_group(a_group(r2=80.0 * by), known(R1=70.0, R2=80.0, R3=60.0))

    assert (blame.entity, blame.reads) == (R2, 80.0 * by)
    assert blame.implied == pytest.approx(80.0)


@pytest.mark.parametrize("by", [0.7, 0.9, 1.1, 1.3])
def test_a_meter_that_its_own_volts_and_amperes_call_a_liar_is_named(by: float) -> None:
    words = known(M1=100.0, M2=110.0, R1=70.0, R2=80.0)

    blame = judge_group(a_group(m2=110.0 * by), words)

    assert blame.entity == M2
    assert blame.implied == pytest.approx(110.0)
    assert blame.ratio == pytest.approx(210.0 / (100.0 + 110.0 * by))


def test_the_one_that_is_left_is_named_when_all_others_are_known_to_tell_the_truth() -> None:
    blame = judge_group(a_group(m2=130.0), known(M1=100.0, R1=70.0, R2=80.0, R3=60.0))

    assert blame.entity == M2


def test_what_would_have_to_take_less_than_nothing_is_not_the_one() -> None:
    group = Group({M1: 100.0}, {R1: 110.0, R2: 0.1})

    assert judge_group(group, known(M1=100.0)).entity == R1


@pytest.mark.parametrize("words", [nobody, known(R1=70.0, R2=80.0, R3=60.0)])
def test_where_several_explain_it_as_well_nobody_is_named(words: Words) -> None:
    blame = judge_group(a_group(m2=130.0), words)

    assert (blame.entity, blame.reads, blame.implied) == (None, None, None)


def test_meters_that_read_nothing_while_racks_draw_have_no_ratio() -> None:
    assert judge_group(a_group(m1=0.0, m2=0.0), nobody).ratio is None


def test_who_agrees_with_both_or_neither_number_says_nothing() -> None:
    far, wide = Expected(500.0, 1.0), Expected(105.0, 20.0)

    assert bears_out(100.0, 110.0, [far, wide]) is None
    assert bears_out(100.0, 110.0, []) is None


def test_who_agrees_with_one_number_decides_unless_another_disagrees() -> None:
    lies, true = Expected(110.0, 1.0), Expected(100.0, 1.0)

    assert bears_out(100.0, 110.0, [lies]) is True
    assert bears_out(100.0, 110.0, [true]) is False
    assert bears_out(100.0, 110.0, [lies, true]) is None


def test_what_is_implied_may_be_off_but_that_excuses_nobody_who_agrees_with_the_reading() -> None:
    near, true = Expected(107.0, 1.0), Expected(100.0, 1.0)

    assert bears_out(100.0, 110.0, [near]) is None
    assert bears_out(100.0, 110.0, [near], off=2.0) is True
    assert bears_out(100.0, 110.0, [true], off=9.0) is False


def test_a_meter_is_held_against_its_own_power_factor() -> None:
    word = electric(M1, {M1: Electric(120.0, 102.0, 0.98)})

    assert word == pytest.approx(Expected(99.96, 2.9988))


def test_a_meter_without_power_factor_is_held_against_that_of_its_sisters() -> None:
    shown = {M1: Electric(120.0, 102.0, None), M2: Electric(98.0, 100.0, None)}

    assert electric(M1, shown) == pytest.approx(Expected(99.96, 2.9988))


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {M1: Electric(120.0, 0.0, 0.98)},
        {M1: Electric(120.0, 102.0, None)},
        {M1: Electric(120.0, 102.0, None), M2: Electric(0.0, 0.0, None)},
    ],
)
def test_a_meter_of_which_nothing_else_is_known_has_no_second_witness(
    shown: dict[EntityId, Electric],
) -> None:
    assert electric(M1, shown) is None
