from build import a_cooled_rack, a_fleet_showing, a_point, a_reading, at, tell
from schemas.stream import COLUMNS, MESSAGES, STANDARD, Bye, Cell, Column, Hello, row_of
from twin.fleet import Fleet
from twin.health import gist_in_health
from twin.points import EntityId
from twin.site import RackPlace, Site


def the_row(fleet: Fleet, rack: str = "R1") -> dict[Column, Cell]:
    found = gist_in_health(fleet, EntityId(rack))
    assert found is not None
    return dict(zip(COLUMNS, row_of(found), strict=True))


def test_row_has_a_cell_for_every_column() -> None:
    row = the_row(a_fleet_showing(a_cooled_rack(kw=100.0, lpm=150.0, supply=32.0, rise=10.0)))
    assert row[Column.SEVERITY] == "OK"
    assert row[Column.FRESHNESS] == "LIVE"
    assert row[Column.LOAD_KW] == 100.0
    assert row[Column.HEADROOM_KW] is None
    assert (row[Column.SUPPLY_C], row[Column.RETURN_C]) == (32.0, 42.0)
    assert (row[Column.DELTA_T_K], row[Column.FLOW_LPM]) == (10.0, 150.0)
    assert row[Column.MEASURED_AT] == "2026-01-01T00:00:00.000Z"


def test_number_that_is_not_to_be_trusted_is_null() -> None:
    fleet = a_fleet_showing(a_cooled_rack())
    tell(fleet, at(1), a_reading(a_point("Rack/RackPower"), 7.0, at(1), quality=0))
    assert the_row(fleet)[Column.LOAD_KW] is None


def test_row_is_as_new_as_its_newest_reading() -> None:
    fleet = a_fleet_showing(a_cooled_rack())
    tell(fleet, at(2), a_reading(a_point("Rack/RackLiquidFlow"), 151.0, at(2)))
    assert the_row(fleet)[Column.MEASURED_AT] == "2026-01-01T00:00:02.000Z"


def test_rack_that_was_never_heard_has_no_time() -> None:
    fleet = Fleet()
    tell(fleet, at(0), a_point())
    row = the_row(fleet)
    assert (row[Column.FRESHNESS], row[Column.MEASURED_AT]) == ("UNHEARD", None)


def test_messages_are_known_by_the_name_of_their_event() -> None:
    assert MESSAGES["hello"] is Hello
    assert "schema" in Hello.model_json_schema(mode="serialization")["properties"]
    assert Bye(reason="shutdown", reconnect=False).model_dump() == {
        "reason": "shutdown",
        "reconnect": False,
    }


def test_row_tells_where_a_rack_stands_to_whoever_asks() -> None:
    fleet = a_fleet_showing(a_cooled_rack())
    fleet.configure(Site(racks={EntityId("R1"): RackPlace("North", "A")}))
    row = the_row(fleet)
    assert (row[Column.HALL], row[Column.ROW]) == ("North", "A")
    assert not {Column.HALL, Column.ROW} & set(STANDARD)
