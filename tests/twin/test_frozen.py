from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import START, a_fleet_with, a_point, a_reading, a_state, at, tell
from twin.finding import Finding
from twin.fleet import Fleet
from twin.frozen import Stillness, neighbours
from twin.points import EntityId, Freshness, PointState

LOOK_S = 5
FLOW = "Rack/RackLiquidFlow"


def _group(*values: float) -> list[PointState]:
    named = enumerate(values)
    return [a_state(a_point(FLOW, f"R{index}"), value) for index, value in named]


class Bench:
    """Neighbours that are looked at every five seconds."""

    def __init__(self, *values: float) -> None:
        self.states = _group(*(values or (44.5,) * 5))
        self.stillness = Stillness(self.states)
        self.looks = 0

    def look(self, *changes: int) -> list[Finding]:
        """Let each change so often, and look."""
        for state, count in zip(self.states, changes, strict=True):
            state.changes += count
        self.looks += 1
        return self.stillness.sample(at(self.looks * LOOK_S))

    def look_until(self, changes: tuple[int, ...], most: int) -> list[Finding]:
        """Look until something is found, so many times at the most."""
        for _ in range(most):
            if found := self.look(*changes):
                return found
        return []


def test_a_sensor_that_stands_while_its_neighbours_move_is_frozen() -> None:
    bench = Bench()
    for _ in range(20):
        assert bench.look(4, 4, 4, 4, 4) == []

    (found,) = bench.look_until((0, 4, 4, 4, 4), 10)

    reason = "44.5 LPM for 45 s, while those of 4 neighbours changed 36 times"
    assert found == Finding("sensor.frozen", EntityId("R0"), "RackLiquidFlow", reason, unit="LPM")
    assert bench.look(0, 4, 4, 4, 4)[0].reason.startswith("44.5 LPM for 50 s")
    assert bench.look(1, 4, 4, 4, 4) == []


def test_nothing_is_frozen_where_all_stand_still() -> None:
    bench = Bench()
    bench.look_until((4, 4, 4, 4, 4), 20)

    assert bench.look_until((0, 0, 0, 0, 0), 1000) == []


def test_one_restless_neighbour_makes_nobody_frozen() -> None:
    bench = Bench()
    bench.look_until((1, 1, 1, 1, 1), 20)

    assert bench.look_until((0, 0, 0, 0, 50), 40) == []


def test_it_is_not_known_from_the_first_look_how_often_a_sensor_moves() -> None:
    bench = Bench()

    assert bench.look_until((0, 1, 1, 1, 1), 180) == []
    assert bench.look_until((0, 1, 1, 1, 1), 20)


def test_a_sensor_that_is_coarse_by_nature_is_given_the_time_it_needs() -> None:
    bench = Bench()
    for _ in range(50):
        for _ in range(19):
            assert bench.look(0, 1, 1, 1, 1) == []
        assert bench.look(1, 1, 1, 1, 1) == []

    assert bench.look_until((0, 1, 1, 1, 1), 400) == []
    assert bench.look_until((0, 1, 1, 1, 1), 600)


def test_neighbours_that_move_faster_than_usual_prove_nothing_sooner() -> None:
    bench = Bench()
    for _ in range(100):
        bench.look(1, 1, 1, 1, 1)

    assert bench.look_until((0, 20, 20, 20, 20), 15) == []


def test_a_stand_that_somebody_of_the_group_came_out_of_is_no_proof() -> None:
    bench = Bench()
    for _ in range(200):
        bench.look(1, 1, 1, 1, 1)
    for _ in range(29):
        assert bench.look(0, 1, 1, 1, 1) == []
    bench.look(1, 1, 1, 1, 1)

    assert bench.look_until((1, 0, 1, 1, 1), 50) == []
    assert bench.look_until((1, 0, 1, 1, 1), 30)


def test_a_sensor_that_was_frozen_for_long_is_not_taken_for_a_slow_one() -> None:
    bench = Bench()
    for _ in range(200):
        bench.look(1, 1, 1, 1, 1)
    first = bench.look_until((0, 1, 1, 1, 1), 100)
    for _ in range(2000):
        bench.look(0, 1, 1, 1, 1)
    bench.look(1, 1, 1, 1, 1)

    assert first
    assert bench.look_until((0, 1, 1, 1, 1), 100)


def test_where_few_move_at_a_time_their_share_is_what_counts() -> None:
    bench = Bench()
    turns = ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 1))
    for _ in range(100):
        for turn in turns:
            assert bench.look(*turn) == []

    found = [each for _ in range(60) for turn in turns[1:] for each in bench.look(*turn)]

    assert {each.entity for each in found} == {"R0"}


def test_what_reads_exactly_nothing_may_be_off() -> None:
    bench = Bench(0.0, 1.0, 1.0, 1.0, 1.0)

    assert bench.look_until((0, 1, 1, 1, 1), 1000) == []


