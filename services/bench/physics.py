"""What live balances and rules cost on the fold: every beat of a large simulated fleet is timed."""

import gc
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time
from typing import Final

from schemas.envelope import Envelope
from services.bench.load import START
from services.bench.report import Report
from services.intake import Intake
from services.simulate.plant import Plant
from twin.changes import FaultChanged, FindingChanged
from twin.faults.rule import Rules
from twin.faults.thresholds import SiteRules
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after

RACKS: Final = 10_000
SECONDS: Final = 20
_SECOND: Final = Millis(1_000)
_SETTLING: Final = 30
"""Seconds before it counts: until everything was drawn up, step by step, and judged once."""


@dataclass(slots=True)
class Spent:
    """CPU seconds of some messages."""

    plain: float
    """Of a message that meets no beat."""
    beats: float
    """Of all that meet one, beyond that."""
    longest: float
    found: int
    """Findings and faults that were told."""


def bench_physics(racks: int = RACKS, seconds: int = SECONDS) -> Report:
    """Fold a simulated fleet second by second, once with its balances and once with rules too."""
    plant = Plant(racks, seed=1)
    ruled, balanced = Intake(Fleet()), Intake(Fleet())
    balanced.fleet.govern(SiteRules(Rules.of([])), START)
    standing = list(plant.recording(START, after(START, _SECOND)))
    for intake in (ruled, balanced):
        spend(intake, standing)
    gc.collect()
    gc.freeze()  # the fleets themselves are not to be looked through again and again
    spent: list[tuple[int, Spent, Spent]] = []
    for second in range(1, _SETTLING + seconds):
        begin = Instant(START + second * _SECOND)
        said = list(plant.messages(begin, after(begin, _SECOND)))
        pair = spend(balanced, said), spend(ruled, said)
        if second >= _SETTLING:
            spent.append((len(said), *pair))
    gc.unfreeze()
    return _report(racks, spent, sum(1 for _ in ruled.fleet.audit.balances()))


def _report(racks: int, spent: Sequence[tuple[int, Spent, Spent]], balances: int) -> Report:
    def median(values: Sequence[float]) -> float:
        return statistics.median(values) * 1e6

    said = sum(count for count, _, _ in spent)
    physics = [balanced.beats / count for count, balanced, _ in spent]
    rules = [(ruled.beats - balanced.beats) / count for count, balanced, ruled in spent]
    report = Report("physics", f"balances and rules of {racks} simulated racks, CPU time")
    report.add("messages", said / len(spent) / racks, "1/s a rack")
    report.add("the fold, a message", median([ruled.plain for _, _, ruled in spent]), "µs")
    report.add("physics, a message", median(physics), "µs", 3.0, "lower")
    report.add("rules, a message", median(rules), "µs", 2.0, "lower")
    report.add("the longest beat", max(ruled.longest for _, _, ruled in spent) * 1e3, "ms")
    report.add("balances", balances, "")
    found = sum(ruled.found for _, _, ruled in spent)
    report.add("findings and faults of a healthy fleet", found, "", 0, "lower")
    return report


def spend(intake: Intake, said: Sequence[Envelope]) -> Spent:
    """Fold messages, with what those cost that meet a beat, at which all is judged."""
    audit, beats, longest, count, found = intake.fleet.audit, 0.0, 0.0, 0, 0
    begin = process_time()
    for topic, payload, at, _ in said:
        if at < audit.next_at:
            intake.take(topic, payload, at)
            continue
        before = process_time()
        changes = intake.take(topic, payload, at)
        took = process_time() - before
        beats, longest, count = beats + took, max(longest, took), count + 1
        found += sum(1 for each in changes if type(each) in (FindingChanged, FaultChanged))
    plain = (process_time() - begin - beats) / max(1, len(said) - count)
    return Spent(plain, beats - count * plain, longest, found)
