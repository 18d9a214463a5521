import asyncio

from live import a_client, a_live_fleet, an_app
from twin.points import EntityId
from twin.site import RackPlace, Site


async def test_fleet_sums_up_its_racks_and_says_who_publishes() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        fleet = (await client.get("fleet")).json()
    assert fleet["racks"] == 3
    assert fleet["power_kw"]["value"] == 117.0
    assert (fleet["power_kw"]["fresh"], fleet["power_kw"]["expected"]) == (3, 3)
    assert fleet["racks_by_severity"] == {"OK": 3, "WARNING": 0, "CRITICAL": 0}
    assert [publisher["id"] for publisher in fleet["publishers"]] == ["PUB"]
    assert fleet["points"]["total"] == len(live.fleet)
    assert fleet["faults"] == {"WARNING": 0, "CRITICAL": 0}


async def test_racks_are_summed_up_by_hall_and_row_where_these_are_told() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        before = (await client.get("fleet")).json()
        place = RackPlace("North", "A")
        site = Site(racks={EntityId("R1"): place, EntityId("R3"): place})
        live.hub.publish(live.fleet.configure(site))
        live.load("R1", 41.0)
        await asyncio.sleep(1)  # of totals, those of a moment ago will do
        after = (await client.get("fleet")).json()
        again = (await client.get("fleet")).json()
    assert (before["by_hall"], before["by_row"]) == ({}, {})
    assert after["by_hall"]["North"]["racks"] == 2
    assert after["by_row"].keys() == {"North/A"}
    power = after["by_row"]["North/A"]["power_kw"]
    assert (power["value"], power["fresh"], power["expected"]) == (79.0, 2, 2)
    assert again["by_row"] == after["by_row"]


async def test_rejected_message_is_news_of_the_fleet() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        before = (await client.get("fleet")).headers["etag"]
        live.intake.take("nonsense", b"", live.now)
        after = await client.get("fleet", headers={"If-None-Match": before})
    assert after.status_code == 200
