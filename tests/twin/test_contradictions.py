from dataclasses import replace

import pytest

from build import START, a_fleet_with, a_meter, a_point, a_reading, at, tell
from schemas.contract import CATALOGUE, Field
from twin.contradictions import SETPOINTS, UNHEARD_FOR, judge_metadata, judge_unheard
from twin.entities import Entity
from twin.finding import Finding
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId, Point, PublisherId, Retraction

Said = tuple[str, str | None, str]


def said(fleet: Fleet) -> list[Said]:
    """Everything that the metadata of a fleet contradict, in order of entity."""
    things = [*fleet.racks(), *fleet.equipment()]
    found = (
        each
        for thing in sorted(things, key=lambda thing: thing.id)
        for each in judge_metadata(thing, fleet.topology, fleet.entity)
    )
    return [brief(each) for each in found]


def brief(found: Finding) -> Said:
    assert found.code == "data.contract"
    return found.entity, found.suspect, found.reason


def named(point: Point, name: str) -> Point:
    return replace(point, name=name)


def associated(point: Point) -> Point:
    return replace(point, associated=True, name=None)


def entity(fleet: Fleet, identity: str) -> Entity:
    found = fleet.entity(EntityId(identity))
    assert found is not None
    return found


def test_metadata_in_order_are_no_finding() -> None:
    rack = (a_point("Rack/RackPower"), a_point("Rack/RackLiquidFlow"))

    assert said(a_fleet_with(*rack, *a_meter("M1", "R1"))) == []


def test_the_point_types_that_may_be_a_set_point_are_those_of_the_contract() -> None:
    allowed = {
        point_type
        for kinds in CATALOGUE.values()
        for point_type, kind in kinds.items()
        if kind.is_setpoint is not Field.FORBIDDEN
    }

    assert allowed == SETPOINTS


def test_a_reading_that_calls_itself_a_set_point_is_named_once() -> None:
    power = replace(a_point("Rack/RackPower"), is_setpoint=True)
    again = replace(a_point("Rack/RackPower", tag="2"), is_setpoint=True)
    dp = replace(a_point("Rack/RackLiquidDifferentialPressureSp"), is_setpoint=True)

    assert said(a_fleet_with(power, again, dp)) == [
        ("R1", "RackPower", "RackPower that calls itself a set-point: the contract has none")
    ]


def test_units_of_different_quantities_on_one_type_are_named() -> None:
    flows = [a_point("CDU/LiquidFlow", "C1", tag=unit, unit=unit) for unit in ("LPM", "gpm", "kPa")]

    assert said(a_fleet_with(*flows)) == [
        ("C1", "LiquidFlow", "LiquidFlow in LPM and in gpm and in kPa")
    ]


def test_units_of_one_quantity_and_of_pumps_may_differ() -> None:
    flows = [a_point("CDU/LiquidFlow", "C1", tag=unit, unit=unit) for unit in ("LPM", "gpm")]
    pumps = [a_point("CDU/PumpSpeed", "C1", tag=unit, unit=unit) for unit in ("%", "rpm")]
    state = replace(
        a_point("CDU/LiquidPressure", "C1", unit="kPa"), states=((0, "Low"), (1, "High"))
    )
    other = a_point("CDU/LiquidPressure", "C1", tag="2", unit="LPM")

    assert said(a_fleet_with(*flows, *pumps, state, other)) == []


def test_two_names_of_one_thing_are_told() -> None:
    points = named(a_point("Rack/RackPower"), "Rack 1"), named(a_point("Rack/RackLiquidFlow"), "X")

    assert said(a_fleet_with(*points)) == [("R1", None, "goes by several names: Rack 1 and X")]


def test_a_meter_that_hangs_on_nothing_is_told() -> None:
    assert said(a_fleet_with(a_point("PowerMeter/Voltage", "M1"))) == [
        ("M1", None, "a meter that serves nobody, and is served by nobody")
    ]


def test_a_meter_that_serves_nobody_beside_one_that_does_is_told() -> None:
    fleet = a_fleet_with(
        a_point("Rack/RackPower"),
        a_point("PowerMeter/ActivePower", "BUS", serves=("T1", "T2", "T3")),
        a_point("PowerMeter/ActivePower", "T1", serves=("R1",)),
        a_point("PowerMeter/ActivePower", "T2"),
        associated(a_point("Shunt/Status", "T3")),
    )

    assert said(fleet) == [
        ("T2", None, "serves nobody: T1 behind the same BUS does"),
        ("T3", None, "nowhere described, and serves nobody: T1 behind the same BUS does"),
    ]


