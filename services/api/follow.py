"""Following the fleet: what one client of the live stream hears, and when."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from math import ceil, floor
from typing import Final

from services.api.frames import Frames, View
from services.hub import Hub

MAX_HZ: Final = 10.0

BOOKMARK_S: Final = 5.0
"""A client hears something this often, also when nothing changes."""


async def follow(
    frames: Frames,
    view: View,
    max_hz: float = MAX_HZ,
    after: int | None = None,
    come_back_ms: int = 0,
) -> AsyncGenerator[bytes]:
    """What a client hears: a snapshot, or what it missed; then deltas and bookmarks until the end.

    Nothing is queued for a client: what it is owed is all that changed after the revision it has.
    So one that reads slowly hears less often, of more racks at once, and always the latest.

    Args:
        frames: Where frames are made.
        view: What the client wants to see.
        max_hz: How many deltas a second it wants at the most.
        after: The revision that it has, if it has one that the hub knows.
        come_back_ms: When it may come back after the server's end.
    """
    hub, loop = frames.board.hub, asyncio.get_running_loop()
    resumed = after is not None
    yield frames.hello(view, hub.revision if after is None else after, max_hz, resumed=resumed)
    if after is None:
        after, parts = await frames.snapshot(view)
        for part in parts:
            yield part
    told = seen = after
    pace, bookmark_at = Pace(max_hz), loop.time() + BOOKMARK_S
    while not hub.ended.is_set():
        if not await _in_time(pace, hub, seen, bookmark_at):
            bookmark_at = loop.time() + BOOKMARK_S
            yield await frames.bookmark(told)
            continue
        delta = await frames.delta(view, seen, told)
        if delta is None:
            yield frames.resync()
            told, parts = await frames.snapshot(view)
            for part in parts:
                yield part
            seen = told
        else:
            seen, frame = delta
            if frame is not None:
                told = seen
                yield frame
    yield frames.bye(come_back_ms)


class Pace:
    """Turns at which a client may be told something, on a grid that all of one pace share.

    So clients that have the same to hear hear it at the same instant, in the same bytes. After a
    quiet time the first news comes at once; two turns are never closer than the pace allows.
    """

    def __init__(self, max_hz: float) -> None:
        self._period_ms = ceil(1000 / max_hz)
        self._turn = -1

    async def news(self, hub: Hub, after: int) -> None:
        """Wait for the next turn at which there is news, or for the hub's end."""
        left_ms = (self._turn + 1) * self._period_ms - _now_ms()
        if left_ms > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ms / 1000):
                    await hub.ended.wait()
        quiet = hub.revision <= after
        await hub.news(after)
        now = _now_ms() / self._period_ms
        self._turn = max(self._turn + 1, ceil(now) if quiet else floor(now))


def _now_ms() -> int:
    """The loop's clock in whole milliseconds: finer, two sides would tell one turn apart."""
    return round(asyncio.get_running_loop().time() * 1000)


async def _in_time(pace: Pace, hub: Hub, after: int, deadline: float) -> bool:
    """Whether there was news before a deadline of the loop's clock."""
    if asyncio.get_running_loop().time() >= deadline:
        return False
    try:
        async with asyncio.timeout_at(deadline):
            await pace.news(hub, after)
    except TimeoutError:
        return False
    return True