def _went_stale(state: PointState) -> None:
    state.freshness = Freshness.STALE


def _went_bad(state: PointState) -> None:
    state.bad = True


@pytest.mark.parametrize("doubt", [_went_stale, _went_bad])
def test_what_is_not_the_truth_of_now_is_not_judged_and_begins_anew(
    doubt: Callable[[PointState], None],
) -> None:
    bench = Bench()
    for _ in range(100):
        bench.look(1, 1, 1, 1, 1)
    assert bench.look_until((0, 1, 1, 1, 1), 100)

    doubt(bench.states[0])
    assert bench.look_until((0, 1, 1, 1, 1), 1000) == []

    bench.states[0].freshness, bench.states[0].bad = Freshness.LIVE, False
    assert bench.look_until((0, 1, 1, 1, 1), 30) == []
    assert bench.look_until((0, 1, 1, 1, 1), 30)


def test_fewer_than_three_neighbours_are_no_witness() -> None:
    bench = Bench(1.0, 1.0, 1.0)

    assert bench.look_until((0, 1, 1), 1000) == []


def test_what_is_known_of_a_sensor_outlasts_new_neighbours() -> None:
    bench = Bench()
    for _ in range(100):
        bench.look(1, 1, 1, 1, 1)
    bench.states += [a_state(a_point(FLOW, "R9"), 44.5)]
    bench.stillness.gather(bench.states)

    assert bench.look_until((0, 1, 1, 1, 1, 1), 40)


@given(st.lists(st.lists(st.integers(0, 5), min_size=5, max_size=5), max_size=60))
def test_no_more_than_those_that_stand_still_are_named(looks: list[list[int]]) -> None:
    bench = Bench()
    bench.look(0, 0, 0, 0, 0)

    for changes in looks:
        named = {each.entity for each in bench.look(*changes)}
        assert named <= {f"R{index}" for index, count in enumerate(changes) if not count}


def test_a_unit_is_not_needed() -> None:
    bench = Bench()
    for state in bench.states:
        state.point = replace(state.point, unit=None)

    assert bench.look_until((0, 1, 1, 1, 1), 300)[0].reason.startswith("44.5 for ")


# -- who is whose neighbour ----------------------------------------------------------------------


def _racks_behind(*units: tuple[str, int]) -> Fleet:
    fleet = Fleet()
    for unit, count in units:
        racks = [f"{unit}-R{index}" for index in range(count)]
        tell(fleet, START, a_point("CDU/LiquidFlow", unit, serves=tuple(racks)))
        tell(fleet, START, *(a_point(FLOW, rack) for rack in racks))
    return fleet


def _neighbours(fleet: Fleet) -> list[list[str]]:
    groups = neighbours([*fleet.racks(), *fleet.equipment()], fleet.topology)
    return [[state.point.entity for state in states] for states in groups.values()]


def test_racks_on_one_loop_are_neighbours() -> None:
    fleet = _racks_behind(("C1", 4), ("C2", 5))

    assert sorted(map(len, _neighbours(fleet))) == [4, 5]


def test_those_with_too_few_on_their_own_loop_are_put_together() -> None:
    assert sorted(map(len, _neighbours(_racks_behind(("C1", 2), ("C2", 3), ("C3", 4))))) == [4, 5]
    assert _neighbours(_racks_behind(("C1", 2))) == []


def test_meters_on_one_feed_are_neighbours_of_their_own_kind() -> None:
    fleet = Fleet()
    taps = tuple(f"TAP{index}" for index in range(4))
    tell(fleet, START, a_point("PowerMeter/ActivePower", "BUS", serves=taps))
    for tap in taps:
        tell(fleet, START, a_point("PowerMeter/ActivePower", tap))
        tell(fleet, START, a_point("PowerMeter/CurrentLimit", tap))

    assert _neighbours(fleet) == [list(taps)]


def test_set_points_associates_and_other_places_are_no_neighbours() -> None:
    plain = [a_point("CDU/LiquidTemperature", f"C{index}") for index in range(4)]
    others = [
        replace(a_point("CDU/LiquidTemperature", "C5"), is_setpoint=True),
        replace(a_point("CDU/LiquidTemperature", "C6"), associated=True),
        replace(a_point("CDU/LiquidTemperature", "C7"), process_area=("Primary",)),
        a_point("CDU/PumpSpeed", "C8"),
    ]

    assert _neighbours(a_fleet_with(*plain, *others)) == [["C0", "C1", "C2", "C3"]]


def test_a_fleet_counts_how_often_another_value_came() -> None:
    point = a_point()
    fleet = a_fleet_with(point)
    for second, value in enumerate((1.0, 2.0, 2.0, 3.0, 3.0, 1.0)):
        tell(fleet, at(second), a_reading(point, value, at(second)))
    state = fleet.point(point.id)

    assert state is not None
    assert state.changes == sum(earlier != later for earlier, later in pairwise((1, 2, 2, 3, 3, 1)))
