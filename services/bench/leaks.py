"""Leaks, one after the other, and when each stands on the live stream as a fault."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import aiohttp

from services.bench.sweep import LEAKS
from services.broker.publish import Publish
from services.clock import wall_clock
from services.simulate.site import Thing

PATIENCE_S: Final = 60.0
TIMES: Final = 3
"""A rack leaks at the most: each time it must be over for 30 s."""

LONGEST: Final = 2**26
"""Bytes of the longest line of a stream: a snapshot's part, or a delta of all racks."""

_CODE: Final = "leak.detected"
_GREETING: Final = (b"hello", b"snapshot")


async def leaks(
    listener: "Listener",
    publish: Publish,
    racks: Sequence[Thing],
    wanted: Callable[[int], bool],
    apart_s: float,
) -> list[float]:
    """Seconds of each leak; one that is not told in time is the last, and took all of the time.

    Args:
        listener: Hears of them.
        publish: Says them.
        racks: Leak in turn.
        wanted: Whether there is to be another one after so many.
        apart_s: From the end of one to the next, at the least.
    """
    delays: list[float] = []
    while wanted(len(delays)) and PATIENCE_S not in delays:
        number = len(delays)
        wait_s = apart_s + 0.013 * (number % 7)  # out of step with any pace
        try:
            async with asyncio.timeout(PATIENCE_S):
                rack = racks[number % len(racks)]
                delays.append(await _leak(listener, publish, rack, wait_s))
        except TimeoutError:
            delays.append(PATIENCE_S)
    return delays


async def _leak(listener: "Listener", publish: Publish, rack: Thing, wait_s: float) -> float:
    """Seconds from publishing until the stream says so."""
    await listener.over(rack.id)
    await asyncio.sleep(wait_s)
    begin = perf_counter()
    await publish(leak_topic(rack), said(1))
    at = await listener.raised(rack.id)
    await publish(leak_topic(rack), said(0))
    return at - begin


@dataclass(slots=True)
class Listener:
    """Hears all that the stream tells of all racks, and lets go of leaks that are over."""

    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has the whole snapshot: what was raised before is told in that."""
    others: int = 0
    """Faults that are no leak."""
    _begun: dict[str, float] = field(default_factory=dict)
    """When it heard of those that stand."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Until cancelled."""
        async with self.session.get("stream") as stream:
            async for at, event, data in events(stream.content):
                if event == b"fault":
                    self._hear(at, json.loads(data))
                elif event not in _GREETING:
                    self.greeted.set()

    async def raised(self, rack: str) -> float:
        """When it heard that a rack leaks."""
        while rack not in self._begun:
            await self._next()
        return self._begun[rack]

    async def over(self, rack: str) -> None:
        """Wait until nothing stands of an earlier leak."""
        while rack in self._begun:
            await self._next()

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _hear(self, at: float, fault: dict[str, Any]) -> None:
        if fault["code"] != _CODE:
            self.others += fault["what"] == "RAISED"
        elif fault["what"] == "RAISED":
            self._begun[fault["entity"]] = at
        elif fault["what"] == "CLEARED":
            self.tasks.create_task(self._let_go(fault["id"]))
        elif fault["what"] == "RESET":
            self._begun.pop(fault["entity"], None)  # it may have begun before anybody listened
        self._news.set()

    async def _let_go(self, identity: str) -> None:
        for act in ("ack", "reset"):
            async with self.session.post(f"faults/{identity}/{act}") as answer:
                answer.raise_for_status()


async def events(lines: aiohttp.StreamReader) -> AsyncIterator[tuple[float, bytes, bytes]]:
    """What the stream tells, and when it was heard."""
    event = b""
    async for line in lines:
        if line.startswith(b"event: "):
            event = line[7:-1]
        elif line.startswith(b"data: "):
            yield perf_counter(), event, line[6:]


def leak_topic(rack: Thing) -> str:
    """Where a rack says whether it leaks."""
    return f"BMS/v1/PUB/Value/Rack{LEAKS}{rack.path}/leak/rope"


def said(value: float) -> bytes:
    """A value of now."""
    return b'{"value":%.10g,"timestamp":%d,"quality":1}' % (value, wall_clock())
