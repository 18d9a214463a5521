import asyncio
import json

import aiohttp
import pytest
from aiohttp import web

from servers import serving
from services.bench.feeder import Ready
from services.bench.watched import watched


@pytest.mark.real
async def test_each_value_is_timed_until_its_delta() -> None:
    deltas: asyncio.Queue[float | None] = asyncio.Queue()
    deltas.put_nowait(None)
    asked: dict[str, str] = {}
    said: list[float] = []

    async def publish(topic: str, payload: bytes, *, retain: bool = False, qos: int = 0) -> None:
        assert (topic, retain, qos) == ("T", False, 0)
        said.append(json.loads(payload)["value"])
        deltas.put_nowait(None)  # something else of the same rack
        deltas.put_nowait(said[-1])

    async def stream(request: web.Request) -> web.StreamResponse:
        asked.update(request.query)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'event: snapshot\ndata: {"cols":{"supply_c":[40.0]}}\n\n')
        while True:
            cells = json.dumps({"c": {"supply_c": [39.5, await deltas.get()]}})
            await response.write(b"event: delta\ndata: %s\n\n" % cells.encode())

    app = web.Application()
    app.router.add_get("/stream", stream)
    async with serving(app) as address, aiohttp.ClientSession(address) as session:
        ready = Ready("T", 40.0, 1, 1.0)
        delays = await watched(session, publish, ready, "CDU-1", lambda: len(said) < 3)

    assert said == [40.0001, 40.0002, 40.0003]
    assert asked == {"upstream": "CDU-1", "fields": "supply_c"}
    assert len(delays) == 3
    assert all(0 < each < 5 for each in delays)
