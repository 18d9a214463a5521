from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_measured, a_point, a_state, an_entity
from twin.measured import Measured, nothing
from twin.phases import Phase, imbalance_of, loading_of, mean_of, phases_of
from twin.points import Freshness, PointState, Quality

LIMIT = a_measured(100.0, "A")


def a_phase(name: str | None, amps: float = 1.0, tag: str = "") -> PointState:
    point = a_point("PowerMeter/PhaseCurrent", "M1", tag=tag or str(name), unit="A")
    return a_state(replace(point, phase=name), amps)


def amperes(*amps: float | None) -> list[Phase]:
    return [Phase(str(n), current(value)) for n, value in enumerate(amps, 1)]


def current(value: float | None, freshness: Freshness = Freshness.LIVE) -> Measured:
    if value is None:
        return nothing("A")
    return a_measured(value, "A", freshness=freshness)


@pytest.mark.parametrize("names", [("A", "B", "C"), ("1", "2", "3")])
def test_phases_stand_in_order_of_their_names(names: tuple[str, str, str]) -> None:
    first, second, third = names
    states = [a_phase(first, 1.0, "z"), a_phase(second, 2.0, "y"), a_phase(third, 3.0, "x")]

    phases = phases_of(an_entity("M1", *states))

    assert [(phase.name, phase.current.value) for phase in phases] == [
        (first, 1.0),
        (second, 2.0),
        (third, 3.0),
    ]


def test_current_of_no_phase_is_none_of_them() -> None:
    assert phases_of(an_entity("M1", a_phase(None))) == ()


def test_phase_told_twice_is_the_first_by_id() -> None:
    meter = an_entity("M1", a_phase("A", 2.0, "b"), a_phase("A", 1.0, "a"))

    assert [phase.current.value for phase in phases_of(meter)] == [1.0]


def test_imbalance_is_the_largest_deviation_from_the_mean() -> None:
    assert imbalance_of(amperes(27.863, 33.521, 24.303)).value == pytest.approx(17.36, abs=0.005)


@pytest.mark.parametrize("amps", [[], [1.0], [1.0, 1.0, None]])
def test_imbalance_of_what_is_not_known_is_nothing(amps: list[float | None]) -> None:
    assert imbalance_of(amperes(*amps)).freshness is Freshness.UNHEARD


def test_imbalance_of_no_current_has_no_answer() -> None:
    found = imbalance_of(amperes(0.0, 0.0, 0.0))

    assert (found.value, found.quality) == (None, Quality.BAD)


@given(st.lists(st.floats(0.1, 1e4), min_size=3, max_size=3), st.floats(0.1, 10))
def test_imbalance_depends_on_proportions_alone(amps: list[float], times: float) -> None:
    scaled = [each * times for each in amps]

    assert imbalance_of(amperes(*scaled)).value == pytest.approx(
        imbalance_of(amperes(*amps)).value, abs=1e-9
    )


def test_mean_is_that_of_all_phases() -> None:
    assert mean_of(amperes(1.0, 2.0, 6.0)).value == 3.0
    assert mean_of([]) == nothing("A")


def test_loading_is_that_of_the_worst_phase() -> None:
    assert loading_of(current(40.0), amperes(30.0, 80.0, 40.0), LIMIT).value == 80.0


@pytest.mark.parametrize("doubt", [nothing("A"), current(99.0, Freshness.STALE)])
def test_silent_phase_does_not_hide_the_others(doubt: Measured) -> None:
    phases = [Phase("A", doubt), *amperes(70.0)]

    assert loading_of(current(40.0), phases, LIMIT).value == 70.0


def test_loading_by_stale_currents_is_stale() -> None:
    stale = current(50.0, Freshness.STALE)

    assert loading_of(stale, amperes(None), LIMIT).freshness is Freshness.STALE


def test_loading_without_any_current_is_nothing() -> None:
    assert loading_of(nothing("A"), (), LIMIT).freshness is Freshness.UNHEARD


def test_limit_of_zero_gives_no_loading() -> None:
    assert loading_of(current(1.0), (), a_measured(0.0, "A")).value is None
