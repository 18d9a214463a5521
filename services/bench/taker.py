"""Takes in what a broker says: ``... -m services.bench.taker URL RACKS WHAT``.

It tells when it listens and has heard all of so many simulated racks; asked for a number of
messages, it tells once it has taken so many since it was asked first.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from enum import StrEnum
from time import process_time

import msgspec
from pydantic_core import Url

from schemas.envelope import Envelope
from services.bench.load import START
from services.bench.running import orders
from services.bench.sweep import stamped
from services.broker.listen import listen
from services.broker.status import Status
from services.clock import wall_clock
from services.heap import sparing
from services.hub import Settled, at_once
from services.ingest.follow import Emit, follow
from services.intake import Intake
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from twin.changes import Changes
from twin.fleet import Fleet
from twin.instants import NEVER

_SOON_S = 0.005


class What(StrEnum):
    """What is done with the messages."""

    RECEIVE = "receive"
    """Nothing."""
    FOLD = "fold"
    """Folded, with what falls due for silence, but no balance and no fault is judged."""
    TWIN = "twin"
    """Folded, with all balances and faults."""


class Taken(msgspec.Struct):
    """What was done so far."""

    messages: int = 0
    cpu_s: float = 0.0
    dropped: int = 0
    """Messages that came and went."""


class Taker:
    """Takes in, and counts."""

    def __init__(self, settings: BrokerSettings, what: What) -> None:
        self._what = what
        self._status = Status()
        self._source = listen(settings, f"taker-{what}", self._status)
        self._messages = 0
        self.intake = Intake(Fleet())
        self.emit: Emit = lambda _: None
        """Told of every change."""
        self.settled: Settled = at_once
        """Waited for before it is told what was done."""

    def hear(self, plant: Plant) -> Iterator[Changes]:
        """Hear everything once, as of now: whoever is heard first costs more."""
        for topic, payload in plant.metadata():
            yield self.intake.take(topic, payload, wall_clock())
        for topic, payload, _, _ in plant.values(START):
            now = wall_clock()
            yield self.intake.take(topic, stamped(payload, now), now)

    async def run(self) -> None:
        """Until cancelled."""
        if self._what is What.FOLD:
            self.intake.fleet.audit.next_at = NEVER
        async with aclosing(self._counted()) as batches:
            if self._what is What.RECEIVE:
                async for _ in batches:
                    pass
            await follow(batches, self.intake, self.emit, lambda _: None)

    async def connected(self) -> None:
        """Back once it listens."""
        while not self._status.connected:  # noqa: ASYNC110  # a status is read, it tells nobody
            await asyncio.sleep(_SOON_S)

    async def taken(self, messages: int) -> Taken:
        """What was done, once that many were taken."""
        while self._messages < messages:  # noqa: ASYNC110  # to wake somebody would cost
            await asyncio.sleep(_SOON_S)
        await self.settled()
        return Taken(self._messages, process_time(), self._status.dropped)

    async def _counted(self) -> AsyncGenerator[Sequence[Envelope]]:
        async with aclosing(self._source) as batches:
            async for batch in batches:
                yield batch
                self._messages += len(batch)


async def take(taker: Taker, asked: AsyncIterator[bytes]) -> None:
    """Take in until nobody asks any more."""
    with sparing():
        gc.collect()
        gc.freeze()  # what was heard lasts, as it would be found in time
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(taker.run())
            await taker.connected()
            _tell(await taker.taken(0))
            async for order in asked:
                _tell(await taker.taken(int(order)))
            work.cancel()


def _tell(taken: Taken) -> None:
    print(msgspec.json.encode(taken).decode(), flush=True)  # noqa: T201  # to whoever asks


async def _main(url: str, racks: str, name: str) -> None:
    what = What(name)
    taker = Taker(BrokerSettings(url=Url(url)), what)
    if what is not What.RECEIVE:
        for _ in taker.hear(Plant(int(racks), seed=1)):
            pass
    await take(taker, await orders())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
