"""How long it takes to make the fleet as it was, and for how long that keeps others waiting."""

import asyncio
import gc
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from services.api.slices import in_slices, uncollected
from services.bench.load import START
from services.bench.report import Report, quantile
from services.history.block import Row, block_of
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


async def bench_past(racks: int = RACKS) -> Report:
    """Keep what a simulated fleet says, then ask for the fleet as it was."""
    intake = Intake(Fleet())
    rows = _kept(intake, Plant(racks, seed=1))
    with TemporaryDirectory() as folder:
        store = await DuckStore.open(Path(folder))
        await store.write("bench", block_of(rows, 0))
        later = [row._replace(measured_at=_later(row), received_at=_later(row)) for row in rows]
        await store.write("bench", block_of(later, len(rows)))
        begin = perf_counter()
        block = await store.latest(AT)
        asked = perf_counter() - begin
        await store.close()
    gc.collect()
    begin = perf_counter()
    turns = await _made(recalled(block, intake.fleet, AT))
    made = perf_counter() - begin
    report = Report("past", f"{racks} simulated racks, {block.rows} series, as they were then")
    report.add("the store says what was told then", asked, "s")
    report.add("a fleet is made of it", made, "s")
    report.add("both", asked + made, "s", REACH_S, "lower")
    report.add("others wait meanwhile, p99", quantile(turns, 0.99) * 1e3, "ms")
    report.add("others wait meanwhile, at most", max(turns) * 1e3, "ms")
    return report


def _kept(intake: Intake, plant: Plant) -> list[Row]:
    """What is kept of all that a fleet says at first."""
    rows = Rows(intake.fleet)
    kept: list[Row] = []
    for topic, payload, at, _ in plant.recording(START, after(START, HEARD)):
        kept += rows.all_of(intake.take(topic, payload, at))
    return kept


def _later(row: Row) -> Instant:
    return after(row.received_at, LATER)


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
