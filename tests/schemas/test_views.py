from dataclasses import replace

import pytest

from build import (
    START,
    a_cooled_rack,
    a_fleet_showing,
    a_heartbeat,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from schemas.cooling import thermal_view
from schemas.power import power_view
from schemas.views import (
    equipment_view,
    fleet_view,
    rack_points_view,
    rack_summary,
    rack_view,
    reach_view,
    totals_view,
)
from twin.entities import Entity
from twin.fleet import Fleet
from twin.points import EntityId, Point, PointId, PublisherId
from twin.racks import Rack
from twin.topology import Domain
from twin.totals import groups_of, totals_of

R1 = EntityId("R1")


def a_fleet() -> Fleet:
    """One rack with two feeds, behind a busway and a CDU."""
    return a_fleet_showing(
        a_cooled_rack()
        | a_meter("TAP-1", "R1", kw=60.0)
        | a_meter("TAP-2", "R1", kw=41.0)
        | {
            a_point("PowerMeter/Frequency", "BUS", unit="Hz", serves=("TAP-1", "TAP-2")): 50.0,
            a_point("CDU/LiquidTemperature", "CDU-1", unit="C", serves=("R1",)): 30.0,
            replace(a_point("Rack/RackLeakDetect"), states=((0, "Dry"), (1, "Leak"))): 0.0,
        }
    )


def the_rack(fleet: Fleet) -> Rack:
    found = fleet.rack(R1)
    assert found is not None
    return found


def the_entity(fleet: Fleet, entity: str) -> Entity:
    found = fleet.entity(EntityId(entity))
    assert found is not None
    return found


def test_rack_has_everything_that_the_interface_promises() -> None:
    rack = rack_view(the_rack(a_fleet()), at(1), ["f1"]).model_dump(mode="json")
    assert list(rack) == [
        "id",
        "name",
        "hall",
        "row",
        "position",
        "model",
        "rated_kw",
        "freshness",
        "severity",
        "power",
        "thermal",
        "leak",
        "isolation",
        "upstream",
        "points",
        "faults",
    ]
    assert rack["power"]["load_kw"]["value"] == 100.0
    assert [feed["meter"] for feed in rack["power"]["feeds"]] == ["TAP-1", "TAP-2"]
    assert rack["power"]["feeds"][0]["share"] == pytest.approx(60 / 101)
    assert rack["power"]["balance"]["residual_pct"] == pytest.approx(1.0)
    assert rack["thermal"]["delta_t_k"]["value"] == 10.0
    assert rack["thermal"]["coolant"] == "pg25"
    assert rack["leak"]["detected"]["text"] == "Dry"
    assert rack["isolation"]["liquid"]["status"]["freshness"] == "UNHEARD"
    assert rack["upstream"] == {"power": ["TAP-1", "TAP-2", "BUS"], "liquid": ["CDU-1"]}
    assert rack["points"] == {"live": 5, "stale": 0, "unheard": 0, "bad": 0}
    assert rack["faults"] == ["f1"]


def test_summary_and_parts_say_the_same_as_the_whole() -> None:
    rack = the_rack(a_fleet())
    whole, summary = rack_view(rack, at(1)), rack_summary(rack, at(1))
    assert power_view(rack.power, at(1)) == whole.power
    assert thermal_view(rack.thermal, at(1)) == whole.thermal
    assert summary.load_kw == whole.power.load_kw
    assert summary.heat_kw == whole.thermal.heat_kw


def test_equipment_has_its_points_and_both_its_sides() -> None:
    fleet = a_fleet()
    tap = equipment_view(the_entity(fleet, "TAP-1"), fleet, at(1)).model_dump(mode="json")
    assert (tap["id"], tap["type"], tap["freshness"]) == ("TAP-1", "PowerMeter", "LIVE")
    assert tap["serves"] == {"power": ["R1"], "liquid": [], "air": []}
    assert tap["upstream"]["power"] == ["BUS"]
    assert [point["point_type"] for point in tap["points"]] == [
        "ActivePower",
        "CurrentLimit",
        "PowerFactor",
        "Voltage",
    ]
    assert tap["points"][0]["value"] == 60.0
    assert tap["counts"]["live"] == 4


def in_cluster(point: Point) -> Point:
    return replace(
        point,
        id=PointId(f"cpc/west/{point.id}"),
        publisher=PublisherId(f"cpc/west/{point.publisher}"),
    )


def test_federated_site_gives_the_same_documents() -> None:
    plain = a_cooled_rack() | a_meter("TAP-1", "R1")
    here = a_fleet_showing(plain)
    there = a_fleet_showing({in_cluster(point): value for point, value in plain.items()})
    assert rack_view(the_rack(here), START) == rack_view(the_rack(there), START)
    assert equipment_view(the_entity(here, "TAP-1"), here, START) == equipment_view(
        the_entity(there, "TAP-1"), there, START
    )


def test_points_of_a_rack_name_the_cluster_that_told_of_them() -> None:
    point = a_point()
    fleet = a_fleet_showing({in_cluster(point): 1.0, point: 2.0})
    views = rack_points_view(the_entity(fleet, "R1"), START)
    assert [(view.id, view.cluster, view.value) for view in views] == [
        (point.id, None, 2.0),
        (point.id, "west", 1.0),
    ]


def test_order_of_points_does_not_depend_on_who_came_first() -> None:
    one, two = a_point(tag="a"), in_cluster(a_point(tag="a"))
    views = [
        rack_points_view(the_entity(a_fleet_showing(dict.fromkeys(order, 1.0)), "R1"), START)
        for order in ((one, two), (two, one))
    ]
    assert views[0] == views[1]


def test_fleet_says_how_complete_its_sums_are() -> None:
    fleet = a_fleet()
    tell(fleet, START, a_point(entity="R2"), a_heartbeat(), a_reading(a_heartbeat()))
    view = fleet_view(fleet, at(1)).model_dump(mode="json")
    assert (view["racks"], view["now"]) == (2, "2026-01-01T00:00:01.000Z")
    assert (view["power_kw"]["fresh"], view["power_kw"]["expected"]) == (1, 2)
    assert view["racks_by_freshness"] == {"UNHEARD": 1, "LIVE": 1, "STALE": 0}
    assert view["points"]["total"] == len(fleet)
    assert view["counters"]["applied"] == fleet.counters.applied
    assert view["publishers"] == [
        {
            "id": "PUB",
            "name": "PUB",
            "scope": None,
            "freshness": "LIVE",
            "heard_at": "2026-01-01T00:00:00.000Z",
        }
    ]


def test_totals_that_are_known_are_not_summed_up_again() -> None:
    fleet, none = a_fleet(), totals_of([])
    assert fleet_view(fleet, at(1), none).racks == 0
    assert fleet_view(fleet, at(1), none, groups_of([])).racks == 0
    assert totals_view(none, fleet.counts, at(1)).points == fleet_view(fleet, at(1)).points


def test_reach_goes_up_and_down_in_the_domains_asked_for() -> None:
    topology = a_fleet().topology
    up = reach_view(topology, R1, [Domain.POWER], up=True)
    down = reach_view(topology, EntityId("BUS"), Domain, up=False)
    assert (up.power, up.liquid) == (("TAP-1", "TAP-2", "BUS"), ())
    assert down.power == ("TAP-1", "TAP-2", "R1")
