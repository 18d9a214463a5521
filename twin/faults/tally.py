"""Tally: how often operators were called, minute by minute, for the last day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from twin.changes import FaultChanged
from twin.fault import Fault, What
from twin.instants import Instant, Millis
from twin.points import EntityId

MINUTE_MS: Final = 60_000
DAY: Final = 24 * 60
"""Minutes that are kept."""

SPAN: Final = 10
"""Minutes over which calls are counted (EEMUA 191)."""

FLOOD: Final = 10
"""More calls than that within ten minutes are a flood for one operator (EEMUA 191) …"""

EBB: Final = 5
"""… that is over with fewer than so many; ours."""

SUBJECTS: Final = 1_000
"""So many different ones are told apart within one minute."""


class Subject(NamedTuple):
    """What operators are called for."""

    code: str
    entity: EntityId


class Minute(NamedTuple):
    """One minute's calls."""

    number: int
    """Minutes since 1970."""
    by_priority: Mapping[int, int]
    by_subject: tuple[tuple[Subject, int], ...]
    """In order."""
    longest_unacked: Millis = Millis(0)
    """Of what somebody took note of in it, or nobody has to any more."""


@dataclass(slots=True)
class _Count:
    by_priority: Counter[int]
    by_subject: Counter[Subject]
    longest: Millis


class Tally:
    """Counts by minute.

    Bounded: a day of minutes, the oldest go; in each of them ``SUBJECTS`` different ones, the calls
    for others count by priority alone, and in ``untold``.
    """

    def __init__(
        self, minutes: Iterable[Minute] = (), fleeting: Iterable[tuple[str, int]] = ()
    ) -> None:
        self._minutes = {
            each.number: _Count(
                Counter(each.by_priority), Counter(dict(each.by_subject)), each.longest_unacked
            )
            for each in minutes
        }
        self.fleeting = Counter(dict(fleeting))
        """By code: how often it began and was over before it was raised."""
        self.untold = 0

    def note(self, change: FaultChanged, before: Fault | None, priority: int) -> None:
        """Count one change."""
        if change.what is What.FLEETING:
            self.fleeting[change.fault.key.code] += 1
        called = change.annunciates
        noted = before is not None and before.unacked_since is not None and not change.fault.unacked
        if not (called or noted):
            return
        count = self._of(change.at // MINUTE_MS)
        if called:
            count.by_priority[priority] += 1
            subject = Subject(change.fault.key.code, change.fault.key.entity)
            if subject in count.by_subject or len(count.by_subject) < SUBJECTS:
                count.by_subject[subject] += 1
            else:
                self.untold += 1
        if before is not None and before.unacked_since is not None and noted:
            count.longest = Millis(max(count.longest, change.at - before.unacked_since))

    def minutes(self, until: Instant) -> Iterator[Minute]:
        """The minutes of the day before ``until`` in which something was counted."""
        first = until // MINUTE_MS - DAY
        return (
            Minute(
                number,
                dict(count.by_priority),
                tuple(sorted(count.by_subject.items())),
                count.longest,
            )
            for number, count in sorted(self._minutes.items())
            if number > first
        )

    def _of(self, number: int) -> _Count:
        found = self._minutes.get(number)
        if found is None:
            found = self._minutes[number] = _Count(Counter(), Counter(), Millis(0))
            for old in [each for each in self._minutes if each <= number - DAY]:
                del self._minutes[old]
        return found
