"""How long it takes to make the fleet as it was, and for how long that keeps others waiting."""

import asyncio
import gc
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import numpy as np

from services.api.slices import in_slices, uncollected
from services.bench.load import START
from services.bench.report import Report, quantile
from services.history.block import Block, Kept, block_of
from services.history.cold import SIZES
from services.history.duck import DuckStore
from services.history.past import recalled
from services.history.rows import Rows
from services.intake import Intake
from services.simulate.plant import Plant
from services.way import Way
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.steps import Steps

RACKS: Final = 7_500

HEARD: Final = Millis(1_000)
"""So much is said of the fleet; each point once and more."""

LATER: Final = Millis(600_000)
"""So much later it is asked for …"""
AT: Final = after(START, Millis(2_500))
"""… as it was then."""

REACH_S: Final = 10.0
"""To be made within seconds."""

A_SECOND: Final = 58_500
"""Readings, as 7,500 racks give them at their own pace."""

_AT_ONCE: Final = 1_000_000


async def bench_past(racks: int = RACKS, since: int = SIZES.apart) -> Report:
    """Keep what a simulated fleet says, then ask for the fleet as it was.

    Args:
        racks: How many.
        since: How many readings come after the last snapshot, in the worst case.
    """
    intake = Intake(Fleet())
    told = _kept(intake, Plant(racks, seed=1))
    with TemporaryDirectory() as folder:
        # so that nothing is remembered meanwhile
        sizes = SIZES._replace(apart=2 * since, hot=4 * since)
        store = await DuckStore.open(Path(folder), sizes=sizes)
        await store.write("bench", told)
        later = told._replace(
            first=told.upto,
            measured_at=told.measured_at + LATER,
            received_at=told.received_at + LATER,
        )
        await store.write("bench", later)
        block, asked = await _asked(store, AT)
        until = await _flood(store, later, since)
        _, worst = await _asked(store, until)
        await store.close()
    gc.collect()
    begin = perf_counter()
    turns = await _made(recalled(block, intake.fleet, AT))
    made = perf_counter() - begin
    report = Report("past", f"{racks} simulated racks, {block.rows} series, as they were then")
    report.add("the store says what was told then", asked, "s")
    report.add("a fleet is made of it", made, "s")
    report.add("both", asked + made, "s", REACH_S, "lower")
    name = f"the store says it where {since / 1e6:g} million readings came since a snapshot"
    report.add(name, worst, "s")
    report.add("both then", worst + made, "s", REACH_S, "lower")
    report.add("others wait meanwhile, p99", quantile(turns, 0.99) * 1e3, "ms")
    report.add("others wait meanwhile, at most", max(turns) * 1e3, "ms")
    return report


async def _asked(store: DuckStore, at: Instant) -> tuple[Block, float]:
    """What was known at an instant, and the seconds until it was said."""
    begin = perf_counter()
    return await store.latest(at), perf_counter() - begin


async def _flood(store: DuckStore, told: Block, readings: int) -> Instant:
    """Have so many readings more of the same series, in turn; when the last of them came."""
    at = int(told.received_at.max()) + 1
    for start in range(0, readings, _AT_ONCE):
        number = np.arange(start, min(start + _AT_ONCE, readings))
        came = at + number * HEARD // A_SECOND
        point = (number % len(told.points)).astype(np.int32)
        value, good = (number % 70) / 10 + 30, np.ones(len(number), np.int32)
        first = told.upto + start
        await store.write("bench", Block(first, told.points, point, value, good, came, came, {}))
    return Instant(at + readings * HEARD // A_SECOND)


def _kept(intake: Intake, plant: Plant) -> Block:
    """What is kept of all that a fleet says at first."""
    rows = Rows(intake.fleet)
    kept: list[Kept] = []
    for topic, payload, at, _ in plant.recording(START, after(START, HEARD)):
        kept += rows.all_of(intake.take(topic, payload, at))
    return block_of(kept, 0)


async def _made(steps: Steps[Fleet]) -> list[float]:
    """How long the loop was held each time, until the fleet was there."""
    turns: list[float] = []
    with uncollected():
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(in_slices(Way(), steps))
            while not work.done():
                begin = perf_counter()
                await asyncio.sleep(0)
                turns.append(perf_counter() - begin)
    return turns
