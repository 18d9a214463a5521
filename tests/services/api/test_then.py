import asyncio
from typing import Any

import httpx
import pytest

from build import START, a_fleet_showing, a_point, at
from live import Live, a_client, a_live_fleet, an_app
from schemas.history import HistoryError
from services.api.then import KEPT
from twin.fleet import Fleet
from twin.instants import Instant
from twin.steps import Steps

SECOND = "2026-01-01T00:00:01.000Z"


class Known:
    """A past in which one rack drew as many kW as seconds had gone by."""

    def __init__(self) -> None:
        self.made: list[Instant] = []
        self.busy = 0
        self.fails = False

    async def fleet(self, instant: Instant) -> Steps[Fleet] | None:
        if self.fails:
            raise HistoryError("the disk is gone")
        return self._steps(instant) if instant >= START else None

    def _steps(self, instant: Instant) -> Steps[Fleet]:
        self.busy += 1
        assert self.busy == 1
        self.made.append(instant)
        for _ in range(100):
            yield
        self.busy -= 1
        return a_fleet_showing({a_point(): (instant - START) / 1000}, instant)


async def get(live: Live, past: Known | None, *paths: str) -> list[httpx.Response]:
    given: Any = {} if past is None else {"past": past}
    async with a_client(an_app(live, **given)) as client:
        return [*await asyncio.gather(*map(client.get, paths))]


async def refused(path: str, past: Known | None) -> tuple[int, str]:
    (response,) = await get(a_live_fleet(), past, path)
    return response.status_code, response.json()["type"].removeprefix("urn:racktwin:problem:")


async def test_a_state_is_that_of_the_instant_that_is_asked_for() -> None:
    (response,) = await get(a_live_fleet(), Known(), f"racks/R1?at={SECOND}")

    load = response.json()["power"]["load_kw"]
    assert (load["value"], load["age_s"]) == (1.0, 0.0)
    assert response.headers["twin-mode"] == "historic"
    assert response.headers["twin-at"] == SECOND


async def test_an_instant_is_a_text_or_milliseconds() -> None:
    past = Known()
    text, number = await get(a_live_fleet(), past, f"fleet?at={SECOND}", f"fleet?at={START + 1000}")
    assert text.json() == number.json()
    assert text.json()["now"] == SECOND
    assert past.made == [at(1)]


@pytest.mark.parametrize("path", ["fleet", "faults/rules", "faults/statistics"])
async def test_what_is_live_says_so(path: str) -> None:
    (response,) = await get(a_live_fleet(), Known(), path)
    assert response.headers["twin-mode"] == "live"
    assert "twin-at" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "fleet",
        "racks",
        "racks/R1",
        "racks/R1/power",
        "racks/R1/thermal",
        "racks/R1/trend",
        "racks/R1/balances",
        "racks/R1/faults",
        "racks/R1/points",
        "equipment",
        "topology",
        "topology?domain=power",
        "topology/R1/upstream",
        "topology/R1/downstream",
        "topology/R1/fate",
        "balances",
        "faults",
        "findings",
    ],
)
async def test_every_state_can_be_asked_of_the_past(path: str) -> None:
    sign = "&" if "?" in path else "?"
    (response,) = await get(a_live_fleet(), Known(), f"{path}{sign}at={SECOND}")
    assert response.status_code == 200, response.text
    assert response.headers["twin-at"] == SECOND


async def test_what_was_not_there_then_is_missing() -> None:
    found = await get(
        a_live_fleet(), Known(), f"racks/R2?at={SECOND}", f"equipment/CDU-1?at={SECOND}"
    )
    assert [each.status_code for each in found] == [404, 404]


async def test_what_cannot_be_answered_says_why() -> None:
    broken = Known()
    broken.fails = True
    assert await refused("fleet?at=2026-01-01T00:00:01.001Z", Known()) == (422, "in-the-future")
    assert await refused("fleet?at=2025-12-31T00:00:00Z", Known()) == (404, "before-history")
    assert await refused(f"fleet?at={SECOND}", broken) == (503, "history-failed")
    assert await refused(f"fleet?at={SECOND}", None) == (503, "no-history")


async def test_one_fleet_is_made_at_a_time_and_each_instant_once() -> None:
    past = Known()
    paths = [f"racks?at={START + 1000 - n}" for n in (0, 1, 0, 1, 0)]
    found = await get(a_live_fleet(), past, *paths)
    assert [each.status_code for each in found] == [200] * 5
    assert sorted(past.made) == [START + 999, START + 1000]


async def test_the_instant_that_was_not_asked_for_longest_goes() -> None:
    past = Known()
    async with a_client(an_app(a_live_fleet(), past=past)) as client:
        tags = [
            (await client.get(f"fleet?at={START + n}")).headers["etag"]
            for n in (0, 1, 0, *range(2, KEPT + 1), 0, 1)
        ]
    assert past.made == [START, START + 1, *(START + n for n in range(2, KEPT + 1)), START + 1]
    assert tags[0] == tags[-2]
    assert tags[1] != tags[-1]


async def test_a_fleet_that_is_known_is_not_sent_again() -> None:
    async with a_client(an_app(a_live_fleet(), past=Known())) as client:
        tag = (await client.get(f"fleet?at={SECOND}")).headers["etag"]
        again = await client.get(f"fleet?at={SECOND}", headers={"If-None-Match": tag})
        live = await client.get("fleet", headers={"If-None-Match": tag})
    assert (again.status_code, live.status_code) == (304, 200)
    assert again.headers["twin-at"] == SECOND
