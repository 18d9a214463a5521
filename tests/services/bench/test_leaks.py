import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from services.bench.leaks import Listener, leak_topic, leaks
from services.simulate.site import site_of


class Twin:
    """A stream on which a fault stands as soon as it is published, and another one that is none."""

    def __init__(self) -> None:
        self.acts: list[str] = []
        self._events: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._racks = {leak_topic(rack): rack.id for rack in site_of(2).racks}

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
        data = {"what": what, "code": code, "entity": rack, "id": rack}
        self._events.put_nowait(b"event: fault\ndata: %s\n\n" % json.dumps(data).encode())

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"event: hello\ndata: {}\n\nevent: bookmark\ndata: {}\n\n")
        while (event := await self._events.get()) is not None:
            await response.write(event)
        return response

    def end(self) -> None:
        self._events.put_nowait(None)

    async def act(self, request: web.Request) -> web.Response:
        rack, act = request.match_info["id"], request.match_info["act"]
        self.acts.append(f"{act} {rack}")
        if act == "reset":
            self._tell("RESET", rack)
        return web.Response()


@asynccontextmanager
async def a_twin() -> AsyncIterator[tuple[Twin, aiohttp.ClientSession]]:
    twin, app = Twin(), web.Application()
    app.router.add_get("/stream", twin.stream)
    app.router.add_post("/faults/{id}/{act}", twin.act)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield twin, session
    finally:
        twin.end()
        await runner.cleanup()


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
