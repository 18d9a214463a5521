from build import a_point
from live import Live, a_client, a_live_fleet, an_app


def bent(live: Live, seconds: int) -> Live:
    """A rack whose flow reads far too little, for so long."""
    live.show(a_point("Rack/RackLiquidFlow", "R1"), 20.0)
    live.live_on(seconds)
    return live


async def test_readings_that_cannot_be_true_together_are_told_with_their_suspect() -> None:
    async with a_client(an_app(bent(a_live_fleet(1), 120))) as client:
        answer = await client.get("findings")
        document = answer.json()
        again = await client.get("findings", headers={"if-none-match": answer.headers["etag"]})

    assert answer.status_code == 200
    assert again.status_code == 304
    (found,) = document["items"]
    assert (found["code"], found["entity"]) == ("balance.heat", "R1")
    assert found["since"] < "2026-01-01T00:01:30.000Z"


async def test_a_finding_that_goes_on_is_told_with_what_it_is_now() -> None:
    live = bent(a_live_fleet(1), 120)
    async with a_client(an_app(live)) as client:
        before = (await client.get("findings")).headers["etag"]
        live.wait(10)
        after = await client.get("findings", headers={"if-none-match": before})

    assert after.status_code == 200


async def test_what_does_not_last_is_no_finding() -> None:
    async with a_client(an_app(bent(a_live_fleet(1), 20))) as client:
        assert (await client.get("findings")).json()["items"] == []


async def test_readings_that_agree_are_no_finding() -> None:
    live = a_live_fleet(1)
    live.live_on(120)
    async with a_client(an_app(live)) as client:
        assert (await client.get("findings")).json()["items"] == []


async def test_findings_are_picked_by_entity_and_code() -> None:
    live = a_live_fleet(2)
    live.show(a_point("PowerMeter/Current", "R2-TAP"), 90.0)
    live.show(a_point("PowerMeter/Voltage", "R2-TAP", serves=("R2",)), 0.0)
    async with a_client(an_app(bent(live, 120))) as client:

        async def entities(query: str) -> set[str]:
            answer = await client.get(f"findings?{query}")
            return {each["entity"] for each in answer.json()["items"]}

        assert await entities("") == {"R1", "R2-TAP"}
        assert await entities("entity=R1") == {"R1"}
        assert await entities("code=sensor.implausible") == {"R2-TAP"}
        assert await entities("entity=R1&code=sensor.implausible") == set()
        assert (await client.get("findings?sort=code")).status_code == 422
