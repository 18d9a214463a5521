from dataclasses import replace
from typing import Any

import pytest

from build import a_heartbeat, a_point, a_reading
from live import Live, a_client, a_live_fleet, an_app
from schemas.api import RackSummary
from services.api.racks import SummaryField
from twin.points import EntityId, PointId
from twin.site import RackPlace, Site


async def get(live: Live, path: str) -> Any:  # noqa: ANN401  # JSON
    async with a_client(an_app(live)) as client:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def ids(live: Live, query: str) -> list[str]:
    return [rack["id"] for rack in (await get(live, f"racks?{query}"))["items"]]


async def test_list_is_of_all_racks_in_order_of_id() -> None:
    live = a_live_fleet()
    listed = await get(live, "racks")
    assert [rack["id"] for rack in listed["items"]] == ["R1", "R2", "R3"]
    assert listed["next_cursor"] is None
    assert listed["revision"] == f"e1:{live.hub.revision}"


async def test_list_goes_on_where_the_page_before_ended() -> None:
    live = a_live_fleet()
    first = await get(live, "racks?limit=2&sort=load_kw")
    assert await ids(live, f"limit=2&sort=load_kw&cursor={first['next_cursor']}") == ["R1"]


async def test_cursor_of_another_sort_is_refused() -> None:
    live = a_live_fleet()
    first = await get(live, "racks?limit=2")
    async with a_client(an_app(live)) as client:
        response = await client.get(f"racks?sort=load_kw&cursor={first['next_cursor']}")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("id", ["R0", "R1", "R2", "R3"]),
        ("load_kw", ["R3", "R2", "R1", "R0"]),
        ("-load_kw", ["R1", "R2", "R3", "R0"]),
        ("headroom_kw", ["R1", "R2", "R3", "R0"]),
        ("-heat_kw", ["R1", "R2", "R3", "R0"]),
        ("-severity", ["R0", "R1", "R2", "R3"]),
    ],
)
async def test_list_is_sorted_with_those_without_a_value_last(
    sort: str, expected: list[str]
) -> None:
    live = a_live_fleet()
    live.leak("R0")
    assert await ids(live, f"sort={sort}") == expected


async def test_filters_pick_racks() -> None:
    live = a_live_fleet()
    live.leak("R3")
    live.tell(a_point("Rack/RackPower", "R4"))
    assert await ids(live, "severity_min=CRITICAL") == ["R3"]
    assert await ids(live, "upstream=R2-TAP") == ["R2"]
    assert await ids(live, "upstream=CDU-1") == ["R1", "R2", "R3"]
    assert await ids(live, "state=UNHEARD") == ["R4"]
    assert await ids(live, "state=LIVE&upstream=R1-TAP") == ["R1"]
    assert await ids(live, "hall=H1") == []
    assert await ids(live, "row=A") == []


def stood(live: Live) -> Live:
    """Three racks where somebody wrote that they stand."""
    places = {
        "R1": RackPlace("North", "A", "10", "NVL72", 132.0),
        "R2": RackPlace("North", "A", "2"),
        "R3": RackPlace("East", "B"),
    }
    live.hub.publish(
        live.fleet.configure(Site(racks={EntityId(each): at for each, at in places.items()}))
    )
    return live


async def test_racks_are_found_by_where_they_stand() -> None:
    live = stood(a_live_fleet(4))
    assert await ids(live, "hall=North") == ["R1", "R2"]
    assert await ids(live, "row=B") == ["R3"]
    assert await ids(live, "hall=East&row=A") == []


async def test_list_is_sorted_by_place_with_2_before_10_and_those_nowhere_last() -> None:
    live = stood(a_live_fleet(4))
    assert await ids(live, "sort=place") == ["R3", "R2", "R1", "R4"]
    first = await get(live, "racks?sort=place&limit=2")
    assert await ids(live, f"sort=place&limit=2&cursor={first['next_cursor']}") == ["R1", "R4"]


async def test_place_model_and_rating_are_in_both_documents_of_a_rack() -> None:
    live = stood(a_live_fleet())
    whole, (short, *_) = await get(live, "racks/R1"), (await get(live, "racks"))["items"]
    for rack in (whole, short):
        told = [rack[name] for name in ("hall", "row", "position", "model", "rated_kw")]
        assert told == ["North", "A", "10", "NVL72", 132.0]
    assert whole["power"]["capacity_from"] == "feeds"


