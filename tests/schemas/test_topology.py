from build import a_fleet_with, a_point
from schemas.topology import connected_view, cycles_view, dangling_view, edges_view, fate_view
from twin.fleet import Fleet
from twin.points import EntityId
from twin.site import RackPlace, Site
from twin.topology import Domain

BOTH = (Domain.POWER, Domain.LIQUID)


def a_fleet() -> Fleet:
    """One rack with two taps of one busway, and two CDUs that serve one another."""
    return a_fleet_with(
        a_point("PowerMeter/Current", "BUS", serves=("TAP-1", "TAP-2", "TAP-3")),
        a_point("PowerMeter/Current", "TAP-1", serves=("R1",)),
        a_point("PowerMeter/Current", "TAP-2", serves=("R1",)),
        a_point("CDU/LiquidFlow", "CDU-1", serves=("CDU-2",)),
        a_point("CDU/LiquidFlow", "CDU-2", serves=("CDU-1", "R1")),
        a_point("Rack/RackPower", "R1"),
    )


def test_edges_name_their_domain() -> None:
    topology, cdu = a_fleet().topology, EntityId("CDU-2")
    edges, none = (edges_view(topology, cdu, domain) for domain in (Domain.LIQUID, Domain.POWER))

    assert (edges.domain, edges.id, edges.serves) == ("liquid", "CDU-2", ("CDU-1", "R1"))
    assert (none.domain, none.serves) == ("power", ())


def test_what_is_not_described_is_told_with_whoever_serves_it() -> None:
    (dangling,) = dangling_view(a_fleet(), BOTH)

    assert (dangling.domain, dangling.id, dangling.served_by) == ("power", "TAP-3", ("BUS",))


def test_cycles_name_all_that_stand_in_them() -> None:
    (cycle,) = cycles_view(a_fleet().topology, BOTH)

    assert (cycle.domain, cycle.ids) == ("liquid", ("CDU-1", "CDU-2"))


def test_reach_is_of_what_was_asked_and_leaves_out_places_where_none_are_known() -> None:
    view = connected_view(a_fleet().topology, EntityId("R1"), (Domain.POWER,), up=True)

    assert view.model_dump(mode="json") == {
        "id": "R1",
        "power": ["TAP-1", "TAP-2", "BUS"],
        "liquid": [],
        "air": [],
    }


def test_fate_tells_what_falls_alone_and_what_sisters_share() -> None:
    topology = a_fleet().topology
    tap = fate_view(topology, EntityId("TAP-1"), BOTH)
    rack = fate_view(topology, EntityId("R1"), BOTH)

    assert tap.shared_fate.power == ()
    assert tap.hangs_on.power == ("BUS",)
    (sister,) = tap.sisters
    assert (sister.domain, sister.id, sister.common_ancestors) == ("power", "TAP-2", ("BUS",))
    assert (rack.hangs_on.power, rack.hangs_on.liquid) == (("BUS",), ("CDU-2",))


def test_row_that_no_metadata_describes_is_a_row_and_a_rack_is_missing() -> None:
    fleet = a_fleet()
    place = RackPlace("North", "A")
    fleet.configure(Site(racks={EntityId("R1"): place, EntityId("R9"): place}))

    (dangling,) = dangling_view(fleet, (Domain.PLACE,))
    assert (dangling.domain, dangling.id, dangling.served_by) == ("place", "R9", ("North/A",))
