"""A whole fleet from one process: ``... -m services.bench.feeder URL RACKS [straight]``.

It speaks to the broker there; or, straight, to whoever connects there and subscribes.
It tells when it is ready; then each line that it reads is an order (``Order``), and each line that
it writes what came of one (``Done``).
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import msgspec
from pydantic_core import Url

from schemas.mqtt.packets import connect
from services.bench.load import START
from services.bench.running import Running, orders
from services.bench.straight import straight
from services.bench.sweep import LEAKS
from services.clock import wall_clock
from services.simulate.feed import Feed, Line
from services.simulate.plant import Plant
from services.simulate.tape import Tape, changes, everything, repeats
from twin.instants import Millis

WATCHED: Final = "/RackLiquidSupplyTemperature/Hall1/R01/K01/"
"""In the topic of what is left to somebody else besides leaks."""

RECORDED: Final = "recorded"
"""What a fleet says: changes, and everything once in 100 s, its metadata too."""

EVERYTHING: Final = "everything"
"""Every value once a second."""

COUNT: Final = "count"
"""Nothing: only what became of the last order, and how many messages that makes."""

REST: Final = "rest"
"""The same, and no heartbeats from now on."""

_LEFT: Final = (LEAKS, WATCHED)
_CHANGES: Final = Millis(8_000)
_SECONDS: Final = 3
_SAMPLE: Final = 200
_SYSTEMS: Final = "/Value/System/"
_CONNACK: Final = 4


class Ready(msgspec.Struct):
    """Told first."""

    topic: str
    """Of what is watched …"""
    value: float
    """… and what it would say."""
    points: int
    """How many others say values."""
    rate: float
    """Messages a second at the fleet's own pace."""


class Order(msgspec.Struct):
    """What is to be played."""

    what: str
    span_s: float = 0.0
    rate: float = 0.0
    """Messages a second; 0 is the fleet's own pace."""


class Done(msgspec.Struct):
    """What came of an order."""

    sent: int = 0
    values: int = 0
    """Of these, what is no metadata."""
    total: int = 0
    """All messages since the process began, heartbeats too."""
    hearts: int = 0
    """Of all, heartbeats."""
    seconds: list[int] = []
    """Messages of each."""
    late_s: float = 0.0
    """By how much it took longer than it was to."""
    took_s: float = 0.0
    cpu_us: float = 0.0
    """A message, of this process."""
    said: dict[str, float | None] = {}
    """What some topics said last; None those that said nothing."""


async def ordered(feeder: Running, order: Order) -> Done:
    """What came of an order that a process of these was given."""
    return msgspec.json.decode(await feeder.ask(msgspec.json.encode(order)), type=Done)


class Feeder:
    """A fleet on a line."""

    def __init__(self, racks: int) -> None:
        plant = Plant(racks, seed=1)
        self.tapes: dict[str, Sequence[Tape]] = {
            RECORDED: (changes(plant, START, _CHANGES, _LEFT), repeats(plant, START, _LEFT)),
            EVERYTHING: (everything(plant, START, _SECONDS, _LEFT),),
        }
        shown = {each.topic: each.payload for each in plant.values(START)}
        self.hearts = [topic for topic in shown if _SYSTEMS in topic]
        told = sorted(self.tapes[EVERYTHING][0].topics)
        (watched,) = [topic for topic in shown if WATCHED in topic]
        value, rate = _value(shown[watched]) or 0.0, _rate(self.tapes[RECORDED])
        self.ready = Ready(watched, value, len(told), rate)
        self._sample = random.Random(1).sample(told, min(_SAMPLE, len(told)))  # noqa: S311
        self.feed: Feed
        self._total = self._beats = 0
        self._done = Done()

    async def play(self, order: Order) -> Done:
        """Do what is asked."""
        if order.what == REST:
            self.hearts.clear()
        if order.what in self.tapes:
            await self._play(order)
        return msgspec.structs.replace(
            self._done, total=self._total + self._beats, hearts=self._beats
        )

    async def _play(self, order: Order) -> None:
        tapes = self.tapes[order.what]
        rate = order.rate or _rate(tapes)
        fed = await self.feed.play(tapes, rate, order.span_s)
        self._total += fed.sent
        self._done = Done(
            sent=fed.sent,
            values=fed.values,
            seconds=fed.seconds,
            late_s=fed.late_s,
            took_s=fed.took_s,
            cpu_us=fed.cpu_s / max(1, fed.sent) * 1e6,
            said={topic: _value(self.feed.last(topic)) for topic in self._sample},
        )

    def beat(self, count: int) -> None:
        """Count heartbeats."""
        self._beats += count


async def feed(
    line: AbstractAsyncContextManager[Line], racks: int, given: asyncio.StreamReader
) -> None:
    """Do what is ordered until there is no more."""
    feeder = Feeder(racks)
    async with line as found, asyncio.TaskGroup() as tasks:
        feeder.feed = Feed(found, wall_clock)
        living = tasks.create_task(feeder.feed.live(feeder.hearts, feeder.beat))
        _tell(feeder.ready)
        async for order in given:
            _tell(await feeder.play(msgspec.json.decode(order, type=Order)))
        living.cancel()


@asynccontextmanager
async def _line(url: Url) -> AsyncIterator[asyncio.StreamWriter]:
    """A broker that has let us in; QoS 0 is never answered, so nothing is read after that."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(connect("racktwin-feeder"))
    answer = await reader.readexactly(_CONNACK)
    if answer[-1]:
        raise ConnectionError(f"refused with code {answer[-1]}")
    try:
        yield writer
    finally:
        writer.close()
        await writer.wait_closed()


def _rate(tapes: Sequence[Tape]) -> float:
    return sum(tape.rate for tape in tapes)


def _value(payload: bytes | None) -> float | None:
    if payload is None:
        return None
    value: float = msgspec.json.decode(payload)["value"]
    return value


def _tell(what: Ready | Done) -> None:
    print(msgspec.json.encode(what).decode(), flush=True)  # noqa: T201  # to whoever orders


async def _main(url: str, racks: str, *how: str) -> None:
    line = straight if how else _line
    await feed(line(Url(url)), int(racks), await orders())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
