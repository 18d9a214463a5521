"""A load on a broker, from a process of its own: ``... -m services.bench.load URL RATE COUNT``."""

import asyncio
import sys
from itertools import islice
from typing import Final

from pydantic_core import Url

from services.broker.publish import publisher
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from twin.instants import Instant, Millis, after

SLICE_S: Final = 0.02
START: Final = Instant(1_767_225_600_000)
RACKS: Final = 48


async def load(url: str, rate: int, count: int) -> None:
    """Publish ``count`` messages of a simulated fleet, evenly at ``rate`` a second."""
    told = Plant(RACKS, seed=1).messages(START, after(START, Millis(10**9)))
    loop = asyncio.get_running_loop()
    async with publisher(BrokerSettings(url=Url(url)), "load") as send:
        begin, sent = loop.time(), 0
        while sent < count:
            due = min(count, int((loop.time() - begin) * rate) + 1)
            for message in islice(told, max(0, due - sent)):
                await send(message.topic, message.payload)
            sent = max(sent, due)
            await asyncio.sleep(SLICE_S)


if __name__ == "__main__":
    asyncio.run(load(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
