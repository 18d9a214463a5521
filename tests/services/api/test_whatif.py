import asyncio
import sys
from itertools import pairwise
from types import FrameType

import pytest

from live import Live, a_client, a_live_fleet, an_app
from schemas.digest import digest
from services.api.slices import AT_ONCE


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


async def test_what_comes_meanwhile_is_folded_and_alters_neither_the_answer_nor_the_state() -> None:
    alone, asked, quiet = (a_live_fleet(40) for _ in range(3))
    case = {"lose": ["CDU-1"], "load_factor": 1.5, "budget_kw": 100}
    async with a_client(an_app(quiet)) as client:
        expected = await client.post("whatif", json=case)

    async with a_client(an_app(asked)) as client:
        asking = asyncio.ensure_future(client.post("whatif", json=case))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0)
            go_on(asked, turns)
            turns += 1
        answer = await asking
    for turn in range(turns):
        go_on(alone, turn)

    assert turns > 40 // AT_ONCE
    assert answer.json() == expected.json()
    assert digest(asked.fleet) == digest(alone.fleet) != digest(quiet.fleet)


def go_on(live: Live, turn: int) -> None:
    """Let a rack draw something else, another go, and a third be fed by another tap."""
    topic = "BMS/v1/PUB/{}/Rack/RackPower/R{}"
    value = b'{"value":%d,"timestamp":%d,"quality":1}' % (turn, live.now)
    tap = b'{"objectType":"PowerMeter","pointType":"ActivePower","servesId":["R%d"]}' % (turn % 40)
    for where, payload in (
        (topic.format("Value", turn % 40 + 1), value),
        (topic.format("Metadata", 39 - turn % 40), b""),
        ("BMS/v1/PUB/Metadata/PowerMeter/ActivePower/R7-TAP", tap),
    ):
        live.hub.publish(live.affected.by(live.intake.take(where, payload, live.now)))


async def test_the_loop_is_given_back_after_a_small_part_of_the_work() -> None:
    live, case, calls = a_live_fleet(2_000), {"load_factor": 1.2}, [0]

    def count(_: FrameType, event: str, __: object) -> None:
        calls[0] += event in {"call", "c_call"}

    async with a_client(an_app(live)) as client:
        await client.post("whatif", json={"lose": ["nobody"]})  # the framework is slow once
        asking = asyncio.ensure_future(client.post("whatif", json=case))
        turns = [0]
        sys.setprofile(count)
        try:
            while not asking.done():
                await asyncio.sleep(0)
                turns.append(calls[0])
        finally:
            sys.setprofile(None)
        answer = await asking

    held = sorted((now - before for before, now in pairwise(turns)), reverse=True)
    assert len(answer.json()["racks"]) == 2_000
    assert held[0] < sum(held) / 50  # the work of 40 racks
