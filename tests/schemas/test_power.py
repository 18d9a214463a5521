from build import a_fleet_showing, a_meter, a_point, at
from schemas.power import power_view
from twin.points import EntityId


def test_feed_shows_its_path_and_what_its_loss_would_do() -> None:
    fleet = a_fleet_showing(
        {a_point(): 100.0}
        | a_meter("TAP-1", "R1", kw=60.0)
        | a_meter("TAP-2", "R1", kw=40.0, limit=100.0)
        | a_meter("BUS", "TAP-1", "TAP-2", kw=130.0)
    )
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    shown = power_view(rack.power, at(1)).model_dump(mode="json")
    feed = shown["feeds"][0]

    assert (shown["bound_by"], shown["path_headroom_kw"]["expected"]) == ("BUS", 3)
    assert (feed["bound_by"], feed["path_headroom_kw"]["expected"]) == ("BUS", 2)
    assert [each["meter"] for each in feed["if_lost"]] == ["TAP-2"]
    assert feed["if_lost"][0]["load_kw"]["value"] == 100.0
    assert feed["if_lost"][0]["over_limit"] is True
    assert feed["if_lost"][0]["loading_pct"]["value"] > 100
    assert feed["if_lost"][0]["current_a"]["value"] > 100
    assert shown["redundancy"] == "LOST"
