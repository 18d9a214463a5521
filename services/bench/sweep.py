"""A fleet that is read round and round: ``... -m services.bench.sweep URL RACKS RATE``.

As large fleets are read: each point in its turn, so often as the rate allows.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Final

from pydantic_core import Url

from schemas.contract import HEARTBEAT_S
from services.bench.load import START
from services.broker.publish import Publish, publisher
from services.clock import wall_clock
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from twin.instants import NEVER, Instant, Millis, after

SLICE_S: Final = 0.02
LEAKS: Final = "/RackLeakDetect/"
"""In the topics of what is left to somebody else."""

_SYSTEMS: Final = "/System/"
_SECOND: Final = Millis(1_000)
_BEAT: Final = Millis(HEARTBEAT_S * 1_000)
_stamp: Final = re.compile(rb'"timestamp":\d+')


async def sweep(
    url: str, racks: int, rate: int, swept: Callable[[], None], until: Instant = NEVER
) -> None:
    """Say every value of a simulated fleet in turn, at ``rate`` a second, again and again.

    A second of the fleet's time goes by from one round to the next, however long a round takes;
    each value says the time at which it is sent. Its publishers live; its rope leak detectors are
    left to somebody else.

    Args:
        url: Of the broker.
        racks: How many there are.
        rate: Messages a second.
        swept: Called when all was said once.
        until: When it ends.
    """
    plant = Plant(racks, seed=1)
    hearts = [each.topic for each in plant.values(START) if _SYSTEMS in each.topic]
    values = _round_and_round(plant, swept)
    loop = asyncio.get_running_loop()
    async with publisher(BrokerSettings(url=Url(url)), "sweep") as send:
        begin, sent, beat = loop.time(), 0, wall_clock()
        while (now := wall_clock()) < until:
            if now >= beat:
                beat = after(beat, _BEAT)
                await _live(send, hearts, now)
            due = int((loop.time() - begin) * rate) + 1
            for topic, payload in islice(values, due - sent):
                await send(topic, stamped(payload, wall_clock()))
            sent = due
            await asyncio.sleep(SLICE_S)


def stamped(payload: bytes, now: Instant) -> bytes:
    """A value, said now."""
    return _stamp.sub(b'"timestamp":%d' % now, payload)


async def _live(send: Publish, hearts: list[str], now: Instant) -> None:
    for topic in hearts:
        await send(topic, b'{"value":%d,"timestamp":%d,"quality":1}' % (now, now))


def _round_and_round(plant: Plant, swept: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    for number in count(1):
        for topic, payload, _, _ in plant.values(after(START, Millis(number * _SECOND - 1))):
            if LEAKS not in topic and _SYSTEMS not in topic:
                yield topic, payload
        if number == 1:
            swept()


if __name__ == "__main__":
    asyncio.run(
        sweep(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), lambda: print("swept", flush=True))  # noqa: T201  # told to whoever started it
    )
