"""Following the fleet: what one client of the live stream hears, and when."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from math import ceil, floor
from typing import Final

from services.api.frames import Frames, Position, View
from services.api.slices import DOCUMENTS
from services.hub import Hub

MAX_HZ: Final = 10.0

BOOKMARK_S: Final = 5.0
"""A client hears something this often, also when nothing changes."""


async def follow(
    frames: Frames,
    view: View,
    max_hz: float = MAX_HZ,
    had: Position | None = None,
    come_back_ms: int = 0,
) -> AsyncGenerator[bytes]:
    """What a client hears: a snapshot, or what it missed; then whatever happens, until the end.

    Nothing is queued for a client: what it is owed is all racks that changed after the revision it
    has, and all faults after the number it has. So one that reads slowly hears less often, of more
    racks at once, and always the latest; but of every fault, at once, whatever its pace.

    Args:
        frames: Where frames are made.
        view: What the client wants to see.
        max_hz: How many deltas a second it wants at the most.
        had: What it has of this run, if it was here before.
        come_back_ms: When it may come back after the server's end.
    """
    hub, loop = frames.board.hub, asyncio.get_running_loop()
    client = _Client(frames, view)
    for frame in await client.greeted(had, max_hz):
        yield frame
    pace, bookmark_at = Pace(max_hz), loop.time() + BOOKMARK_S
    while not hub.ended.is_set():
        turn = await _turn(pace, hub, client.at, bookmark_at)
        for frame in await client.faults():
            yield frame
        if turn:
            for frame in await client.racks():
                yield frame
        elif loop.time() >= bookmark_at:
            bookmark_at = loop.time() + BOOKMARK_S
            yield await frames.bookmark(client.told)
    yield frames.bye(come_back_ms)


class _Client:
    """What one client has been told, and what it is owed."""

    def __init__(self, frames: Frames, view: View) -> None:
        hub = frames.board.hub
        self.told = self.at = Position(hub.revision, hub.faults.seq)
        """``at`` is how far it was looked for news: what is not in the view is not told."""
        self._frames = frames
        self._view = view
        self._hub = hub

    async def greeted(self, had: Position | None, max_hz: float) -> list[bytes]:
        """What it hears first, with all faults that it missed where they are known."""
        hub, frames = self._hub, self._frames
        if had is not None and hub.knows(had.revision) and hub.faults.knows(had.seq):
            self.told = self.at = had
            return [frames.hello(self._view, had, max_hz, resumed=True), *await self.faults()]
        hello = frames.hello(self._view, self.told, max_hz, resumed=False)
        if had is None:
            return [hello, *await self._anew()]
        missed = await self._since(had.seq, None)
        return [hello, *(missed or [frames.gap(had.seq)]), *await self._anew()]

    async def faults(self) -> list[bytes]:
        """All that happened to faults since it was told of one; or a snapshot and why."""
        seq = self._hub.faults.seq
        frames = await self._since(self.at.seq, self.told.revision)
        if frames is None:
            return [self._frames.gap(self.at.seq), *await self._anew()]
        self.told, self.at = self.told._replace(seq=seq), self.at._replace(seq=seq)
        return frames

    async def racks(self) -> list[bytes]:
        """All racks that changed since it was told of them; or a snapshot and why."""
        delta = await self._frames.delta(self._view, self.at.revision, self.told)
        if delta is None:
            return [self._frames.resync(), *await self._anew()]
        revision, frame = delta
        self.at = self.at._replace(revision=revision)
        if frame is None:
            return []
        self.told = self.at
        return [frame]

    async def _anew(self) -> list[bytes]:
        self.told, parts = await self._frames.snapshot(self._view)
        self.at = self.told
        return parts

    async def _since(self, seq: int, told: int | None) -> list[bytes] | None:
        """The faults in its view after a number; None where they are not known any more."""
        missed = self._hub.faults.since(seq)
        if missed is None:
            return None
        found: list[bytes] = []
        for each, change in missed:
            if self._view.scope.holds_fault(change.fault, self._frames.board.fleet):
                found.append(self._frames.fault(each, change, told))
                if len(found) % DOCUMENTS == 0:
                    await asyncio.sleep(0)
        return found


class Pace:
    """Turns at which a client may be told something, on a grid that all of one pace share.

    So clients that have the same to hear hear it at the same instant, in the same bytes. After a
    quiet time the first news comes at once; two turns are never closer than the pace allows.
    """

    def __init__(self, max_hz: float) -> None:
        self._period_ms = ceil(1000 / max_hz)
        self._turn = -1

    async def news(self, hub: Hub, at: Position) -> bool:
        """Wait for the next turn at which there is news, for a fault, or for the hub's end.

        False where it is not time for a turn: faults do not wait for one.
        """
        left_ms = (self._turn + 1) * self._period_ms - _now_ms()
        if left_ms > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ms / 1000):
                    await hub.faults.news(at.seq)
            if hub.faults.seq > at.seq:
                return False
        quiet = hub.revision <= at.revision
        await hub.news(at.revision)
        now = _now_ms() / self._period_ms
        self._turn = max(self._turn + 1, ceil(now) if quiet else floor(now))
        return True


def _now_ms() -> int:
    """The loop's clock in whole milliseconds: finer, two sides would tell one turn apart."""
    return round(asyncio.get_running_loop().time() * 1000)


async def _turn(pace: Pace, hub: Hub, at: Position, deadline: float) -> bool:
    """Wait for news, until a deadline of the loop's clock; whether racks may be told."""
    if asyncio.get_running_loop().time() >= deadline:
        return False
    try:
        async with asyncio.timeout_at(deadline):
            return await pace.news(hub, at)
    except TimeoutError:
        return False
