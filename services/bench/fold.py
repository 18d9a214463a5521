"""How fast messages become twin state: decode and fold, from bytes, on one core.

Balances and faults are judged at fixed instants, however many messages there are: what they cost is
told beside, and by ``bench physics`` for a large fleet.
"""

import gc
import json
from collections.abc import Sequence
from statistics import median

from schemas.envelope import Envelope
from services.bench.physics import spend
from services.bench.report import Report, median_seconds
from services.intake import Intake
from twin.fleet import Fleet

ROUNDS = 15


def bench_fold(envelopes: Sequence[Envelope], origin: str) -> Report:
    """Fold ``envelopes`` into a new fleet, again and again.

    Args:
        envelopes: A recording, whole.
        origin: Where it came from, for the report.
    """

    def fold() -> Intake:
        intake = Intake(Fleet())
        intake.take_all(envelopes)
        return intake

    def parse_only() -> None:
        for envelope in envelopes:
            json.loads(envelope.payload)

    gc.collect()
    gc.freeze()  # what was imported is not to be looked through again and again
    whole, parsed = median_seconds(fold, ROUNDS), median_seconds(parse_only, ROUNDS)
    folded = whole - median([spend(Intake(Fleet()), envelopes).beats for _ in range(ROUNDS)])
    gc.unfreeze()
    intake = fold()
    report = Report("fold", f"offline replay of {origin}, {len(envelopes)} messages, one core")
    report.add("messages folded", len(envelopes) / folded, "1/s", target=200_000)
    report.add("one message", folded / len(envelopes) * 1e6, "µs")
    report.add("with balances and faults", len(envelopes) / whole, "1/s")
    report.add("against json.loads of its payload alone", folded / parsed, "times")
    report.add("rejected", sum(intake.rejected.values()), "", target=0, better="lower")
    return report
