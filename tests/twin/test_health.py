from build import a_fleet_with, a_point, a_reading, at, tell
from twin.fleet import Fleet
from twin.health import gist_in_health, gists_in_health, rack_in_health, racks_in_health
from twin.points import EntityId
from twin.severity import Severity

LEAK = a_point("Rack/RackLeakDetect")
R1 = EntityId("R1")


def leaking() -> Fleet:
    fleet = a_fleet_with(LEAK, a_point(entity="R2"))
    tell(fleet, at(0), a_reading(LEAK, 1.0, at(0)))
    return fleet


def severity(fleet: Fleet) -> Severity:
    rack = rack_in_health(fleet, R1)
    assert rack is not None
    return rack.severity


def test_rack_is_as_bad_as_what_is_raised_on_it() -> None:
    fleet = leaking()
    assert severity(fleet) is Severity.CRITICAL
    assert [each.severity for each in racks_in_health(fleet)] == [Severity.CRITICAL, Severity.OK]
    assert [each.severity for each in gists_in_health(fleet)] == [Severity.CRITICAL, Severity.OK]


def test_leak_that_is_over_counts_until_it_was_over_for_long_enough() -> None:
    fleet = leaking()
    tell(fleet, at(1), a_reading(LEAK, 0.0, at(1)))
    assert severity(fleet) is Severity.CRITICAL
    fleet.advance(at(40))
    assert severity(fleet) is Severity.OK


def test_what_is_out_of_service_counts_for_nobody_s_health() -> None:
    fleet = leaking()
    (fault,) = fleet.faults.of(R1)
    fleet.faults.out_of_service(fault.id, "ann", at(0), reason="drained")
    assert severity(fleet) is Severity.OK


def test_rack_that_nobody_knows_has_no_health() -> None:
    assert rack_in_health(Fleet(), R1) is None
    assert gist_in_health(Fleet(), R1) is None


def test_equipment_has_no_gist() -> None:
    fleet = a_fleet_with(LEAK, a_point("PowerMeter/ActivePower", "M1"))
    assert gist_in_health(fleet, EntityId("M1")) is None
    assert [gist_in_health(fleet, each.id) for each in fleet.racks()] == [*gists_in_health(fleet)]
