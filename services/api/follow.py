"""Following the fleet: what one client of the live stream hears, and when."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from math import ceil, floor
from typing import Final

from services.api.board import Board
from services.api.frames import Delta, Frames, Position, View
from services.api.slices import DOCUMENTS, in_slices
from services.hub import Hub
from twin.steps import Steps

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
    hub, client = frames.board.hub, _Client(frames, view)
    for frame in await _settled(hub, await client.greeted(had, max_hz)):
        yield frame
    client.rest()
    pace = Pace(max_hz)
    while not hub.ended.is_set():
        turn = await _turn(pace, frames.board, view, client.at, client.bookmark_at)
        for frame in await _settled(hub, await client.faults()):
            yield frame
        for _ in client.syncing(turn=turn):
            await frames.board.way.look()
            # Neither faults nor few racks wait for all racks, or for the fold.
            told = await client.faults()
            if not turn:
                told = [*told, *await client.meanwhile(pace)]
            for frame in await _settled(hub, told):
                yield frame
        for frame in await _settled(hub, await client.racks() if turn else client.bookmark()):
            yield frame
    yield frames.bye(come_back_ms)


async def _settled(hub: Hub, frames: list[bytes]) -> list[bytes]:
    """The same frames, once what they tell of faults may be shown."""
    if frames:
        await hub.settled()
    return frames


class _Client:
    """What one client has been told, and what it is owed."""

    def __init__(self, frames: Frames, view: View) -> None:
        hub = frames.board.hub
        self.told = self.at = Position(hub.revision, hub.faults.seq)
        """``at`` is how far it was looked for news: what is not in the view is not told."""
        self._frames = frames
        self._view = view
        self._hub = hub
        self._had: tuple[int, int] | None = None
        self._delta: Delta | None = None
        """What it is owed besides what it had, once that is made; None where it is not known."""
        self.bookmark_at = 0.0
        """When it is owed a sign of life."""

    def rest(self) -> None:
        """Owe it no sign of life for a while."""
        self.bookmark_at = _now() + BOOKMARK_S

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

    def syncing(self, *, turn: bool) -> Iterator[None]:
        """Work out the racks that changed, in steps, between which it may be told of faults.

        Nothing is worked out where it is time for neither racks nor a bookmark. For a bookmark all
        racks are, which it sums up; but only where that was not done for some seconds.
        """
        board = self._frames.board
        if turn:
            yield from board.way.giving(self._looking())
        elif _now() >= self.bookmark_at and board.relaxed:
            yield from board.way.giving(board.syncing())

    async def meanwhile(self, pace: "Pace") -> list[bytes]:
        """What changed of few racks, where it is time for that while all are worked out."""
        board, scope = self._frames.board, self._view.scope
        if not board.is_quick(scope) or _now() < board.rested_at(scope) or not pace.due():
            return []
        await in_slices(board.way, self._looking())
        return await self.racks()

    async def racks(self) -> list[bytes]:
        """All racks that changed since it was told of them; or a snapshot and why."""
        if self._had != self._has:
            return []  # there was a snapshot meanwhile
        if self._delta is None:
            return [self._frames.resync(), *await self._anew()]
        delta, self._delta = self._delta, None
        self.at = self.at._replace(revision=delta.at.revision)
        frame = self._frames.dated(delta, self.at.seq)
        if frame is None:
            return []
        self.told = self.at
        return [frame]

    def bookmark(self) -> list[bytes]:
        """A sign of life, if it is time for one."""
        if _now() < self.bookmark_at:
            return []
        self.rest()
        return [self._frames.bookmark(self.told)]

    @property
    def _has(self) -> tuple[int, int]:
        """Up to which revision it was looked for racks, and which one it was told."""
        return self.at.revision, self.told.revision

    def _looking(self) -> Steps[None]:
        """Work out its racks, and make what it is owed of them."""
        frames, view = self._frames, self._view
        revision = yield from frames.board.syncing(view.scope)
        self._had, self._delta = None, None
        since, prev = had = self._has
        if since <= revision:  # else there was a snapshot meanwhile
            self._delta = yield from frames.delta(view, since, prev, revision)
            self._had = had

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
                    await asyncio.sleep(0)  # they wait for no fold
        return found


class Pace:
    """Turns at which a client may be told something, on a grid that all of one pace share.

    So clients that have the same to hear hear it at the same instant, in the same bytes. After a
    quiet time the first news comes at once; two turns are never closer than the pace allows.
    """

    def __init__(self, max_hz: float) -> None:
        self._period_ms = ceil(1000 / max_hz)
        self._turn = -1

    def due(self) -> bool:
        """Whether it is time for a turn, which is taken then."""
        turn = _now_ms() // self._period_ms
        if turn <= self._turn:
            return False
        self._turn = turn
        return True

    async def news(self, hub: Hub, at: Position, rested_at: float = 0.0) -> bool:
        """Wait for the next turn at which there is news, for a fault, or for the hub's end.

        False where it is not time for a turn: faults do not wait for one.

        Args:
            hub: Where the news are.
            at: What the client has.
            rested_at: Before this, of the loop's clock, there is no turn.
        """
        turn = max(self._turn + 1, ceil(rested_at * 1000 / self._period_ms))
        left_ms = turn * self._period_ms - _now_ms()
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


def _now() -> float:
    return asyncio.get_running_loop().time()


def _now_ms() -> int:
    """The loop's clock in whole milliseconds: finer, two sides would tell one turn apart."""
    return round(_now() * 1000)


async def _turn(pace: Pace, board: Board, view: View, at: Position, deadline: float) -> bool:
    """Wait for news, until a deadline of the loop's clock; whether racks may be told."""
    if _now() >= deadline:
        return False
    try:
        async with asyncio.timeout_at(deadline):
            return await pace.news(board.hub, at, board.rested_at(view.scope))
    except TimeoutError:
        return False
