"""Play: put a recording onto a broker, as if it happened now."""

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Final

from schemas.envelope import Envelope
from schemas.recording import retimed
from services.broker.publish import Publish
from services.clock import wall_clock
from services.replay.filters import matching
from twin.instants import Instant

_METADATA: Final = re.compile(r"(?:cpc/[^/]+/)?BMS/v1/[^/]+/Metadata/")

Opener = Callable[[], Iterable[Envelope]]
"""Opens a recording at its beginning."""


async def play(
    recording: Opener,
    publish: Publish,
    *,
    speed: float | None = 1.0,
    loop: bool = False,
    topic_filter: str = "#",
    clock: Callable[[], Instant] = wall_clock,
) -> int:
    """Publish a recording in its own timing; the number of messages sent.

    The times in payloads move along: the recording begins now, and its time passes at the speed it
    is played at. Without a speed every message is of the instant it is sent. So no source's clock
    runs ahead. Metadata is retained.

    Args:
        recording: Called anew for every pass.
        publish: Where to.
        speed: Times as fast as it was; ``None`` is as fast as messages are taken.
        loop: Begin again at the end, until cancelled.
        topic_filter: What of it, as one would subscribe.
        clock: Says what instant it is.

    Raises:
        ValueError: The filter is none.
    """
    wanted = matching(topic_filter)
    sent = 0
    while True:
        before = sent
        time = _Time(speed, clock)
        for envelope in recording():
            await time.reach(envelope.received_at)
            if wanted(envelope.topic):
                payload = retimed(envelope.payload, time.of)
                await publish(envelope.topic, payload, retain=_retained(envelope))
                sent += 1
        if not loop or sent == before:  # of nothing there would be no end
            return sent


class _Time:
    """How the time of a recording passes while it is played."""

    def __init__(self, speed: float | None, clock: Callable[[], Instant]) -> None:
        self._speed = speed
        self._clock = clock
        self._began = clock()
        self._began_s = asyncio.get_running_loop().time()
        self._first: int | None = None  # instant of the recording that is played as ``_began``

    async def reach(self, then: int) -> None:
        """Wait until an instant of the recording is due."""
        if self._first is None:
            self._first = then
        if self._speed is not None:
            due_s = self._began_s + (then - self._first) / 1000 / self._speed
            wait_s = due_s - asyncio.get_running_loop().time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)

    def of(self, then: int) -> int:
        """When an instant of the recording is now."""
        if self._speed is None or self._first is None:
            return self._clock()
        return self._began + round((then - self._first) / self._speed)


def _retained(envelope: Envelope) -> bool:
    return envelope.retain or _METADATA.match(envelope.topic) is not None
