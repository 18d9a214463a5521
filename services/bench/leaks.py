"""Leaks, one after the other, and when each stands on the live stream as a fault."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
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
        publish: Says them, and that they are over.
        racks: Leak in turn.
        wanted: Whether there is to be another one after so many.
        apart_s: From the end of one to the next, at the least.
    """
    delays: list[float] = []
    while wanted(len(delays)) and PATIENCE_S not in delays:
        number = len(delays)
        rack = racks[number % len(racks)]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await listener.over(rack.id)
        except TimeoutError:
            delays.append(PATIENCE_S)
        else:
            await asyncio.sleep(apart_s + 0.013 * (number % 7))  # out of step with any pace
            delays.append(await _leak(listener, publish, rack))
    return delays


async def _leak(listener: "Listener", publish: Publish, rack: Thing) -> float:
    """Seconds from publishing until the stream says so."""
    begin = perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await publish(leak_topic(rack), said(1))
            return await listener.raised(rack.id) - begin
    except TimeoutError:
        return PATIENCE_S
    finally:
        await publish(leak_topic(rack), said(0))


async def ended(listener: "Listener", publish: Publish, racks: Sequence[Thing]) -> list[Thing]:
    """End the leaks that stand; the racks on which none does any more, in time."""
    leaking = [rack for rack in racks if listener.stands(rack.id)]
    for rack in leaking:
        await publish(leak_topic(rack), said(0))
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            for rack in leaking:
                await listener.over(rack.id)
    return [rack for rack in racks if not listener.stands(rack.id)]


@dataclass(slots=True)
class Listener:
    """Hears all that the stream tells of all racks, and lets go of leaks that are over."""

    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has the whole snapshot, and knows which leaks stand."""
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
                elif event == b"snapshot":
                    self._begin(at, json.loads(data))

    async def raised(self, rack: str) -> float:
        """When it heard that a rack leaks."""
        while rack not in self._begun:
            await self._next()
        return self._begun[rack]

    async def over(self, rack: str) -> None:
        """Wait until nothing stands of an earlier leak."""
        while rack in self._begun:
            await self._next()

    def stands(self, rack: str) -> bool:
        """Whether a leak of a rack is not let go of."""
        return rack in self._begun

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _begin(self, at: float, snapshot: dict[str, Any]) -> None:
        """Take the leaks of a part of a snapshot; those that are over, nobody else will let go."""
        if snapshot["part"] == 1:
            self._begun.clear()  # what was there before may have gone unheard
        for fault in snapshot["faults"]:
            if fault["code"] == _CODE:
                self._begun[fault["entity"]] = at
                if fault["condition"] == "NORMAL":
                    self.tasks.create_task(self._let_go(fault["id"]))
        if snapshot["part"] == snapshot["parts"]:
            self.greeted.set()
        self._news.set()

    def _hear(self, at: float, fault: dict[str, Any]) -> None:
        if fault["code"] != _CODE:
            self.others += fault["what"] == "RAISED"
        elif fault["what"] == "RAISED":
            self._begun[fault["entity"]] = at
        elif fault["what"] == "CLEARED":
            self.tasks.create_task(self._let_go(fault["id"]))
        elif fault["what"] == "RESET":
            self._begun.pop(fault["entity"], None)
        self._news.set()

    async def _let_go(self, identity: str) -> None:
        for act in ("ack", "reset"):
            async with self.session.post(f"faults/{identity}/{act}") as answer:
                if answer.status != HTTPStatus.CONFLICT:  # somebody did it before
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
