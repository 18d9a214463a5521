"""What one look at a rack costs, computed when asked: all of it, and what a stream tells."""

import gc
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from time import process_time
from typing import Final

from schemas.stream import Cell, row_of
from services.bench.load import START
from services.bench.report import Report, quantile
from services.intake import Intake
from services.simulate.plant import Plant
from twin.fleet import Fleet
from twin.health import gist_in_health
from twin.instants import Millis, after
from twin.points import EntityId

RACKS: Final = 1_000
ROUNDS: Final = 5


def bench_views(racks: int = RACKS, rounds: int = ROUNDS) -> Report:
    """Ask for every rack of a simulated fleet, again and again; CPU time, each rack by itself."""
    fleet = _fleet(racks)
    ids = [rack.id for rack in fleet.racks()]
    gc.collect()
    gc.freeze()  # the fleet itself is not to be looked through again and again
    took = [_seconds(fleet.rack, ids) for _ in range(rounds)]
    in_short = [_seconds(partial(_row, fleet), ids) for _ in range(rounds)]
    gc.unfreeze()
    each = [statistics.median(times) for times in zip(*took, strict=True)]
    gists = [statistics.median(times) for times in zip(*in_short, strict=True)]
    report = Report("views", f"the view of each of {len(ids)} simulated racks, CPU time")
    report.add("points of a rack", fleet.counts.live / len(ids), "")
    report.add("a rack, p50", quantile(each, 0.5) * 1e6, "µs")
    report.add("a rack, p99", quantile(each, 0.99) * 1e6, "µs")
    report.add("all of them", statistics.median(map(sum, took)) * 1e3, "ms")
    report.add("its gist and row of the stream, p50", quantile(gists, 0.5) * 1e6, "µs", 40, "lower")
    report.add("against a view", quantile(gists, 0.5) / quantile(each, 0.5), "times")
    return report


def _fleet(racks: int) -> Fleet:
    """A fleet whose every point has been described and heard."""
    intake, plant = Intake(Fleet()), Plant(racks, seed=1)
    for topic, payload in plant.metadata():
        intake.take(topic, payload, START)
    for topic, payload, at, _ in plant.values(after(START, Millis(1_000))):
        intake.take(topic, payload, at)
    return intake.fleet


def _row(fleet: Fleet, rack: EntityId) -> tuple[Cell, ...] | None:
    gist = gist_in_health(fleet, rack)
    return None if gist is None else row_of(gist)


def _seconds(look: Callable[[EntityId], object], ids: Sequence[EntityId]) -> list[float]:
    took = []
    for identity in ids:
        begin = process_time()
        look(identity)
        took.append(process_time() - begin)
    return took
