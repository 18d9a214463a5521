"""A store that speaks InfluxDB and forgets: ``... -m services.bench.sink PORT``."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

HOST: Final = "127.0.0.1"
_LARGEST: Final = 64 * 2**20


async def sink(port: int) -> None:
    """Read whatever is written, and say that it is kept, until cancelled; say on which port."""
    app = web.Application(client_max_size=_LARGEST)
    app.router.add_post("/api/v2/write", _write)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        print(runner.addresses[0][1], flush=True)  # noqa: T201  # whoever started it waits for it
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def a_sink(port: int = 0) -> AsyncIterator[int]:
    """A sink for the length of a block; its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.bench.sink", str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _write(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=204)


if __name__ == "__main__":
    asyncio.run(sink(int(sys.argv[1])))
