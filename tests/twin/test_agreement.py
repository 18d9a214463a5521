from build import a_cooled_rack, a_fleet_showing, a_meter, a_point
from twin.agreement import Feeds, Sides, agreement_of
from twin.circuits import UNRATED
from twin.fleet import Fleet
from twin.points import EntityId
from twin.site import BLANK, NOWHERE, UNWRITTEN, RackPlace, Site

R1, R2, R9 = EntityId("R1"), EntityId("R2"), EntityId("R9")
TAP, OTHER, SILENT = EntityId("TAP-1"), EntityId("TAP-2"), EntityId("SILENT")
CDU = EntityId("CDU-1")


def a_bus() -> Fleet:
    """Two racks with a feed each, a meter without a limit, and a CDU."""
    return a_fleet_showing(
        a_cooled_rack("R1")
        | a_cooled_rack("R2")
        | a_meter("TAP-1", "R1")
        | a_meter("TAP-2", "R2")
        | {a_point("PowerMeter/ActivePower", "SILENT"): 1.0}
        | {a_point("CDU/LiquidTemperature", "CDU-1", unit="C", serves=("R1", "R2")): 30.0}
    )


def test_file_that_names_every_rack_agrees() -> None:
    found = agreement_of(Site(racks={R1: RackPlace(feeds=(TAP,)), R2: NOWHERE}), a_bus())

    assert found.agree
    assert found.racks == Sides(both=2, not_in_file=(), not_on_bus=())


def test_what_only_one_side_has_is_named() -> None:
    found = agreement_of(Site(racks={R9: NOWHERE, R1: NOWHERE}), a_bus())

    assert not found.agree
    assert found.racks == Sides(both=1, not_in_file=(R2,), not_on_bus=(R9,))


def test_empty_file_lacks_the_racks_alone() -> None:
    found = agreement_of(UNWRITTEN, a_bus())

    assert found.racks.not_in_file == (R1, R2)
    assert found.cdus.agree
    assert found.meters.agree


def test_cdus_are_to_be_written_once_any_is() -> None:
    racks = {R1: NOWHERE, R2: NOWHERE}
    found = agreement_of(Site(racks=racks, cdus={EntityId("CDU-9"): BLANK}), a_bus())

    assert found.cdus == Sides(both=0, not_in_file=(CDU,), not_on_bus=(EntityId("CDU-9"),))
    assert agreement_of(Site(racks=racks, cdus={CDU: BLANK}), a_bus()).agree


def test_meters_are_to_be_written_where_the_bus_gives_no_limit() -> None:
    racks = {R1: NOWHERE, R2: NOWHERE}
    found = agreement_of(Site(racks=racks, meters={TAP: UNRATED}), a_bus())

    assert found.meters == Sides(both=1, not_in_file=(SILENT,), not_on_bus=())


def test_thing_of_another_kind_is_not_the_one_that_is_written() -> None:
    assert agreement_of(Site(cdus={TAP: BLANK}), a_bus()).cdus.not_on_bus == (TAP,)


def test_feeds_are_compared_with_those_of_the_bus() -> None:
    places = {R1: RackPlace(feeds=(EntityId("X"), OTHER)), R2: RackPlace(feeds=(OTHER,))}
    found = agreement_of(Site(racks=places), a_bus())

    assert not found.agree
    assert found.feeds == (
        Feeds(R1, unknown=(EntityId("X"),), not_feeding=(OTHER,), not_in_file=(TAP,)),
    )
