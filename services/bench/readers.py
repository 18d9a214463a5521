"""Clients of the live stream that read all: ``... -m services.bench.readers ADDRESS ENTITY...``.

One for each entity, of the racks that it feeds or cools. They tell when all have begun; asked, how
much they read.
"""

import asyncio
import sys
from collections.abc import Sequence

import aiohttp
import msgspec

from services.bench.running import orders

_DELTA = b"event: delta\n"


class Read(msgspec.Struct):
    """What all clients together read."""

    clients: int = 0
    """Those that still listen."""
    deltas: int = 0
    bytes: int = 0


async def read(address: str, entities: Sequence[str], asked: asyncio.StreamReader) -> None:
    """Read until nobody asks any more."""
    found, begun = Read(), asyncio.Semaphore(0)
    async with (
        aiohttp.ClientSession(f"{address}/api/v1/", connector=aiohttp.TCPConnector(limit=0)) as web,
        asyncio.TaskGroup() as tasks,
    ):
        reading = [tasks.create_task(_follow(web, each, found, begun)) for each in entities]
        for _ in entities:
            await begun.acquire()
        _tell(found)
        async for _ in asked:
            _tell(found)
        for each in reading:
            each.cancel()


async def _follow(
    web: aiohttp.ClientSession, entity: str, found: Read, begun: asyncio.Semaphore
) -> None:
    async with web.get("stream", params={"upstream": entity}, timeout=_FOREVER) as stream:
        stream.raise_for_status()
        found.clients += 1
        begun.release()
        async for data in stream.content.iter_any():
            found.bytes += len(data)
            found.deltas += data.count(_DELTA)
        found.clients -= 1


_FOREVER = aiohttp.ClientTimeout(total=None)


def _tell(found: Read) -> None:
    print(msgspec.json.encode(found).decode(), flush=True)  # noqa: T201  # to whoever asks


async def _main(address: str, *entities: str) -> None:
    await read(address, entities, await orders())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
