"""Publish: a plant's messages at the pace of time, as a building management system says them."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from schemas.envelope import Envelope
from services.simulate.plant import Plant
from twin.instants import NEVER, Instant, Millis

BATCH_S: Final = 0.05
"""Messages that fall due within this time go out together."""

BEHIND: Final = Millis(2_000)
"""What is later than this is not sent any more: the present state is, once, in its place."""

Clock = Callable[[], Instant]

_log: Final = logging.getLogger(__name__)


class Send(Protocol):
    """Where messages go; it may wait, and what it waits for is caught up or skipped."""

    async def __call__(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message."""


async def publish(plant: Plant, send: Send, clock: Clock, until: Instant = NEVER) -> None:
    """Say all that ``plant`` says from now on, each message when its time has come.

    All metadata and every present value come first. After a stall, of this process or of ``send``,
    the present values come again, one for each point, instead of all that was missed.

    Args:
        plant: What speaks.
        send: Awaited message by message.
        clock: The time that messages are paced by.
        until: Messages of this instant and later are not sent.
    """
    for topic, payload in plant.metadata():
        await send(topic, payload, retain=True)
    at = clock()
    while at < until:
        for message in plant.values(at):
            await send(message.topic, message.payload, retain=message.retain)
        at = await _pace(plant.messages(at, until), send, clock)


async def _pace(messages: Iterator[Envelope], send: Send, clock: Clock) -> Instant:
    """Send messages in time; returns the instant to go on from once they come too late."""
    now = clock()
    for message in messages:
        while message.received_at > now:
            await asyncio.sleep(BATCH_S)
            now = clock()
        if now - message.received_at > BEHIND:
            _log.warning(
                "simulation is late: skipping ahead", extra={"behind_ms": now - message.received_at}
            )
            return now
        await send(message.topic, message.payload, retain=message.retain)
    return NEVER
