"""Truth: what was raised, held against what was so."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.simulate.script import Label
from twin.fault import Fault
from twin.instants import Instant, Millis
from twin.points import EntityId


class Miss(NamedTuple):
    """One thing that is not as it should be."""

    why: str
    code: str
    entity: EntityId
    at: Instant


@dataclass(frozen=True, slots=True)
class Score:
    """How a run went."""

    wanted: int
    """Labels that had to be told of."""
    delays: tuple[Millis, ...]
    """Of those that were, in time, from when it was so until it was raised."""
    right: int
    """Occurrences that a label speaks of."""
    misses: tuple[Miss, ...]

    def count(self, why: str) -> int:
        """How many misses there are of one kind."""
        return sum(1 for each in self.misses if each.why == why)

    @property
    def recall(self) -> float:
        """Of what had to be told of, the part that was, in time."""
        return len(self.delays) / self.wanted if self.wanted else 1.0

    @property
    def precision(self) -> float:
        """Of what was raised, the part that was so, and once."""
        wrong = self.count(STRANGE) + self.count(TWICE)
        return self.right / (self.right + wrong) if self.right + wrong else 1.0


MISSING = "missing"
"""It was so, and was not raised in time."""
STRANGE = "strange"
"""It was raised, and was not so."""
TWICE = "twice"
"""The same key was raised again, while it was so all the time."""
EARLY = "cleared early"
LATE = "not cleared"
CALLED = "called"
"""An operator was called for what another fault explains."""
QUIET = "not called"
"""No operator was called for what nothing explains."""


def score(labels: Sequence[Label], occurrences: Iterable[Fault]) -> Score:
    """Hold all occurrences of a run against all that was so.

    A label speaks of every occurrence of its code on its entity that is raised while it is so; the
    first one counts for how soon.
    """
    found: dict[Label, list[Fault]] = {each: [] for each in labels}
    misses: list[Miss] = []
    for fault in sorted(occurrences, key=lambda each: (each.raised_at, each.key)):
        spoken = next((each for each in labels if _speaks(each, fault)), None)
        if spoken is None:
            misses.append(Miss(STRANGE, fault.key.code, fault.key.entity, fault.raised_at))
        else:
            found[spoken].append(fault)
    delays = []
    for each, faults in found.items():
        if faults and each.certain and faults[0].raised_at <= each.by:
            delays.append(Millis(faults[0].raised_at - each.at))
        misses += _missed(each, faults)
    return Score(
        sum(each.certain for each in labels),
        tuple(delays),
        sum(len({fault.key for fault in faults}) for faults in found.values()),
        tuple(misses),
    )


def _speaks(label: Label, fault: Fault) -> bool:
    return (label.code, label.entity) == fault.key[:2] and label.at <= fault.raised_at < label.gone


def _missed(label: Label, faults: Sequence[Fault]) -> Iterable[Miss]:
    """What is not as a label has it."""
    if label.certain and not (faults and faults[0].raised_at <= label.by):
        yield Miss(MISSING, label.code, label.entity, label.at)
    for count in Counter(fault.key for fault in faults).values():
        yield from (Miss(TWICE, label.code, label.entity, label.at) for _ in range(count - 1))
    for fault in faults:
        over = fault.cleared_at
        called = fault.annunciated_at is not None
        for why, so in (
            (EARLY, over is not None and over < label.until and label.certain),
            (LATE, over is None or over > label.gone),
            (CALLED, called and label.folded),
            (QUIET, not called and not label.folded and label.certain),
        ):
            if so:
                yield Miss(why, label.code, label.entity, fault.raised_at)
