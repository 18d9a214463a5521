"""Values of one rack, and when each stands in a delta of a narrow stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from time import perf_counter
from typing import Final

import aiohttp

from services.bench.feeder import Ready
from services.bench.leaks import PATIENCE_S, events, said
from services.broker.publish import Publish

FINE: Final = 0.0001
"""Values differ by this and more, and from all that the fleet itself shows."""

_MARKS: Final = 99
_COLUMN: Final = "supply_c"


async def watched(
    session: aiohttp.ClientSession,
    publish: Publish,
    ready: Ready,
    entity: str,
    wanted: Callable[[], bool],
) -> list[float]:
    """Seconds from publishing a value to its delta; one that never comes is the last.

    Args:
        session: Of the API.
        publish: Says values.
        ready: Which point, and what it shows.
        entity: Serves the rack, and so names the stream.
        wanted: Whether there is to be another one.
    """
    delays: list[float] = []
    query = {"upstream": entity, "fields": _COLUMN}
    async with session.get("stream", params=query) as stream:
        shown = _shown(stream.content)
        async with asyncio.timeout(PATIENCE_S):
            await anext(shown)  # it has its snapshot
        while wanted() and PATIENCE_S not in delays:
            number = len(delays)
            await asyncio.sleep(0.05 + 0.013 * (number % 7))  # out of step with any pace
            value = round(ready.value + FINE * (number % _MARKS + 1), 4)
            begin = perf_counter()
            await publish(ready.topic, said(value))
            delays.append(await _until(shown, value, begin))
    return delays


async def _until(
    shown: AsyncIterator[tuple[float, list[float | None]]], value: float, begin: float
) -> float:
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for at, values in shown:
                if value in values:
                    return at - begin
    except TimeoutError:
        pass
    return PATIENCE_S


async def _shown(lines: aiohttp.StreamReader) -> AsyncIterator[tuple[float, list[float | None]]]:
    async for at, event, data in events(lines):
        if event == b"delta":
            yield at, json.loads(data)["c"].get(_COLUMN, [])
