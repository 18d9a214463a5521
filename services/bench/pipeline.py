"""Readings through the whole of history: taken, spooled on the disk, shipped, in a store."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from operator import attrgetter
from random import Random
from time import perf_counter, process_time
from typing import Final, NamedTuple

from services.bench.memory import resident_mib
from services.history.opened import opened
from services.history.store import Store
from services.history.writer import Writer
from services.settings import Settings
from services.simulate.columns import Columns
from services.simulate.noise import Noise
from services.simulate.site import site_of
from twin.changes import ReadingTaken
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PublisherId

START: Final = Instant(1_767_225_600_000)
AHEAD: Final = 100_000
"""Readings that may wait before more are given: what is measured is what is kept up for good."""

AT_ONCE: Final = 500
_PUBLISHER: Final = PublisherId("PUB")
_SOON_S: Final = 0.001


class Cost(NamedTuple):
    """What one run took."""

    rows: int
    wall_s: float
    cpu_s: float
    """Of the whole process, all its threads."""


def points_of(racks: int) -> list[Point]:
    """The power of so many racks."""
    names = (f"H1-R{n // 16:04d}-K{n % 16:02d}" for n in range(racks))
    return [
        Point(
            PointId(f"Rack/RackPower/campus/hall1/{name}/power"),
            "Rack",
            "RackPower",
            EntityId(name),
            _PUBLISHER,
            unit="kW",
        )
        for name in names
    ]


def all_points_of(racks: int) -> list[Point]:
    """Whatever is measured in and around so many racks, one after the other."""
    return sorted(Columns(site_of(racks), Noise(1)).points, key=attrgetter("id"))


def shuffled(points: Sequence[Point], rounds: int) -> Iterator[ReadingTaken]:
    """A reading of each point in a round, in whatever order, each round in another one."""
    chance, order = Random(1), list(points)  # noqa: S311  # chooses, and keeps no secret
    for second in range(rounds):
        chance.shuffle(order)
        yield from readings(order, second)


def readings(points: Sequence[Point], second: int) -> Iterator[ReadingTaken]:
    """What becomes of one reading of each point, in one second."""
    for place, point in enumerate(points):
        at = Instant(START + second * 1000 + place % 1000)
        value = (place * 7 + second * 13) % 1300 / 10
        yield ReadingTaken(point, value, 1, at, Instant(at + 5), changed=False)


@asynccontextmanager
async def writing(stores: Sequence[Store], settings: Settings) -> AsyncIterator[Writer]:
    """A writer at work."""
    with opened(stores, settings, "bench", Fleet()) as writer:
        task = asyncio.ensure_future(writer.run())
        try:
            yield writer
        finally:
            task.cancel()
            await asyncio.wait([task])


async def sustained(store: Store, settings: Settings, points: int, seconds: int) -> Cost:
    """Give as much as is kept up with, from the changes to the store's yes to the last of them.

    In the end the writer is stopped: so nobody waits for a block that nothing comes to fill.
    """
    known = points_of(points)
    changes = [change for second in range(seconds) for change in readings(known, second)]
    return await _given(store, settings, changes)


async def at_random(store: Store, settings: Settings, racks: int, rounds: int) -> Cost:
    """The same with all points of so many racks in whatever order, once all were heard before."""
    points = all_points_of(racks)
    changes = list(shuffled(points, rounds + 1))
    return await _given(store, settings, changes, len(points))


async def _given(
    store: Store, settings: Settings, changes: Sequence[ReadingTaken], before: int = 0
) -> Cost:
    """What it took to keep changes, but for so many of them that are kept before it counts."""
    gc.collect()
    gc.freeze()  # what was made beforehand is not to be looked through again and again
    async with writing([store], settings) as writer:
        (shipper,) = writer.shippers
        await _give(writer, changes[:before])
        while writer.waiting(shipper):  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(_SOON_S)
        begin, used = perf_counter(), process_time()
        await _give(writer, changes[before:])
    cost = Cost(shipper.reader.shipped - before, perf_counter() - begin, process_time() - used)
    if cost.rows < len(changes) - before:
        raise RuntimeError("the store has not all of it")
    gc.unfreeze()
    return cost


async def _give(writer: Writer, changes: Sequence[ReadingTaken]) -> None:
    """Give as many at a time as are kept up with."""
    (shipper,) = writer.shippers
    for place in range(0, len(changes), AT_ONCE):
        writer.take(changes[place : place + AT_ONCE])
        await asyncio.sleep(0)
        while writer.waiting(shipper) > AHEAD:  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(_SOON_S)


@contextmanager
def one_core() -> Iterator[None]:
    """Have this thread, and all that it starts, run on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def outage(store: Store, settings: Settings, points: int, seconds: int) -> list[float]:
    """Resident MiB after each second of an outage of ``store``, as its readings' time goes."""
    known = points_of(points)
    resident = []
    async with writing([store], settings) as writer:
        for second in range(seconds):
            writer.take(readings(known, second))
            await asyncio.sleep(0)
            while writer.unsynced > AHEAD:  # noqa: ASYNC110  # nobody is told
                await asyncio.sleep(_SOON_S)
            resident.append(resident_mib())
        if writer.lost or writer.losses.total:
            raise RuntimeError("readings were lost: the spool has no room for an hour")
    return resident
