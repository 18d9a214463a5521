"""Judging: which of several judgements count, and what is worth telling of them."""

from collections.abc import Collection, Iterable, Iterator
from math import inf
from typing import Final

from twin.fault import UNKNOWN, Judged, Key
from twin.faults.rule import Limits
from twin.severity import RANK, Severity
from twin.watch.verdicts import Verdict, outermost

HAIR: Final = 1e-9
"""So much is added where many are looked at in one go: what one alone amounts to is rounded in
another order, and may be beyond a limit that this is not."""

_OK: Final = Severity.OK
_QUIET: Final[Collection[Severity | None]] = (_OK, None)


def calm(limits: Limits | None) -> float:
    """What is not above that is well, whatever stands."""
    return inf if limits is None else outermost(limits) - limits.deadband


def worst(told: Iterable[Judged]) -> Judged:
    """The worst of several judgements; all must be known for all to be well."""
    found = UNKNOWN
    unknown = False
    for each in told:
        if each.severity is None:
            unknown = True
        elif found.severity is None or RANK[each.severity] > RANK[found.severity]:
            found = each
    return UNKNOWN if unknown and found.severity is _OK else found


def telling(told: Iterable[Verdict], live: Collection[Key]) -> Iterator[Verdict]:
    """Of these what is not well, and whatever has a fault."""
    for key, judged in told:
        if judged.severity not in _QUIET or key in live:
            yield key, judged
