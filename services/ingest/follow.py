"""The loop that folds what a source gives into a fleet."""

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from typing import Final

from schemas.envelope import Envelope
from services.intake import Intake
from twin.changes import Change, Changes, PointDescribed, PointRetracted
from twin.instants import Instant

SLICE: Final = 500
"""Messages folded before others get the loop: some 2 ms."""

TICK_S: Final = 0.25
"""How often time is told to a fleet that hears nothing: it decides how soon, never what."""

Emit = Callable[[Sequence[Change]], None]
Note = Callable[[Envelope], None]


async def follow(
    source: AsyncIterable[Sequence[Envelope]], intake: Intake, emit: Emit, note: Note
) -> None:
    """Fold each batch of ``source``, and emit what changed.

    Args:
        source: Batches of messages, each in the order in which it came.
        intake: Folds and counts them.
        emit: Told of every change, in order, and never waited for.
        note: Told of each message that described or retracted a point.
    """
    async for batch in source:
        for start in range(0, len(batch), SLICE):
            emit(_fold(batch[start : start + SLICE], intake, note))
            await asyncio.sleep(0)


def _fold(batch: Sequence[Envelope], intake: Intake, note: Note) -> list[Change]:
    changes: list[Change] = []
    for envelope in batch:
        found = intake.take(envelope.topic, envelope.payload, envelope.received_at)
        changes += found
        if _is_metadata(found):
            note(envelope)
    return changes


def _is_metadata(changes: Changes) -> bool:
    return any(type(change) in (PointDescribed, PointRetracted) for change in changes)


async def tick(intake: Intake, emit: Emit, clock: Callable[[], Instant]) -> None:
    """Let time pass for a fleet that hears nothing, until cancelled."""
    while True:
        await asyncio.sleep(TICK_S)
        changes = intake.advance(clock())
        if changes:
            emit(changes)
