"""What points, publishers and findings do to faults, at once."""

from dataclasses import replace

from build import a_cooled_rack, a_fleet_with, a_heartbeat, a_point, a_reading, at, tell
from twin.changes import FaultChanged
from twin.fault import Condition, Fault, State
from twin.fleet import Fleet
from twin.points import Point, Retraction
from twin.severity import Severity

LEAK = replace(
    a_point("Rack/RackLeakDetect", "R1"), states=((0, "NoLeak"), (1, "LeakDetected")), unit=None
)
POWER = a_point("Rack/RackPower", "R1")
FLOW = a_point("Rack/RackLiquidFlow", "R1")
BEAT = a_heartbeat()


def faults(fleet: Fleet) -> dict[tuple[str, str], Fault]:
    """What stands, by code and entity."""
    return {(each.key.code, each.key.entity): each for each in fleet.faults.standing()}


def a_fleet_heard(*points: Point) -> Fleet:
    """A fleet whose every point reads 0."""
    fleet = a_fleet_with(*points)
    tell(fleet, at(1), *(a_reading(point, 0.0, at(1)) for point in points))
    return fleet


def test_a_leak_is_a_fault_the_moment_it_is_heard() -> None:
    fleet = a_fleet_heard(LEAK)

    changes = tell(fleet, at(2.345), a_reading(LEAK, 1.0, at(2.3)))

    (fault,) = fleet.faults.standing()
    assert any(type(each) is FaultChanged for each in changes)
    assert (fault.key.code, fault.key.entity, fault.raised_at) == ("leak.detected", "R1", at(2.345))
    assert (fault.severity_now, fault.state) == (Severity.CRITICAL, State.UNACK)


def test_a_leak_that_is_the_first_word_of_its_detector_trips() -> None:
    fleet = a_fleet_with(LEAK)

    tell(fleet, at(1), a_reading(LEAK, 1.0, at(1)))

    assert ("leak.detected", "R1") in faults(fleet)


def test_a_leak_that_is_told_late_still_trips_and_is_over_at_once() -> None:
    fleet = a_fleet_heard(LEAK)
    tell(fleet, at(10), a_reading(LEAK, 0.0, at(10)))

    tell(fleet, at(11), a_reading(LEAK, 1.0, at(9)))

    fault = faults(fleet)["leak.detected", "R1"]
    assert fault.latched
    assert fault.condition is Condition.CLEARING


def test_a_late_word_that_is_not_to_be_trusted_trips_nothing() -> None:
    fleet = a_fleet_heard(LEAK)
    tell(fleet, at(10), a_reading(LEAK, 0.0, at(10)))

    tell(fleet, at(11), a_reading(LEAK, 1.0, at(9), quality=0))

    assert fleet.faults.standing() == []


def test_a_silent_point_makes_one_fault_of_its_entity_until_all_are_heard() -> None:
    fleet = a_fleet_heard(POWER, FLOW)

    fleet.advance(at(300))
    (fault,) = fleet.faults.standing()
    tell(fleet, at(301), a_reading(POWER, 1.0, at(301)))
    still = fleet.faults.standing()
    tell(fleet, at(302), a_reading(FLOW, 1.0, at(302)))

    assert (fault.key.code, fault.key.entity, fault.raised_at) == ("data.stale", "R1", at(251))
    assert [each.key for each in still] == [fault.key]
    assert fleet.faults.standing() == []


def test_the_silence_of_a_publisher_folds_that_of_all_it_tells() -> None:
    points = [a_point("Rack/RackPower", f"R{number}") for number in range(50)]
    fleet = a_fleet_heard(BEAT, *points)

    fleet.advance(at(40))

    standing = fleet.faults.standing()
    (lost,) = [each for each in standing if each.annunciated]
    assert lost.key.code == "data.publisher_lost"
    assert len(standing) == 51
    assert len(fleet.faults.suppresses(lost.id)) == 50


def test_silence_neither_clears_a_leak_nor_is_it_all_clear() -> None:
    fleet = a_fleet_heard(LEAK)
    tell(fleet, at(2), a_reading(LEAK, 1.0, at(2)))

    fleet.advance(at(1_000))

    fault = faults(fleet)["leak.detected", "R1"]
    assert fault.held
    assert fault.condition is Condition.ACTIVE


def test_bad_quality_is_a_fault_of_its_point_until_it_is_good() -> None:
    fleet = a_fleet_heard(POWER, FLOW)
    tell(fleet, at(2), a_reading(POWER, 5.0, at(2), quality=0), a_reading(FLOW, None, at(2)))

    fleet.advance(at(40))
    bad = {(each.key.code, each.key.qualifier) for each in fleet.faults.standing()}
    tell(fleet, at(41), a_reading(POWER, 5.0, at(41)), a_reading(FLOW, 6.0, at(41)))
    fleet.advance(at(120))

    assert bad == {("data.bad_quality", POWER.id), ("data.bad_quality", FLOW.id)}
    assert fleet.faults.standing() == []


def test_a_finding_is_a_fault_while_it_stands() -> None:
    volts = a_point("PowerMeter/Voltage", "M1", unit="V")
    amps = a_point("PowerMeter/Current", "M1", unit="A")
    fleet = a_fleet_heard(volts, amps)
    for second in range(2, 100):
        tell(fleet, at(second), a_reading(amps, 40.0 + second, at(second)))

    assert ("sensor.implausible", "M1") in faults(fleet)


def test_a_point_that_is_no_more_has_no_faults() -> None:
    fleet = a_fleet_heard(LEAK, POWER, FLOW)
    tell(fleet, at(2), a_reading(LEAK, 1.0, at(2)), a_reading(POWER, 1.0, at(2)))
    fleet.advance(at(251.5))  # the flow alone is silent

    tell(fleet, at(251.6), Retraction(LEAK.id), Retraction(FLOW.id))

    assert [each.key.code for each in fleet.faults.standing()] == []


def test_an_entity_that_is_no_more_has_no_faults() -> None:
    fleet = a_fleet_heard(POWER)
    fleet.advance(at(300))

    tell(fleet, at(301), Retraction(POWER.id))

    assert fleet.faults.standing() == []


def test_a_healthy_rack_has_none() -> None:
    shown = a_cooled_rack("R1", kw=100.0, lpm=150.0)
    fleet = a_fleet_with(*shown)
    for second in range(1, 200, 2):
        tell(fleet, at(second), *(a_reading(each, v, at(second)) for each, v in shown.items()))

    assert fleet.faults.occurrences() == []
