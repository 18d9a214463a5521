from build import a_point
from live import a_client, a_live_fleet, an_app


async def test_readings_that_cannot_be_true_together_are_told_with_their_suspect() -> None:
    live = a_live_fleet(1)
    live.show(a_point("Rack/RackLiquidFlow", "R1"), 20.0)
    async with a_client(an_app(live)) as client:
        answer = await client.get("findings")
        document = answer.json()
        again = await client.get("findings", headers={"if-none-match": answer.headers["etag"]})

    assert answer.status_code == 200
    assert again.status_code == 304
    (found,) = document["items"]
    assert (found["code"], found["entity"]) == ("balance.heat", "R1")


async def test_readings_that_agree_are_no_finding() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        assert (await client.get("findings")).json()["items"] == []
