"""The loop that folds what a source gives into a fleet.

A beat of a large fleet takes tens of milliseconds. So each has a turn of the loop of its own, with
which a process that was starved makes up for what it missed without losing its broker, and what is
told of faults leaves after each.
"""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from typing import Final

from schemas.envelope import Envelope
from services.hub import at_once
from services.intake import Intake, Note
from twin.changes import Change
from twin.instants import Instant

TICK_S: Final = 0.25
"""How often time is told to a fleet that hears nothing: it decides how soon, never what."""

Emit = Callable[[Sequence[Change]], None]
Kept = Callable[[], Awaitable[None]]
"""Back when all that was emitted so far is where it is to be kept."""
Room = Callable[[], Awaitable[None]]
"""Back when there is room for what may be emitted next."""


async def follow(
    source: AsyncIterable[Sequence[Envelope]],
    intake: Intake,
    emit: Emit,
    note: Note,
    kept: Kept | None = None,
    room: Room = at_once,
) -> None:
    """Fold each batch of ``source``, and emit what changed.

    Others have their turn after each beat, and after some messages.

    Args:
        source: Batches of messages, each in the order in which it came.
        intake: Folds and counts them.
        emit: Told of every change, in order.
        note: Told of each message that described or retracted a point.
        kept: Waited for before the next batch is asked for, by which ``source`` knows that the one
            before is done with.
        room: Waited for before more is folded.
    """
    async for batch in source:
        intake.folding = True
        for changes in intake.steps(batch, note):
            emit(changes)
            await asyncio.sleep(0)
            await room()
        intake.folding = False
        if kept is not None:
            await kept()


async def tick(
    intake: Intake, emit: Emit, clock: Callable[[], Instant], room: Room = at_once
) -> None:
    """Let time pass for a fleet that hears nothing, until cancelled."""
    while True:
        await asyncio.sleep(TICK_S)
        if not intake.folding:
            await _pass(intake, emit, clock(), room)


async def _pass(intake: Intake, emit: Emit, now: Instant, room: Room) -> None:
    """Let time pass until ``now``, a beat a turn; where messages come meanwhile, they go on."""
    while not intake.folding:
        beat = intake.fleet.next_beat(now)
        changes = intake.advance(now if beat is None else beat)
        if changes:
            emit(changes)
        await room()
        if beat is None:
            return
        await asyncio.sleep(0)
