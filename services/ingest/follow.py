"""The loop that folds what a source gives into a fleet.

A beat of a large fleet takes tens of milliseconds. So each has a turn of the loop of its own, with
which a process that was starved makes up for what it missed without losing its broker, and what is
told of faults leaves after each.
"""

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from typing import Final

from schemas.envelope import Envelope
from services.intake import Intake
from twin.changes import Change, Changes, PointDescribed, PointRetracted
from twin.instants import Instant

SLICE: Final = 500
"""Messages folded before others get the loop: some 2 ms."""

MUCH: Final = SLICE + 100
"""Changes after which others get the loop: more than messages are faults, which cost the most."""

TICK_S: Final = 0.25
"""How often time is told to a fleet that hears nothing: it decides how soon, never what."""

Emit = Callable[[Sequence[Change]], None]
Note = Callable[[Envelope], None]


async def follow(
    source: AsyncIterable[Sequence[Envelope]], intake: Intake, emit: Emit, note: Note
) -> None:
    """Fold each batch of ``source``, and emit what changed.

    Others have their turn after each beat, and after some messages.

    Args:
        source: Batches of messages, each in the order in which it came.
        intake: Folds and counts them.
        emit: Told of every change, in order, and never waited for.
        note: Told of each message that described or retracted a point.
    """
    async for batch in source:
        start, intake.folding = 0, True
        while start < len(batch):
            beat = intake.fleet.next_beat(batch[start].received_at)
            if beat is None:
                changes, start = _fold(batch, start, intake, note)
                emit(changes)
            else:
                emit(intake.advance(beat))
            await asyncio.sleep(0)
        intake.folding = False


def _fold(
    batch: Sequence[Envelope], start: int, intake: Intake, note: Note
) -> tuple[list[Change], int]:
    """Fold from ``start`` on, until a beat is due or there is enough to be emitted.

    What changed, and how far.
    """
    changes: list[Change] = []
    end = min(start + SLICE, len(batch))
    while start < end and len(changes) < MUCH:
        envelope = batch[start]
        if intake.fleet.next_beat(envelope.received_at) is not None:
            break
        start += 1
        found = intake.take(envelope.topic, envelope.payload, envelope.received_at)
        changes += found
        if _is_metadata(found):
            note(envelope)
    return changes, start


def _is_metadata(changes: Changes) -> bool:
    return any(type(change) in (PointDescribed, PointRetracted) for change in changes)


async def tick(intake: Intake, emit: Emit, clock: Callable[[], Instant]) -> None:
    """Let time pass for a fleet that hears nothing, until cancelled."""
    while True:
        await asyncio.sleep(TICK_S)
        if not intake.folding:
            await _pass(intake, emit, clock())


async def _pass(intake: Intake, emit: Emit, now: Instant) -> None:
    """Let time pass until ``now``, a beat a turn; where messages come meanwhile, they go on."""
    while not intake.folding:
        beat = intake.fleet.next_beat(now)
        changes = intake.advance(now if beat is None else beat)
        if changes:
            emit(changes)
        if beat is None:
            return
        await asyncio.sleep(0)
