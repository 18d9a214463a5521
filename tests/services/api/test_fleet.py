from live import a_client, a_live_fleet, an_app


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


async def test_rejected_message_is_news_of_the_fleet() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        before = (await client.get("fleet")).headers["etag"]
        live.intake.take("nonsense", b"", live.now)
        after = await client.get("fleet", headers={"If-None-Match": before})
    assert after.status_code == 200
