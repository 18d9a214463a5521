"""Findings that stood before a restart are neither raised anew nor forgotten."""

from build import a_fleet_with, a_point, a_reading, at, tell
from twin.changes import Change, FaultChanged, FindingChanged
from twin.fault import Fault
from twin.faults.engine import Faults
from twin.faults.ledger import Books
from twin.fleet import Fleet
from twin.points import EntityId
from twin.remembered import Remembered

VOLTS = a_point("PowerMeter/Voltage", "M1", unit="V")
AMPS = a_point("PowerMeter/Current", "M1", unit="A")


def go_on(fleet: Fleet, start: int, end: int, volts: float = 0.0) -> list[Change]:
    """A meter that is heard every second."""
    changes: list[Change] = []
    for second in range(start, end):
        readings = a_reading(VOLTS, volts, at(second)), a_reading(AMPS, 40.0, at(second))
        changes += tell(fleet, at(second), *readings)
    return changes


def a_fleet_that_found(seconds: int = 60) -> Fleet:
    """One whose meter reads 0 V while current flows."""
    fleet = a_fleet_with(VOLTS, AMPS)
    go_on(fleet, 1, seconds)
    return fleet


def restarted(books: Books) -> Fleet:
    """A fleet that knows the metadata and the faults of another, and has heard nothing."""
    fleet = a_fleet_with(VOLTS, AMPS)
    fleet.resume(Faults.restore(fleet.faults.rules, fleet.topology, (), books), at(0))
    return fleet


def implausible(fleet: Fleet) -> Fault:
    (fault,) = [e for e in fleet.faults.occurrences() if e.key.code == "sensor.implausible"]
    return fault


def test_what_is_found_again_is_the_same_fault_and_nobody_hears_of_it() -> None:
    before = a_fleet_that_found()

    after = restarted(before.faults.books())
    changes = go_on(after, 70, 500)

    assert implausible(after).id == implausible(before).id
    assert [each for each in changes if isinstance(each, FindingChanged)] == []
    assert [e.fault.key.code for e in changes if isinstance(e, FaultChanged)] == []
    (standing,) = [e for e in after.audit.findings() if e.finding.suspect == "Voltage"]
    assert standing.since == implausible(before).raised_at


def test_what_is_not_found_again_is_over_after_a_while() -> None:
    after = restarted(a_fleet_that_found().faults.books())

    go_on(after, 70, 350, volts=400.0)
    still = implausible(after).cleared_at
    go_on(after, 350, 600, volts=400.0)

    assert still is None
    assert implausible(after).cleared_at is not None


def test_what_cannot_be_told_for_want_of_data_stays() -> None:
    after = restarted(a_fleet_that_found().faults.books())

    for second in range(70, 800, 10):
        tell(after, at(second), a_reading(AMPS, 40.0, at(second)))

    assert implausible(after).cleared_at is None


def test_what_nobody_describes_any_more_stays() -> None:
    fleet = a_fleet_with(a_point("Rack/RackPower", "R1"))
    books = a_fleet_that_found().faults.books()
    fleet.resume(Faults.restore(fleet.faults.rules, fleet.topology, (), books), at(0))

    for second in range(70, 800, 10):
        power = a_reading(a_point("Rack/RackPower", "R1"), 40.0 + second, at(second))
        tell(fleet, at(second), power)

    assert implausible(fleet).cleared_at is None


def test_of_several_those_that_are_found_again_go_on() -> None:
    fleet = a_fleet_that_found()
    (standing,) = [e for e in fleet.audit.findings() if e.finding.suspect == "Voltage"]
    fault = implausible(fleet)
    other = fault._replace(judged=fault.judged._replace(point="Current"))
    remembered = Remembered([fault, other])

    again = remembered.again(fault.key.entity, [standing.finding])

    assert [each.finding.suspect for each in again.values()] == ["Voltage"]
    assert remembered


def test_of_several_that_are_remembered_the_others_still_are() -> None:
    fleet = a_fleet_that_found()
    fault = implausible(fleet)
    elsewhere = fault._replace(key=fault.key._replace(entity=EntityId("M2")))
    (standing,) = [e for e in fleet.audit.findings() if e.finding.suspect == "Voltage"]
    leak = fault._replace(key=fault.key._replace(code="leak.detected"))
    remembered = Remembered([fault, elsewhere, leak])

    assert len(remembered.again(fault.key.entity, [standing.finding])) == 1
    assert remembered.again(fault.key.entity, [standing.finding]) == {}
    assert remembered
