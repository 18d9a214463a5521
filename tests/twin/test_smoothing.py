"""The readings of many racks over their time constants, each as if it were alone."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_point, a_state, at
from twin.points import Freshness, PointState
from twin.sensors import Sensor
from twin.smoothing import (
    EVERY,
    FLOW,
    GAIN,
    LAG_S,
    LAGGED,
    METERS,
    OWN,
    POWER,
    RETURN,
    SENSORS,
    SMOOTHED,
    SUPPLY,
    SUPPLY_SLOPE,
    TAU_S,
    Smoothing,
)

OWN_KINDS = (
    ("RackPower", "kW", 100.0),
    ("RackLiquidFlow", "LPM", 150.0),
    ("RackLiquidSupplyTemperature", "C", 32.0),
    ("RackLiquidReturnTemperature", "C", 42.0),
)


class Rack:
    """The sensors of a rack with some meters, moved by hand."""

    def __init__(self, *meters_kw: float) -> None:
        self.states = [a_state(a_point(f"Rack/{kind}"), value) for kind, _, value in OWN_KINDS]
        self.sensors = [
            Sensor(state, unit) for state, (_, unit, _) in zip(self.states, OWN_KINDS, strict=True)
        ]
        for number, kw in enumerate(meters_kw):
            meter = a_state(a_point("PowerMeter/ActivePower", f"M{number}"), kw)
            self.states.append(meter)
            self.sensors.append(Sensor(meter, "kW"))


def smoothed(*racks: Rack) -> Smoothing:
    return Smoothing([each.sensors for each in racks])


def run(smoothing: Smoothing, *seconds: float) -> None:
    for second in seconds:
        smoothing.sample(at(second))


def same(smoothing: Smoothing, column: int, other: Smoothing, its: int = 0) -> bool:
    """Whether all that two know of a rack is the same, bit for bit."""
    rows = min(len(smoothing.reads), len(other.reads))
    pairs = (
        (smoothing.smoothed[:, column], other.smoothed[:, its]),
        (smoothing.reads[:rows, column], other.reads[:rows, its]),
        (smoothing.fed[column], other.fed[its]),
        (smoothing.at[column], other.at[its]),
        (smoothing.since[column], other.since[its]),
    )
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def test_nothing_is_known_before_anybody_looked() -> None:
    smoothing = smoothed(Rack(50.0), Rack())

    assert np.isnan(smoothing.smoothed).all()
    assert np.isnan(smoothing.reads).all()
    assert np.isnan(smoothing.fed).all()
    assert smoothing.smoothed.shape == (SMOOTHED, 2)


def test_what_is_read_first_counts_whole() -> None:
    smoothing = smoothed(Rack(40.0, 50.0))
    run(smoothing, 0)

    kinds = (OWN, METERS, POWER, LAGGED, FLOW, SUPPLY, SUPPLY_SLOPE, RETURN)
    assert smoothing.smoothed[kinds, 0].tolist() == [100, 90, 100, 100, 150, 32, 0, 42]
    assert smoothing.reads[:, 0].tolist() == [100, 150, 32, 42, 40, 50]
    assert smoothing.fed.tolist() == [90]
    assert smoothing.since.tolist() == [at(0)]


def test_a_step_comes_through_by_its_gain_with_its_slope() -> None:
    rack = Rack()
    smoothing = smoothed(rack)
    run(smoothing, 0)
    rack.states[SENSORS - 2].value = 48.0
    run(smoothing, 1)

    assert (GAIN, LAG_S) == (1 / (1 + TAU_S), TAU_S + 1)
    assert smoothing.smoothed[SUPPLY].item() == 32.0 + GAIN * 16
    assert smoothing.smoothed[SUPPLY_SLOPE].item() == GAIN * 16 / LAG_S


def test_a_look_that_is_left_out_starts_everything_anew() -> None:
    rack = Rack()
    smoothing = smoothed(rack)
    run(smoothing, 0, 1)
    rack.states[0].value = 50.0
    run(smoothing, 2 + EVERY / 1000)

    assert smoothing.smoothed[OWN].item() == 50.0
    assert smoothing.since.tolist() == [at(3)]


@pytest.mark.parametrize("gap", range(SENSORS))
def test_what_has_a_gap_starts_anew_and_with_it_what_is_known_of_all(gap: int) -> None:
    rack, other = Rack(), Rack()
    smoothing = smoothed(rack, other)
    run(smoothing, 0, 1)
    rack.states[gap].freshness = Freshness.STALE
    run(smoothing, 2)
    kind = (OWN, FLOW, SUPPLY, RETURN)[gap]

    assert np.isnan(smoothing.smoothed[kind]).tolist() == [True, False]
    assert smoothing.since.tolist() == [at(2), at(0)]
    rack.states[gap].freshness, rack.states[gap].value = Freshness.LIVE, 33.0
    run(smoothing, 3)
    assert smoothing.smoothed[kind, 0] == 33.0
    assert smoothing.since.tolist() == [at(2), at(0)]


def test_power_is_what_the_rack_says_else_the_sum_of_its_meters() -> None:
    racks = own, metered, silent = Rack(40.0), Rack(40.0, 50.0), Rack(40.0, 50.0)
    metered.states[0].value = silent.states[0].value = None
    silent.states[-1].bad = True
    smoothing = smoothed(*racks)
    run(smoothing, 0)

    assert smoothing.smoothed[POWER, :2].tolist() == [100.0, 90.0]
    assert np.isnan(smoothing.smoothed[POWER, 2])
    assert smoothing.fed[:2].tolist() == [40.0, 90.0]
    assert np.isnan(smoothing.fed[2])
    own.states[0].value = None
    run(smoothing, 1)
    assert smoothing.smoothed[POWER, 0] == 40.0


def test_a_rack_without_meters_is_not_fed_nothing() -> None:
    smoothing = smoothed(Rack(), Rack(40.0))
    run(smoothing, 0)

    assert np.isnan(smoothing.fed).tolist() == [True, False]


def test_heat_stays_where_nothing_flows_and_is_told_at_once_where_no_flow_is_known() -> None:
    still, backward, unknown = racks = Rack(), Rack(), Rack()
    still.states[1].value, backward.states[1].value, unknown.states[1].value = 0.0, -5.0, None
    smoothing = smoothed(*racks)
    run(smoothing, 0)
    for each in racks:
        each.states[0].value = 200.0
    run(smoothing, 1)

    assert smoothing.smoothed[LAGGED].tolist() == [100.0, 100.0, smoothing.smoothed[POWER, 2]]


@pytest.mark.parametrize(("before", "after"), [((), (50.0, 51.0)), ((50.0, 51.0), ())])
def test_a_rack_that_moves_goes_on_whoever_is_beside_it(
    before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    rack = Rack(60.0)
    stays, first, second = (
        smoothed(rack),
        smoothed(Rack(*before), rack),
        smoothed(rack, Rack(*after)),
    )
    run(stays, 0, 1)
    run(first, 0, 1)
    second.take_over(0, first, 1)
    assert same(second, 0, stays)

    rack.states[0].value = 80.0
    run(stays, 2)
    run(second, 2)
    assert same(second, 0, stays)
    assert second.since.tolist() == [at(0), at(2)]


VALUES = st.one_of(st.none(), st.floats(-10.0, 60.0))
RACKS = st.lists(st.integers(0, 4), min_size=1, max_size=4)
READINGS = st.lists(st.lists(st.tuples(st.integers(0, 31), VALUES), max_size=6), max_size=8)


@given(RACKS, READINGS, st.sets(st.integers(0, 7), max_size=2))
def test_racks_smoothed_together_read_bit_for_bit_what_each_reads_smoothed_alone(
    meters: Sequence[int],
    readings: Sequence[Sequence[tuple[int, float | None]]],
    left_out: set[int],
) -> None:
    racks = [Rack(*[40.0] * count) for count in meters]
    states: list[PointState] = [state for each in racks for state in each.states]
    together, alone = smoothed(*racks), [smoothed(each) for each in racks]
    for second, moves in enumerate(readings):
        for which, value in moves:
            states[which % len(states)].value = value
        if second in left_out:
            continue
        run(together, second)
        for column, each in enumerate(alone):
            run(each, second)
            assert same(together, column, each)
