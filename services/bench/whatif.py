"""How long a what-if keeps everything else waiting, at once and in slices."""

import asyncio
import gc
from time import perf_counter
from typing import Final

from schemas.whatif import outcome_json, outcome_view
from services.api.board import Board
from services.api.slices import in_slices, sliced
from services.bench.load import START
from services.bench.report import Report, median_seconds, quantile
from services.hub import Hub
from services.intake import Intake
from services.simulate.plant import Plant
from twin.affected import Case
from twin.fleet import Fleet
from twin.instants import Millis, after
from twin.whatif import consequences, stepwise

RACKS: Final = 2_000
ROUNDS: Final = 3
CASE: Final = Case(load_factor=1.2)
"""It alters every rack and every meter."""


async def bench_whatif(racks: int = RACKS, rounds: int = ROUNDS) -> Report:
    """Let every rack of a simulated fleet draw a fifth more, first in one go, then in slices."""
    intake, plant = Intake(Fleet()), Plant(racks, seed=1)
    intake.take_all(plant.recording(START, after(START, Millis(1_000))))
    gc.collect()
    gc.freeze()
    gc.disable()  # as the API does for as long as it takes
    at_once = median_seconds(lambda: _at_once(intake.fleet), rounds)
    board = Board(intake.fleet, Hub("bench"))
    held = [await _in_slices(intake, board) for _ in range(rounds)]
    gc.enable()
    gc.unfreeze()
    turns = [turn for each in held for turn in each]
    report = Report("whatif", f"every one of {racks} simulated racks draws a fifth more")
    report.add("at once: others wait", at_once * 1e3, "ms")
    report.add("in slices: all of it", sum(turns) / rounds * 1e3, "ms")
    report.add("others wait, p50", quantile(turns, 0.5) * 1e3, "ms")
    report.add("others wait, p99", quantile(turns, 0.99) * 1e3, "ms", 5, "lower")
    report.add("others wait, at most", max(turns) * 1e3, "ms")
    return report


def _at_once(fleet: Fleet) -> str:
    return outcome_view(consequences(fleet, CASE), START).model_dump_json()


async def _in_slices(intake: Intake, board: Board) -> list[float]:
    """How long the loop was held each time, until all of it was told."""
    turns: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(_told(intake, board))
        while not work.done():
            begin = perf_counter()
            await asyncio.sleep(0)
            turns.append(perf_counter() - begin)
    return turns


async def _told(intake: Intake, board: Board) -> int:
    with intake.fork(board.ids()) as fork:
        content = outcome_json(await in_slices(board.way, stepwise(fork, CASE)), START)
    return sum([len(part) async for part in sliced(board.way, content)])
