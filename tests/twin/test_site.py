from twin.circuits import UNRATED, Rating
from twin.points import EntityId
from twin.site import BLANK, NOWHERE, UNWRITTEN, CduPlate, RackPlace, Site, place_id
from twin.thermal import Coolant

R1, R2, R3 = EntityId("R1"), EntityId("R2"), EntityId("R3")
CDU, OTHER = EntityId("CDU-1"), EntityId("CDU-2")
TAP = EntityId("TAP")


def test_nothing_is_known_of_what_is_not_written() -> None:
    assert UNWRITTEN.rack(R1) == NOWHERE
    assert UNWRITTEN.cdu(CDU) == BLANK
    assert UNWRITTEN.meter(TAP) == UNRATED
    assert UNWRITTEN.coolant_from([CDU], Coolant.WATER) is Coolant.WATER


def test_what_is_written_is_found_by_id() -> None:
    place, plate, rating = RackPlace(hall="H"), CduPlate(1300.0), Rating(limit_a=250.0)
    site = Site(racks={R1: place}, cdus={CDU: plate}, meters={TAP: rating})

    assert (site.rack(R1), site.cdu(CDU), site.meter(TAP)) == (place, plate, rating)


def test_coolant_is_that_of_the_nearest_cdu_told_of_else_the_sites() -> None:
    cdus = {CDU: CduPlate(1300.0), OTHER: CduPlate(coolant=Coolant.WATER)}
    site = Site(coolant=Coolant.PG25, cdus=cdus)

    assert site.coolant_from([CDU, OTHER], Coolant.WATER) is Coolant.WATER
    assert site.coolant_from([CDU], Coolant.WATER) is Coolant.PG25
    assert Site(cdus=cdus).coolant_from([], Coolant.WATER) is Coolant.WATER


def test_sites_differ_in_what_came_went_or_changed() -> None:
    one = Site(racks={R1: NOWHERE, R2: RackPlace("H")}, cdus={CDU: BLANK}, meters={TAP: UNRATED})
    other = Site(racks={R2: RackPlace("X"), R3: NOWHERE}, cdus={CDU: BLANK})

    assert one.differing(other) == other.differing(one) == {R1, R2, R3, TAP}
    assert one.differing(one) == set()


def test_halls_hold_rows_and_rows_hold_racks() -> None:
    site = Site(
        racks={R1: RackPlace("H", "A"), R2: RackPlace("G", "A"), R3: RackPlace("H"), CDU: NOWHERE}
    )

    assert site.holds() == {"H": {"H/A", R3}, "H/A": {R1}, "G": {"G/A"}, "G/A": {R2}}


def test_row_without_a_hall_is_held_by_nobody() -> None:
    assert Site(racks={R1: RackPlace(row="A")}).holds() == {"A": {R1}}
    assert (place_id("H", "A"), place_id(None, "A"), place_id("H", None)) == ("H/A", "A", "H")
