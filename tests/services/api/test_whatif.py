import pytest

from live import a_client, a_live_fleet, an_app
from schemas.digest import digest


async def test_losing_a_unit_is_worked_out_and_not_carried_out() -> None:
    live = a_live_fleet(2)
    before = digest(live.fleet), live.hub.revision
    async with a_client(an_app(live)) as client:
        answer = await client.post("whatif", json={"lose": ["CDU-1"]})
    told = answer.json()

    assert answer.status_code == 200
    assert answer.headers["twin-revision"] == f"e1:{live.hub.revision}"
    assert told["without_cooling"] == ["R1", "R2"]
    assert told["racks"][0]["ride_through_s"]["value"] > 0
    assert (digest(live.fleet), live.hub.revision) == before


async def test_nothing_assumed_is_an_answer() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        told = (await client.post("whatif", json={})).json()

    assert (told["racks"], told["shed"]["racks"]) == ([], [])


async def test_unknown_ids_are_named_in_a_problem() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        answer = await client.post("whatif", json={"lose": ["CDU-9"], "load_factors": {"R7": 2}})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:racktwin:problem:unknown-ids"
    assert "'CDU-9', 'R7'" in problem["detail"]


@pytest.mark.parametrize("body", [{"lost": []}, {"flow_factor": -1}, [], None])
async def test_a_case_that_makes_no_sense_is_refused(body: object) -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        answer = await client.post("whatif", json=body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