def test_the_last_meter_of_a_line_may_serve_nobody_where_none_beside_it_does() -> None:
    fleet = a_fleet_with(
        a_point("PowerMeter/ActivePower", "BUS", serves=("T1", "T2")),
        a_point("PowerMeter/ActivePower", "T1"),
        a_point("PowerMeter/ActivePower", "T2"),
    )

    assert said(fleet) == []


def test_what_is_no_meter_may_stand_beside_one_and_serve_nobody() -> None:
    fleet = a_fleet_with(
        a_point("Rack/RackPower"),
        a_point("PowerMeter/ActivePower", "BUS", serves=("T1", "B1")),
        a_point("PowerMeter/ActivePower", "T1", serves=("R1",)),
        a_point("BESS/Status", "B1"),
    )

    assert said(fleet) == []


def test_ids_that_nobody_describes_are_named_where_they_are_served() -> None:
    fleet = a_fleet_with(
        a_point("Rack/RackPower"),
        a_point("PowerMeter/ActivePower", "M1", serves=("R1", "Z")),
        a_point("CDU/LiquidFlow", "C1", serves=("R1", "R5", "R4", "R3", "R2", "R6")),
    )

    assert said(fleet) == [
        ("C1", None, "serves what nobody describes: R2, R3, R4 and 2 more"),
        ("M1", None, "serves what nobody describes: Z"),
    ]


def speaks(publisher: PublisherId) -> Instant:
    """All publishers spoke for ever, but for one that came back."""
    return at(300) if publisher == "BACK" else Instant(0)


def unheard(fleet: Fleet, seconds: float, identity: str = "R1") -> list[Said]:
    """What is said of a thing that is looked at so many seconds after the start."""
    return [brief(each) for each in judge_unheard(entity(fleet, identity), at(seconds), speaks)]


@pytest.mark.parametrize(("seconds", "times"), [(149.9, 0), (150.0, 1)])
def test_a_point_has_one_and_a_half_republications_to_be_heard(seconds: float, times: int) -> None:
    assert UNHEARD_FOR == 150_000
    assert len(unheard(a_fleet_with(a_point("Rack/RackPower")), seconds)) == times


def test_the_type_that_is_never_heard_is_the_suspect() -> None:
    power, flow = a_point("Rack/RackPower"), a_point("Rack/RackLiquidFlow")
    fleet = a_fleet_with(power, flow)
    tell(fleet, START, a_reading(power))

    assert unheard(fleet, 200) == [
        ("R1", "RackLiquidFlow", "described, and never heard: RackLiquidFlow")
    ]


def test_several_types_that_are_never_heard_are_one_finding() -> None:
    fleet = a_fleet_with(a_point("Rack/RackPower"), a_point("Rack/RackLiquidFlow"))

    assert unheard(fleet, 200) == [
        ("R1", None, "described, and never heard: RackLiquidFlow, RackPower")
    ]


def test_a_point_that_is_heard_at_last_is_no_longer_silent() -> None:
    power = a_point("Rack/RackPower")
    fleet = a_fleet_with(power)
    assert len(unheard(fleet, 200)) == 1

    tell(fleet, at(200), a_reading(power))

    assert unheard(fleet, 200) == []


def test_a_point_that_was_described_later_has_its_own_time() -> None:
    power, flow = a_point("Rack/RackPower"), a_point("Rack/RackLiquidFlow")
    fleet = a_fleet_with(power)
    tell(fleet, at(100), flow)

    assert unheard(fleet, 200) == [("R1", "RackPower", "described, and never heard: RackPower")]
    assert len(unheard(fleet, 250)) == 1


def test_metadata_that_are_repeated_give_no_new_time() -> None:
    power = a_point("Rack/RackPower")
    fleet = a_fleet_with(power)
    tell(fleet, at(100), power, replace(power, name="another"))

    assert len(unheard(fleet, 150)) == 1


def test_a_point_that_is_no_more_is_not_missed() -> None:
    power, flow = a_point("Rack/RackPower"), a_point("Rack/RackLiquidFlow")
    fleet = a_fleet_with(power, flow)
    tell(fleet, START, a_reading(flow), Retraction(power.id))

    assert unheard(fleet, 200) == []


def test_points_of_a_publisher_that_was_silent_are_not_missed_before_their_time() -> None:
    fleet = a_fleet_with(a_point("Rack/RackPower", "R1", publisher="BACK"))

    assert unheard(fleet, 449) == []
    assert len(unheard(fleet, 450)) == 1
