from typing import Any

from build import a_point
from live import Live, a_client, a_live_fleet, an_app


def judged(racks: int = 2, *, seconds: int = 120) -> Live:
    """Racks that were watched for a while, the first of which has a flow that cannot be."""
    live = a_live_fleet(racks)
    live.show(a_point("Rack/RackLiquidFlow", "R1"), 20.0)
    live.live_on(seconds)
    return live


async def get(live: Live, path: str) -> Any:  # noqa: ANN401  # JSON
    async with a_client(an_app(live)) as client:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def named(live: Live, path: str) -> list[tuple[str, str]]:
    return [(each["entity"], each["code"]) for each in (await get(live, path))["items"]]


OF_R1 = [("R1", "balance.heat"), ("R1-TAP", "balance.power")]
OF_R2 = [("R2", "balance.heat"), ("R2-TAP", "balance.power")]


async def test_balances_of_all_racks_are_listed_in_order_of_entity_and_code() -> None:
    live = judged()
    listed = await get(live, "balances")
    racks = [each for each in await named(live, "balances") if each[0] != "CDU-1"]

    assert racks == OF_R1 + OF_R2
    assert listed["next_cursor"] is None
    assert listed["revision"] == f"e1:{live.hub.revision}"


async def test_list_goes_on_where_the_page_before_ended() -> None:
    live = judged()
    query = "balances?code=balance.heat&limit=1"
    first = await get(live, query)

    assert await named(live, f"{query}&cursor={first['next_cursor']}") == OF_R2[:1]


async def test_filters_pick_balances() -> None:
    live = judged()

    assert await named(live, "balances?closure=OPEN") == OF_R1[:1]
    assert await named(live, "balances?entity=R2") == OF_R2
    assert await named(live, "balances?code=balance.heat&closure=CLOSED") == OF_R2[:1]
    assert await named(live, "balances?closure=UNKNOWN&entity=R1") == []


async def test_an_open_balance_shows_how_far_it_is_off_and_what_stands_against_it() -> None:
    live = judged()
    (balance,) = (await get(live, "balances?closure=OPEN"))["items"]
    (finding,) = (await get(live, "findings"))["items"]

    assert balance["finding"] == finding
    assert balance["residual_pct"] < -50
    assert 5 < balance["uncertainty_pct"] < 15
    assert (balance["fresh"], balance["inputs"], balance["one_sided"]) == (4, 4, False)
    assert balance["shown"]["measured_at"] == balance["at"]


async def test_balances_move_though_nothing_else_does() -> None:
    live = judged()
    async with a_client(an_app(live)) as client:
        before = (await client.get("balances")).headers["etag"]
        same = await client.get("balances", headers={"if-none-match": before})
        live.wait(10)
        after = await client.get("balances", headers={"if-none-match": before})

    assert (same.status_code, after.status_code) == (304, 200)


async def test_silence_makes_every_balance_unknown() -> None:
    live = judged()
    live.wait(600)

    assert await named(live, "balances?closure=CLOSED") == []
    assert await named(live, "balances?closure=OPEN") == []


async def test_unknown_closure_is_refused() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        assert (await client.get("balances?closure=SHUT")).status_code == 422
