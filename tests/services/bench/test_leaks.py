import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from servers import serving
from services.bench.leaks import PATIENCE_S, Listener, ended, leak_topic, leaks
from services.simulate.site import site_of


class Twin:
    """A stream on which a fault stands as soon as it is published, and another one that is none."""

    def __init__(self, before: dict[str, str]) -> None:
        self.acts: list[str] = []
        self._before = before
        self._events: asyncio.Queue[bytes] = asyncio.Queue()
        self._racks = {leak_topic(rack): rack.id for rack in site_of(3).racks}

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0
    ) -> None:
        assert (retain, qos) == (False, 0)
        rack = self._racks[topic]
        if json.loads(payload)["value"] == 1:
            self._tell("RAISED", rack, "liquid.flow_low")
            self._tell("RAISED", rack)
        else:
            self._tell("CLEARED", rack)

    def _tell(self, what: str, rack: str, code: str = "leak.detected") -> None:
        self._put("fault", {"what": what, "code": code, "entity": rack, "id": rack})

    def _put(self, event: str, data: dict[str, Any]) -> None:
        self._events.put_nowait(b"event: %s\ndata: %s\n\n" % (
            event.encode(), json.dumps(data).encode()
        ))  # fmt: skip

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self._put("hello", {})
        self._put("snapshot", {"part": 1, "parts": 2, "faults": [
            {"code": "leak.detected", "entity": rack, "id": rack, "condition": condition}
            for rack, condition in self._before.items()
        ]})  # fmt: skip
        other = {"code": "liquid.flow_low", "entity": "R", "id": "R", "condition": "ACTIVE"}
        self._put("snapshot", {"part": 2, "parts": 2, "faults": [other]})
        while True:
            await response.write(await self._events.get())

    async def act(self, request: web.Request) -> web.Response:
        rack, act = request.match_info["id"], request.match_info["act"]
        if f"{act} {rack}" in self.acts and rack in self._before:
            return web.Response(status=409)
        self.acts.append(f"{act} {rack}")
        if act == "reset":
            self._tell("RESET", rack)
        return web.Response()


@asynccontextmanager
async def a_twin(
    before: dict[str, str] | None = None,
) -> AsyncIterator[tuple[Twin, aiohttp.ClientSession]]:
    twin, app = Twin(before or {}), web.Application()
    app.router.add_get("/stream", twin.stream)
    app.router.add_post("/faults/{id}/{act}", twin.act)
    async with serving(app) as address, aiohttp.ClientSession(address) as session:
        yield twin, session


@pytest.mark.real
async def test_each_leak_is_timed_and_let_go_of_before_the_next_of_its_rack() -> None:
    async with a_twin() as (twin, session), asyncio.TaskGroup() as tasks:
        listener = Listener(session, tasks)
        listening = tasks.create_task(listener.listen())
        await listener.greeted.wait()

        racks = site_of(2).racks
        delays = await leaks(listener, twin.publish, racks, lambda count: count < 3, 0.01)
        await listener.over(racks[0].id)
        listening.cancel()

    assert len(delays) == 3
    assert all(0 < each < 5 for each in delays)
    assert listener.others == 3
    assert twin.acts.count(f"ack {racks[0].id}") == twin.acts.count(f"reset {racks[0].id}") == 2


@pytest.mark.real
async def test_leaks_that_stand_from_before_are_ended_and_let_go_of() -> None:
    first, second, third = site_of(3).racks
    before: dict[str, str] = {first.id: "ACTIVE", second.id: "NORMAL"}
    async with a_twin(before) as (twin, session), asyncio.TaskGroup() as tasks:
        listener = Listener(session, tasks)
        listening = tasks.create_task(listener.listen())
        await listener.greeted.wait()
        stood = [listener.stands(rack.id) for rack in (first, second, third)]

        free = await ended(listener, twin.publish, (first, second, third))
        listening.cancel()

    assert stood == [True, True, False]
    assert free == [first, second, third]
    assert {f"{act} {rack.id}" for act in ("ack", "reset") for rack in (first, second)} == {
        *twin.acts
    }


async def test_a_leak_that_is_not_told_in_time_is_the_last_and_ended() -> None:
    values: list[tuple[str, float]] = []

    async def publish(topic: str, payload: bytes, *, retain: bool = False, qos: int = 0) -> None:
        assert (retain, qos) == (False, 0)
        values.append((topic, json.loads(payload)["value"]))

    racks = site_of(2).racks
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        delays = await leaks(Listener(session, tasks), publish, racks, lambda _: True, 0.01)

    assert delays == [PATIENCE_S]
    assert values == [(leak_topic(racks[0]), 1), (leak_topic(racks[0]), 0)]
