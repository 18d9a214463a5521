"""What one look at a rack costs: its power, its cooling and its place, computed when asked."""

import gc
import statistics
from collections.abc import Sequence
from time import process_time
from typing import Final

from services.bench.load import START
from services.bench.report import Report, quantile
from services.intake import Intake
from services.simulate.plant import Plant
from twin.fleet import Fleet
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
    took = [_seconds(fleet, ids) for _ in range(rounds)]
    gc.unfreeze()
    each = [statistics.median(times) for times in zip(*took, strict=True)]
    report = Report("views", f"the view of each of {len(ids)} simulated racks, CPU time")
    report.add("points of a rack", fleet.counts.live / len(ids), "")
    report.add("a rack, p50", quantile(each, 0.5) * 1e6, "µs")
    report.add("a rack, p99", quantile(each, 0.99) * 1e6, "µs")
    report.add("all of them", statistics.median(map(sum, took)) * 1e3, "ms")
    return report


def _fleet(racks: int) -> Fleet:
    """A fleet whose every point has been described and heard."""
    intake, plant = Intake(Fleet()), Plant(racks, seed=1)
    for topic, payload in plant.metadata():
        intake.take(topic, payload, START)
    for topic, payload, at, _ in plant.values(after(START, Millis(1_000))):
        intake.take(topic, payload, at)
    return intake.fleet


def _seconds(fleet: Fleet, ids: Sequence[EntityId]) -> list[float]:
    took = []
    for identity in ids:
        begin = process_time()
        fleet.rack(identity)
        took.append(process_time() - begin)
    return took
