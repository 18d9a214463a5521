from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import START, a_measured, a_point, a_state, at
from twin.measured import Measured, derive, least, measure, nothing, total
from twin.points import Freshness, PointState, Quality

POWER = a_point("Rack/RackPower")
NONE = nothing("kW")
BAD = a_measured(2.0, quality=Quality.BAD)
NULL = a_measured(None, quality=Quality.BAD)
STALE = a_measured(3.0, freshness=Freshness.STALE)

FLOATS = st.floats(-1e12, 1e12)
MEASURED = st.builds(
    a_measured,
    FLOATS,
    quality=st.sampled_from(Quality),
    freshness=st.sampled_from((Freshness.LIVE, Freshness.STALE)),
    measured_at=st.integers(0, 1_000).map(at),
) | st.sampled_from([NONE, NULL])


def _plus(one: float, other: float) -> float:
    return one + other


def test_measured_point_shows_its_reading() -> None:
    state = a_state(POWER, 35.21, measured_at=at(-1), received_at=at(0))

    assert measure(state) == Measured(35.21, "kW", Quality.GOOD, Freshness.LIVE, at(-1), at(0))


def test_point_that_does_not_exist_measures_nothing() -> None:
    assert measure(None, "kW") == NONE
    assert NONE.quality is None


def test_unheard_point_measures_nothing_in_its_unit() -> None:
    assert measure(PointState(POWER)) == NONE
    assert measure(PointState(POWER), "W") == nothing("W")


def test_value_is_converted_to_the_unit_asked_for() -> None:
    state = a_state(replace(POWER, unit="W"), 35_210.0)

    assert measure(state, "kW") == a_measured(35.21)


def test_value_in_an_unrelated_unit_is_bad_rather_than_wrong() -> None:
    assert measure(a_state(POWER, 35.21), "kPa") == NULL._replace(unit="kPa")


def test_ratio_needs_no_unit() -> None:
    state = a_state(a_point("PowerMeter/PowerFactor"), 0.984)

    assert measure(state, "") == a_measured(0.984, "")


@pytest.mark.parametrize("unit", [None, "kW"])
def test_null_is_never_good(unit: str | None) -> None:
    assert measure(a_state(POWER, None, quality=1), unit) == NULL


@pytest.mark.parametrize("quality", [0, 2, -1, 192])
def test_every_quality_but_one_is_bad(quality: int) -> None:
    assert measure(a_state(POWER, 1.0, quality=quality)).quality is Quality.BAD


def test_stale_value_is_shown_as_such() -> None:
    shown = measure(a_state(POWER, 3.0, freshness=Freshness.STALE))

    assert shown == STALE
    assert shown.usable
    assert not shown.fresh_and_good


def test_state_shows_its_text() -> None:
    leak = replace(a_point("Rack/RackLeakDetect"), states=((0, "NoLeak"), (1, "Leak")))

    assert measure(a_state(leak, 1.0)).text == "Leak"


def test_derived_number_is_as_old_as_its_oldest_input() -> None:
    young = a_measured(1.0, measured_at=at(5), received_at=at(7))
    old = a_measured(2.0, measured_at=at(4), received_at=at(9))

    assert derive("kW", (young, old), _plus) == Measured(
        3.0, "kW", Quality.GOOD, Freshness.LIVE, at(4), at(7), derived_from=2
    )


@pytest.mark.parametrize("bad", [BAD, NULL])
def test_bad_input_derives_nothing(bad: Measured) -> None:
    result = derive("kW", (a_measured(), bad), _plus)

    assert (result.value, result.quality, result.measured_at) == (None, Quality.BAD, START)


def test_stale_input_makes_a_stale_result() -> None:
    result = derive("kW", (a_measured(), STALE), _plus)

    assert (result.value, result.freshness) == (4.0, Freshness.STALE)


@pytest.mark.parametrize("other", [a_measured(), BAD, STALE])
def test_unheard_input_leaves_nothing_to_derive(other: Measured) -> None:
    assert derive("kW", (other, NONE), _plus) == NONE._replace(derived_from=2)


def test_formula_without_an_answer_makes_a_bad_result() -> None:
    result = derive("kW", (a_measured(),), lambda _: None)

    assert (result.value, result.quality) == (None, Quality.BAD)


@given(st.lists(MEASURED, min_size=1))
def test_derived_number_is_never_better_than_any_input(inputs: list[Measured]) -> None:
    result = derive("kW", inputs, lambda *values: sum(values))

    assert result.usable == all(each.usable for each in inputs)
    assert result.fresh_and_good == all(each.fresh_and_good for each in inputs)


def test_total_sums_what_is_live_and_good_and_says_of_how_many() -> None:
    result = total("kW", [a_measured(1.0), a_measured(2.0), BAD, NULL, STALE, NONE])

    assert result == Measured(
        3.0, "kW", Quality.GOOD, Freshness.LIVE, START, START, derived_from=2, fresh=2, expected=6
    )


def test_total_is_as_old_as_the_oldest_that_went_in() -> None:
    stale = STALE._replace(measured_at=at(-99))

    assert total("kW", [a_measured(), a_measured(measured_at=at(-3)), stale]).measured_at == at(-3)


@pytest.mark.parametrize("inputs", [[], [BAD, STALE, NONE]])
def test_total_of_nothing_usable_is_nothing(inputs: list[Measured]) -> None:
    assert total("kW", inputs) == NONE._replace(fresh=0, expected=len(inputs))


@given(st.lists(MEASURED), st.randoms(use_true_random=False))
def test_total_does_not_depend_on_order(inputs: list[Measured], random: Random) -> None:
    shuffled = list(inputs)
    random.shuffle(shuffled)

    assert total("kW", shuffled) == total("kW", inputs)


def test_number_is_of_now_only_without_any_doubt() -> None:
    assert [each.now for each in (a_measured(1.0), BAD, STALE, NONE)] == [1.0, None, None, None]


def test_least_is_the_lowest_of_what_is_live_and_good_and_says_of_how_many() -> None:
    low = a_measured(-1.0, measured_at=at(3))

    assert least("kW", [a_measured(2.0), low, BAD, STALE, NONE]) == low._replace(
        derived_from=2, fresh=2, expected=5
    )


@pytest.mark.parametrize("inputs", [[], [BAD, STALE, NONE]])
def test_least_of_nothing_usable_is_nothing(inputs: list[Measured]) -> None:
    assert least("kW", inputs) == NONE._replace(fresh=0, expected=len(inputs))


def test_least_of_zero_and_more_is_zero() -> None:
    assert least("kW", [a_measured(1.0), a_measured(0.0)]).value == 0.0


def test_input_without_a_time_does_not_age_the_result() -> None:
    timeless = a_measured(measured_at=None, received_at=None)

    assert derive("kW", (timeless, a_measured()), _plus).measured_at == START
    assert derive("kW", (timeless,), lambda one: one).received_at is None


@pytest.mark.parametrize("value", [1e31, -1.7e308])
def test_number_that_no_quantity_has_is_shown_and_nothing_is_worked_out_of_it(value: float) -> None:
    assert measure(a_state(a_point(), value), "kW")[:3] == (value, "kW", Quality.BAD)
