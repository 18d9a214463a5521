"""What a fleet can be asked for, whoever changed it."""

from build import (
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_heartbeat,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.points import EntityId, PointId

METER = a_point("PowerMeter/ActivePower", "M1", serves=("R2",))
POWER = a_point("Rack/RackPower", "R2")


def test_racks_and_equipment_come_in_order_of_id() -> None:
    fleet = a_fleet_with(POWER, METER, a_point("Rack/RackPower", "R1"))

    assert [each.id for each in fleet.racks()] == ["R1", "R2"]
    assert [each.id for each in fleet.views()] == ["R1", "R2"]
    assert [each.id for each in fleet.equipment()] == ["M1"]


def test_what_is_no_rack_has_no_view_of_one() -> None:
    fleet = a_fleet_with(METER)

    assert fleet.rack(EntityId("M1")) is None
    assert fleet.rack(EntityId("R9")) is None
    assert fleet.entity(EntityId("R9")) is None
    assert fleet.point(PointId("Rack/RackPower/R9")) is None


def test_points_are_counted_by_freshness() -> None:
    fleet = a_fleet_with(POWER, METER)
    tell(fleet, at(1), a_reading(POWER, None, at(1)))

    counts = fleet.counts
    assert (len(fleet), counts.live, counts.unheard, counts.bad) == (2, 1, 1, 1)
    assert {each.point.id for each in fleet.points()} == fleet.known


def test_publishers_are_those_with_a_heartbeat() -> None:
    fleet = a_fleet_showing({a_heartbeat(): 1.0, POWER: 2.0})

    assert [each.id for each in fleet.publishers()] == ["PUB"]


def test_a_reading_before_its_metadata_waits() -> None:
    fleet = a_fleet_with(POWER)
    tell(fleet, at(1), a_reading(METER, 1.0, at(1)))

    assert fleet.waiting == 1


def test_a_rack_is_seen_with_its_cooling() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1", kw=100.0))

    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    assert rack.power.load.value == 100.0
