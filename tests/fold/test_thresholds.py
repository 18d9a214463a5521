"""Limits of the site's own that cover other points than before, while faults of them stand."""

from collections.abc import Iterable
from dataclasses import replace

from build import a_fleet_with, a_point, a_reading, at, tell
from schemas.rules_file import parse
from twin.changes import Change, FaultChanged
from twin.fault import Closed, Key, What
from twin.faults.engine import Faults
from twin.fleet import Fleet

WARM = """
[site.warm]
point_type = "AirTemperature"
above = { warning = 32 }
unit = "C"
guidance = "Too warm. Look today."
view = "/api/v1/equipment/{entity}"
"""
AIR = replace(a_point("Sensor/AirTemperature", "S1", unit="C"), process_area=("Return",))
KEY = Key("site.warm", AIR.entity, AIR.id)


def a_hot_place(rules: str = WARM) -> Fleet:
    """A fleet in which the air is beyond its limit, and has been for long."""
    fleet = a_fleet_with(AIR)
    fleet.govern(parse(rules), at(0))
    tell(fleet, at(1), a_reading(AIR, 40.0, at(1)))
    fleet.advance(at(30))
    assert keys(fleet) == [KEY]
    return fleet


def keys(fleet: Fleet) -> list[Key]:
    return [each.key for each in fleet.faults.standing()]


def closed(changes: Iterable[Change]) -> list[tuple[Key, Closed | None]]:
    return [
        (each.fault.key, each.fault.closed)
        for each in changes
        if isinstance(each, FaultChanged) and each.what is What.CLOSED
    ]


def test_fault_is_closed_at_once_where_its_rule_covers_its_point_no_more() -> None:
    fleet = a_hot_place()

    changes = fleet.govern(parse(f"{WARM}entities = ['S2']"), at(30))

    assert closed(changes) == [(KEY, Closed.REMOVED)]
    assert keys(fleet) == []
    assert fleet.advance(at(60)) == ()


def test_fault_is_closed_at_once_where_its_rule_is_taken_out_of_the_file() -> None:
    fleet = a_hot_place()

    changes = fleet.govern(parse(""), at(30))

    assert closed(changes) == [(KEY, Closed.REMOVED)]
    assert fleet.advance(at(60)) == ()


def test_fault_is_raised_within_its_delay_where_its_rule_is_written_while_points_are_told() -> None:
    fleet = a_fleet_with(AIR)
    tell(fleet, at(1), a_reading(AIR, 40.0, at(1)))
    fleet.advance(at(20))
    fleet.govern(parse(WARM), at(20))

    for second in range(20, 40):
        other = a_point("Sensor/AirTemperature", f"S{second}", unit="C")
        tell(fleet, at(second), other)

    (fault,) = fleet.faults.standing()
    assert fault.raised_at - at(20) <= 12_500


def test_fault_goes_on_where_its_rule_still_covers_its_point() -> None:
    fleet = a_hot_place()

    changes = fleet.govern(parse(f"{WARM}entities = ['S1', 'S2']"), at(30))

    assert closed((*changes, *fleet.advance(at(60)))) == []
    assert keys(fleet) == [KEY]


def test_what_was_about_to_be_raised_is_not_where_its_rule_covers_it_no_more() -> None:
    fleet = a_fleet_with(AIR)
    fleet.govern(parse(WARM), at(0))
    tell(fleet, at(1), a_reading(AIR, 40.0, at(1)))
    fleet.advance(at(5))
    assert list(fleet.faults.on(AIR.entity)) == [KEY]

    fleet.govern(parse(f"{WARM}process_area = 'Supply'"), at(5))
    fleet.advance(at(60))

    assert fleet.faults.occurrences() == []


def test_fault_is_closed_where_metadata_take_its_point_from_its_rule() -> None:
    fleet = a_hot_place(f"{WARM}process_area = 'Return'")

    changes = tell(fleet, at(30), replace(AIR, process_area=("Supply",)))
    changes += fleet.advance(at(33))

    assert closed(changes) == [(KEY, Closed.REMOVED)]
    assert keys(fleet) == []


def test_fault_of_a_point_that_is_not_yet_described_again_outlives_a_restart() -> None:
    before = a_hot_place()
    other = a_point("Sensor/AirTemperature", "S1", tag="2", unit="C")
    fleet = a_fleet_with(other)
    rules = parse(WARM)
    fleet.govern(rules, at(30))
    restored = Faults(rules.rules, fleet.topology, before.faults.books())

    changes = [*fleet.resume(restored, at(30)), *fleet.advance(at(60))]

    assert closed(changes) == []
    assert keys(fleet) == [KEY]


def test_faults_of_other_codes_stand_whatever_a_site_s_own_rules_cover() -> None:
    fleet = a_hot_place()
    tell(fleet, at(30), a_reading(AIR, 41.0, at(30), quality=0))
    fleet.advance(at(90))
    assert {each.code for each in keys(fleet)} == {"site.warm", "data.bad_quality"}

    fleet.govern(parse(f"{WARM}entities = ['S2']"), at(90))

    assert {each.code for each in keys(fleet)} == {"data.bad_quality"}
