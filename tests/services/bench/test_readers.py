import asyncio

import msgspec
import pytest
from aiohttp import web

from servers import serving
from services.bench.readers import Read
from services.bench.running import Running, running


async def read(readers: Running) -> Read:
    return msgspec.json.decode(await readers.ask(), type=Read)


@pytest.mark.real
async def test_clients_read_all_and_tell_who_still_listens() -> None:
    asked: list[str] = []
    over = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["upstream"])
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"event: delta\ndata: {}\n\n")
        if len(asked) == 1:
            await over.wait()
        return response

    app = web.Application()
    app.router.add_get("/api/v1/stream", stream)
    async with (
        serving(app) as address,
        running("services.bench.readers", address, "CDU-1", "CDU-2") as readers,
    ):
        async with asyncio.timeout(20):
            while (found := await read(readers)).clients != 1:
                pass
        assert sorted(asked) == ["CDU-1", "CDU-2"]
        assert (found.deltas, found.bytes) == (2, 46)
        over.set()