async def test_place_that_changes_is_news_of_its_racks() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        before = (await client.get("racks/R1")).headers["etag"]
        stood(live)
        after = await client.get("racks/R1", headers={"If-None-Match": before})
    assert (after.status_code, after.json()["hall"]) == (200, "North")


async def test_list_has_only_the_fields_asked_for() -> None:
    (rack,) = (await get(a_live_fleet(1), "racks?fields=load_kw,severity&fields=name"))["items"]
    assert sorted(rack) == ["id", "load_kw", "name", "severity"]
    assert rack["load_kw"]["value"] == 40.0


def test_every_field_of_a_summary_can_be_asked_for() -> None:
    assert SummaryField.__args__ == tuple(RackSummary.model_fields)  # type: ignore[attr-defined]


async def test_rack_is_whole() -> None:
    rack = await get(a_live_fleet(), "racks/R1")
    assert rack["power"]["feeds"][0]["meter"] == "R1-TAP"
    assert rack["thermal"]["heat_kw"]["derived_from"] == 3
    assert rack["upstream"] == {"power": ["R1-TAP"], "liquid": ["CDU-1"]}
    assert (rack["hall"], rack["row"], rack["faults"]) == (None, None, [])


async def test_parts_of_a_rack_are_those_of_the_whole() -> None:
    live = a_live_fleet()
    rack = await get(live, "racks/R1")
    assert await get(live, "racks/R1/power") == rack["power"]
    assert await get(live, "racks/R1/thermal") == rack["thermal"]
    assert (await get(live, "racks/R1/faults"))["items"] == rack["faults"]


async def test_rack_has_its_balances() -> None:
    live = a_live_fleet(2)
    live.live_on(60)

    found = (await get(live, "racks/R1/balances"))["items"]

    assert [(each["entity"], each["code"]) for each in found] == [
        ("R1", "balance.heat"),
        ("R1-TAP", "balance.power"),
    ]
    assert {each["closure"] for each in found} == {"CLOSED"}


async def test_rack_has_its_trend() -> None:
    live = a_live_fleet(1)
    unknown = await get(live, "racks/R1/trend")
    live.live_on(60)
    supply = a_point("Rack/RackLiquidSupplyTemperature", "R1")
    for second in range(60):
        live.tell(a_reading(supply, 32.0 + second / 10, live.now))
        live.wait(1)
        if second % 10 == 0:
            live.tell(a_reading(a_heartbeat(), 1.0, live.now))
    trend = await get(live, "racks/R1/trend")

    assert unknown["supply_k_per_s"]["value"] is None
    assert trend["supply_k_per_s"]["value"] == pytest.approx(0.1, rel=0.15)
    assert trend["return_k_per_s"]["value"] == 0.0
    assert 50 < trend["time_to_limit_s"]["value"] < 90
    assert trend["limit"] == {"of": "supply_c", "critical": 45.0, "below": False}


async def test_unknown_rack_has_neither_balances_nor_trend() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        for part in ("balances", "trend"):
            assert (await client.get(f"racks/CDU-1/{part}")).status_code == 404


async def test_points_of_a_rack_name_their_cluster() -> None:
    live = a_live_fleet(1)
    leak = a_point("Rack/RackLeakDetect", "R1")
    live.show(replace(leak, id=PointId(f"cpc/west/{leak.id}")))
    points = (await get(live, "racks/R1/points"))["items"]
    assert {point["point_type"]: point["cluster"] for point in points} == {
        "RackLeakDetect": "west",
        "RackLiquidFlow": None,
        "RackLiquidReturnTemperature": None,
        "RackLiquidSupplyTemperature": None,
        "RackPower": None,
    }
    first = await get(live, "racks/R1/points?limit=2")
    rest = await get(live, f"racks/R1/points?cursor={first['next_cursor']}")
    assert [point["id"] for point in first["items"] + rest["items"]] == sorted(
        point["id"] for point in points
    )


async def test_rack_whose_id_has_slashes_can_be_asked_for() -> None:
    live = a_live_fleet(1)
    live.leak("hall/1/R7")
    assert (await get(live, "racks/hall/1/R7"))["id"] == "hall/1/R7"
    assert (await get(live, "racks/hall%2F1%2FR7/power"))["redundancy"] == "UNKNOWN"


@pytest.mark.parametrize("part", ["", "/power", "/thermal", "/faults", "/points"])
async def test_unknown_rack_is_missing(part: str) -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        response = await client.get(f"racks/CDU-1{part}")
    assert response.status_code == 404
    assert response.json()["detail"] == "there is no rack 'CDU-1'"
