import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.energy import Energy, Power, energy_of
from twin.instants import Instant, Millis

HOUR = 3_600_000
LONG = Millis(10 * HOUR)


def powers(*given: tuple[float, float] | tuple[float, float, float]) -> list[Power]:
    """Hour, kilowatts and share of each."""
    return [
        Power(Instant(round(each[0] * HOUR)), each[1], each[2] if len(each) > 2 else 1.0)
        for each in given
    ]


def drawn(
    *given: tuple[float, float] | tuple[float, float, float], longest: Millis = LONG
) -> Energy:
    """From the first to the third hour."""
    return energy_of(powers(*given), Instant(HOUR), Instant(3 * HOUR), longest)


@pytest.mark.parametrize(
    ("readings", "kwh", "hours"),
    [
        ([], 0.0, 0.0),
        ([(1, 40.0)], 80.0, 2.0),
        ([(0, 40.0)], 80.0, 2.0),
        ([(0, 99.0), (0.5, 40.0)], 80.0, 2.0),
        ([(1, 40.0), (2, 20.0)], 60.0, 2.0),
        ([(2, 40.0)], 40.0, 1.0),
        ([(1, 40.0), (2, 99.0, 0.0)], 40.0, 1.0),
        ([(1, 40.0), (2, 20.0, 0.5)], 50.0, 1.5),
        ([(1, 40.0), (3, 99.0)], 80.0, 2.0),
        ([(4, 99.0)], 0.0, 0.0),
        ([(1, -40.0)], -80.0, 2.0),
    ],
)
def test_a_power_holds_until_the_next_one_within_the_range(
    readings: list[tuple[float, float]], kwh: float, hours: float
) -> None:
    assert drawn(*readings) == Energy(kwh, hours * HOUR)


def test_a_gap_is_not_filled_beyond_the_longest_time() -> None:
    found = drawn((1, 40.0), (2.5, 40.0), longest=Millis(HOUR // 4))
    assert found == Energy(20.0, HOUR / 2)


@given(
    st.lists(st.tuples(st.integers(0, 100), st.floats(0, 100), st.sampled_from([0.0, 1.0]))),
    st.integers(1, 30),
)
def test_it_is_the_sum_of_every_millisecond_of_which_something_is_known(
    given: list[tuple[int, float, float]], longest: int
) -> None:
    readings = [Power(Instant(at), kw, share) for at, kw, share in sorted(given)]
    kwh = known = 0.0
    for ms in range(10, 90):
        held = [power for power in readings if power.at <= ms]
        if held and ms < held[-1].at + longest and held[-1].share:
            kwh += held[-1].kw / HOUR
            known += 1
    found = energy_of(readings, Instant(10), Instant(90), Millis(longest))
    assert found.kwh == pytest.approx(kwh)
    assert found.known_ms == known
