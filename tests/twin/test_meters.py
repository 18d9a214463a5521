from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest

from build import Values, a_fleet_showing, a_meter, a_point
from streams import fold, recording
from twin.circuits import UNRATED
from twin.fleet import Fleet
from twin.measured import nothing
from twin.meters import Meter, meter_of
from twin.points import EntityId, Freshness, Point, Quality

HEALTHY_KW = sqrt(3) * 400 * 100 * 0.9 / 1000


@pytest.fixture(scope="module")
def pod(dsx: Path) -> Fleet:
    """The real recording at its end."""
    return fold(recording(dsx))[0]


def the_meter(fleet: Fleet, meter: str) -> Meter:
    found = fleet.entity(EntityId(meter))
    assert found is not None
    return meter_of(found, fleet.topology, fleet.entity, UNRATED)


def a_current(meter: str, phase: str | None = None) -> Point:
    if phase is None:
        return a_point("PowerMeter/Current", meter)
    plain = a_point("PowerMeter/PhaseCurrent", meter, tag=phase, unit="A")
    return replace(plain, phase=phase)


def amps(meter: str, *each: float) -> Values:
    return {a_current(meter, phase): value for phase, value in zip("ABC", each, strict=False)}


def a_tree(parent_kw: float, *children: float | None, silent: int = 0) -> Meter:
    """A busway that serves one tap for each of ``children``, and some that never speak."""
    taps = [f"TAP-{number}" for number in range(len(children) + silent)]
    shown = dict(a_meter("BUS", *taps, kw=parent_kw))
    for tap, kw in zip(taps, children, strict=False):
        shown[a_point("PowerMeter/ActivePower", tap)] = kw
    return the_meter(a_fleet_showing(shown), "BUS")


def test_meter_that_agrees_with_itself_is_consistent() -> None:
    shown = a_meter("M1", kw=HEALTHY_KW, power_factor=0.9) | {a_current("M1"): 100.0}
    meter = the_meter(a_fleet_showing(shown), "M1")

    assert meter.expected.value == pytest.approx(HEALTHY_KW)
    assert meter.consistency.value == pytest.approx(0, abs=1e-9)
    assert meter.loading.value == 50.0


def test_consistency_is_positive_where_the_meter_reads_more() -> None:
    shown = a_meter("M1", kw=HEALTHY_KW * 1.1, power_factor=0.9) | {a_current("M1"): 100.0}

    assert the_meter(a_fleet_showing(shown), "M1").consistency.value == pytest.approx(10)


def test_power_goes_by_the_mean_of_three_phases() -> None:
    shown = a_meter("M1", kw=HEALTHY_KW, power_factor=0.9)
    three = a_fleet_showing({**shown, a_current("M1"): 130.0, **amps("M1", 80.0, 90.0, 130.0)})
    two = a_fleet_showing({**shown, a_current("M1"): 100.0, **amps("M1", 80.0, 90.0)})

    assert the_meter(three, "M1").consistency.value == pytest.approx(0, abs=1e-9)
    assert the_meter(three, "M1").loading.value == 65.0
    assert the_meter(two, "M1").consistency.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("wrong", [{"volts": 0.0}, {"power_factor": 0.0}])
def test_meter_without_volts_or_factor_cannot_be_judged(wrong: dict[str, float]) -> None:
    meter = the_meter(a_fleet_showing({**a_meter("M1", **wrong), a_current("M1"): 9.0}), "M1")

    assert (meter.expected.value, meter.expected.quality) == (None, Quality.BAD)
    assert (meter.consistency.value, meter.consistency.quality) == (None, Quality.BAD)
    assert meter.capacity.value is None
    assert meter.headroom.value is None


def test_meter_without_current_has_nothing_to_expect() -> None:
    shown = a_meter("M1", kw=0.0) | {a_current("M1"): 0.0}

    assert the_meter(a_fleet_showing(a_meter("M1")), "M1").expected.freshness is Freshness.UNHEARD
    assert the_meter(a_fleet_showing(shown), "M1").consistency.value is None


def test_parent_reads_what_all_its_children_take_and_what_is_lost_on_the_way() -> None:
    serves = a_tree(101.0, 60.0, 40.0).serves

    assert (serves.power.value, serves.power.fresh, serves.power.expected) == (100.0, 2, 2)
    assert not serves.at_most
    assert serves.residual.value == pytest.approx(1.0)
    assert serves.residual_pct.value == pytest.approx(100 / 101)
    assert serves.excess.value == 0.0


@pytest.mark.parametrize("silent", [0, 1, 5])
def test_children_may_not_exceed_their_parent_silent_ones_or_not(silent: int) -> None:
    serves = a_tree(90.0, 60.0, 40.0, silent=silent).serves

    assert serves.at_most is (silent > 0)
    assert serves.excess.value == 10.0


@pytest.mark.parametrize("children", [(40.0,), (40.0, None)])
def test_with_silent_children_less_is_no_contradiction(children: tuple[float | None, ...]) -> None:
    serves = a_tree(101.0, *children, silent=1).serves

    assert serves.at_most
    assert (serves.power.value, serves.power.fresh) == (40.0, 1)
    assert serves.excess.value == 0.0
    assert serves.residual == nothing("kW")
    assert serves.residual_pct.freshness is Freshness.UNHEARD


