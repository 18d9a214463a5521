from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.forecast import DAMPING_MS, MEMORY_MS, REVERSION_MS, Forecast
from twin.instants import Instant, Millis

STEP = 15_000
FOREVER = Millis(1_000 * REVERSION_MS)
QUARTER = Millis(900_000)

VALUES = st.lists(st.floats(0, 1e5), min_size=1, max_size=30)


def heard(values: Iterable[float], step: int = STEP) -> Forecast:
    first, *rest = values
    forecast = Forecast(Instant(0), first)
    for number, value in enumerate(rest, start=1):
        forecast = forecast.observe(Instant(number * step), value)
    return forecast


def test_a_single_value_is_expected_to_stay() -> None:
    assert Forecast(Instant(0), 42.0).predict(QUARTER) == 42.0


@given(st.floats(0, 1e5), st.integers(1, 50), st.integers(0, FOREVER))
def test_what_never_changed_is_expected_to_stay(value: float, count: int, horizon: int) -> None:
    assert heard([value] * count).predict(Millis(horizon)) == pytest.approx(value)


@given(VALUES)
def test_nothing_ahead_is_the_newest_value(values: list[float]) -> None:
    assert heard(values).predict(Millis(0)) == pytest.approx(values[-1])


def test_a_ramp_goes_on_for_a_while() -> None:
    forecast = heard([10.0] * 1_000 + [11.0, 12.0, 13.0])

    assert 14 < forecast.predict(Millis(2 * STEP)) < 15
    assert forecast.slope * DAMPING_MS == pytest.approx(4, rel=0.1)


def test_a_slope_dies_when_the_value_stands() -> None:
    ramp = [10.0, 11.0, 12.0]

    assert heard([*ramp, *[12.0] * 40]).slope == pytest.approx(0, abs=1e-9)


def test_the_far_future_is_the_mean_of_the_past() -> None:
    assert heard([10.0, 20.0] * 100 + [20.0] * 200).predict(FOREVER) == pytest.approx(
        17.5, rel=0.01
    )


def test_each_value_counts_for_as_long_as_it_was_held() -> None:
    forecast = Forecast(Instant(0), 10.0).observe(Instant(3_000), 20.0)

    assert forecast.observe(Instant(4_000), 99.0).mean == pytest.approx(12.5)


def test_what_is_long_past_is_forgotten() -> None:
    changed = heard([10.0] * 100, step=60_000).observe(Instant(7_000_000), 20.0)

    assert changed.observe(Instant(7_000_000 + MEMORY_MS), 20.0).mean == pytest.approx(20)
    assert changed.observe(Instant(7_000_000 + 3 * MEMORY_MS), 20.0).mean == 20


@pytest.mark.parametrize("at", [Instant(14_999), Instant(15_000)])
def test_a_value_no_newer_than_the_newest_changes_nothing(at: Instant) -> None:
    forecast = heard([10.0, 11.0])

    assert forecast.observe(at, 99.0) is forecast


@given(VALUES, st.floats(0.1, 10), st.integers(0, FOREVER))
def test_the_unit_does_not_matter(values: list[float], unit: float, horizon: int) -> None:
    ahead = heard(values).predict(Millis(horizon))

    scaled = heard([value * unit for value in values]).predict(Millis(horizon))

    assert scaled == pytest.approx(ahead * unit, rel=1e-6, abs=1e-3)