def test_parent_of_the_silent_alone_is_not_judged() -> None:
    serves = a_tree(101.0, silent=2).serves

    assert serves.at_most
    assert (serves.power.value, serves.power.fresh, serves.power.expected) == (None, 0, 2)
    assert serves.excess == nothing("kW")


def test_meter_that_serves_nobody_is_not_judged() -> None:
    serves = a_tree(101.0).serves

    assert (serves.at_most, serves.power.expected) == (False, 0)
    assert serves.residual == serves.excess == nothing("kW")


def test_meter_that_reads_nothing_has_no_share_of_it() -> None:
    serves = a_tree(0.0, 5.0).serves

    assert (serves.residual.value, serves.excess.value) == (-5.0, 5.0)
    assert serves.residual_pct.value is None


def test_who_has_two_feeders_takes_from_each_what_the_other_does_not_bring() -> None:
    shown = {a_point("Rack/RackPower", "R1"): 100.0}
    fleet = a_fleet_showing(shown | a_meter("M1", "R1", kw=60.0) | a_meter("M2", "R1", kw=39.0))

    assert the_meter(fleet, "M1").serves.power.value == 61.0
    assert the_meter(fleet, "M1").serves.residual.value == -1.0
    assert the_meter(fleet, "M2").serves.power.value == 40.0


def test_who_has_a_silent_second_feeder_is_silent_too() -> None:
    shown = {a_point("Rack/RackPower", "R1"): 100.0} | a_meter("M1", "R1", kw=60.0)
    silent = {a_point("PowerMeter/ActivePower", "M2", serves=("R1",)): None}
    serves = the_meter(a_fleet_showing(shown | silent), "M1").serves

    assert (serves.at_most, serves.power.fresh) == (True, 0)
    assert serves.excess == nothing("kW")


def test_who_is_told_twice_of_on_one_way_counts_once() -> None:
    rack = {a_point("Rack/RackPower", "R1"): 50.0}
    fleet = a_fleet_showing(
        rack | a_meter("TAP", "R1", kw=50.0) | a_meter("BUS", "TAP", "R1", kw=50.0)
    )

    assert the_meter(fleet, "BUS").serves.power.value == 0.0 + 50.0


def test_meters_in_a_circle_are_lived_with() -> None:
    fleet = a_fleet_showing(a_meter("A", "B", kw=5.0) | a_meter("B", "A", kw=5.0))

    assert the_meter(fleet, "A").serves.residual.value == 0.0


def test_real_taps_are_told_apart_by_phase_and_hide_their_volts(pod: Fleet) -> None:
    tap = the_meter(pod, "C-E05-TAP-E2")

    assert tap.load.value == pytest.approx(19.10, abs=0.005)
    assert [phase.name for phase in tap.phases] == ["A", "B", "C"]
    assert [phase.current.value for phase in tap.phases] == pytest.approx(
        [27.9, 33.5, 24.3], abs=0.05
    )
    assert tap.imbalance.value == pytest.approx(17.4, abs=0.05)
    assert tap.loading.value == pytest.approx(33.5, abs=0.05)
    assert tap.voltage.value == 0.0
    assert tap.consistency.value is None
    assert tap.capacity.value is None


@pytest.mark.parametrize("tap", ["C-E05-TAP-E1", "C-E05-TAP-E2"])
def test_real_taps_close_with_their_rack(pod: Fleet, tap: str) -> None:
    serves = the_meter(pod, tap).serves

    assert not serves.at_most
    assert abs(serves.residual_pct.value or 9) < 0.1


def test_real_busway_carries_no_less_than_its_one_tap_that_speaks(pod: Fleet) -> None:
    bus = the_meter(pod, "C-E-BUS-E1")

    assert bus.load.value == pytest.approx(103.0, abs=0.05)
    assert bus.serves.at_most
    assert (bus.serves.power.fresh, bus.serves.power.expected) == (1, 6)
    assert bus.serves.power.value == pytest.approx(28.73, abs=0.01)
    assert bus.serves.excess.value == 0.0
    assert bus.serves.residual == nothing("kW")


@pytest.mark.parametrize(("bus", "amps_pct"), [("C-E-BUS-E1", 161.9), ("C-E-BUS-E2", 176.8)])
def test_real_busways_are_far_over_their_limit(pod: Fleet, bus: str, amps_pct: float) -> None:
    meter = the_meter(pod, bus)

    assert meter.loading.value == pytest.approx(amps_pct, abs=0.05)
    assert meter.headroom.value is not None
    assert meter.headroom.value < -30


@pytest.mark.parametrize("bus", ["C-E-BUS-E1", "C-E-BUS-E2"])
def test_real_busways_read_less_than_their_volts_and_amperes(pod: Fleet, bus: str) -> None:
    meter = the_meter(pod, bus)

    assert meter.power_factor.value == pytest.approx(0.984, abs=0.001)
    assert meter.consistency.value == pytest.approx(-4, abs=1)
