"""Ledger: all that is known of all faults, as the sum of what happened to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from heapq import heappop, heappush
from typing import Final, NamedTuple

from twin.changes import FaultChanged
from twin.fault import Fault, Key
from twin.faults.rule import Rules
from twin.faults.tally import Minute, Tally
from twin.faults.timers import Timers
from twin.instants import Instant
from twin.points import EntityId

REMEMBERED: Final = 10_000
"""Occurrences that are over and still known."""

_NO_KEYS: Final[frozenset[Key]] = frozenset()


class Books(NamedTuple):
    """A ledger whole, as plain data: what a compacted journal begins with."""

    now: Instant = Instant(0)
    live: tuple[Fault, ...] = ()
    """In order of key."""
    closed: tuple[Fault, ...] = ()
    """In the order in which they were over."""
    minutes: tuple[Minute, ...] = ()
    fleeting: tuple[tuple[str, int], ...] = ()
    untold: int = 0
    forgotten: int = 0


class Ledger:
    """The faults that live, those that are over, and when operators were called.

    Nothing gets in but by ``fold``, so the same changes in the same order make the same ledger.
    Bounded: of what is over it keeps the latest ``remembered`` occurrences and counts those that
    are ``forgotten``; a key that is well and has nothing left to be remembered is not in it.
    """

    def __init__(self, books: Books, remembered: int) -> None:
        self.now = books.now
        """When something happened last."""
        self.live: dict[Key, Fault] = {}
        self.closed: dict[str, Fault] = {}
        self.ids: dict[str, Key] = {}
        """Of the occurrences that live."""
        self.forgotten = books.forgotten
        self.timers = Timers()
        self.tally = Tally(books.minutes, books.fleeting)
        self.tally.untold = books.untold
        self._remembered = remembered
        self._ages: list[tuple[Instant, str]] = []
        self._last: dict[Key, str] = {}
        self._by_entity: defaultdict[EntityId, set[Key]] = defaultdict(set)
        self._by_publisher: defaultdict[EntityId, set[Key]] = defaultdict(set)
        for fault in books.live:
            self._enter(fault)
        for fault in books.closed:
            self._keep(fault)

    def fold(self, changes: Iterable[FaultChanged], rules: Rules) -> None:
        """Take what happened, in order."""
        for change in changes:
            fault = change.fault
            before = self.live.get(fault.key)
            self.now = max(self.now, change.at)
            if fault.closed is None:
                self._enter(fault)
            else:
                self._strike(fault.key)
                if fault.id:
                    self._keep(fault)
            self.tally.note(change, before, rules[fault.key.code].priority)

    def keys_at(self, entity: EntityId) -> Collection[Key]:
        """What lives on an entity, in no order."""
        return self._by_entity.get(entity, _NO_KEYS)

    def at(self, entity: EntityId) -> list[Fault]:
        """The faults that live on an entity, in order of key."""
        return self._all(self._by_entity.get(entity, _NO_KEYS))

    def behind(self, publisher: EntityId) -> list[Fault]:
        """Those that the silence of a publisher may explain, in order of key."""
        return self._all(self._by_publisher.get(publisher, _NO_KEYS))

    def fresh(self, key: Key) -> Fault:
        """A fault of a key that is well, with what is remembered of its last occurrence."""
        last = self._last.get(key)
        if last is None:
            return Fault(key)
        before = self.closed[last]
        return Fault(key, number=before.number, recent=before.recent)

    def books(self) -> Books:
        """Itself as plain data."""
        return Books(
            self.now,
            tuple(self.live[key] for key in sorted(self.live)),
            tuple(self.closed[id_] for _, id_ in sorted(self._ages)),
            tuple(self.tally.minutes(self.now)),
            tuple(sorted(self.tally.fleeting.items())),
            self.tally.untold,
            self.forgotten,
        )

    def _all(self, keys: Iterable[Key]) -> list[Fault]:
        return [self.live[key] for key in sorted(keys)]

    def _enter(self, fault: Fault) -> None:
        before = self.live.get(fault.key)
        if before is None or before.id != fault.id or before.judged is not fault.judged:
            self._strike(fault.key)
            self._index(fault)
        self.live[fault.key] = fault
        self.timers.set(fault)

    def _index(self, fault: Fault) -> None:
        if fault.id:
            self.ids[fault.id] = fault.key
        self._by_entity[fault.key.entity].add(fault.key)
        if fault.judged.publisher is not None:
            self._by_publisher[fault.judged.publisher].add(fault.key)

    def _strike(self, key: Key) -> None:
        before = self.live.pop(key, None)
        if before is None:
            return
        self.ids.pop(before.id, None)
        self.timers.drop(key)
        _discard(self._by_entity, key.entity, key)
        if before.judged.publisher is not None:
            _discard(self._by_publisher, before.judged.publisher, key)

    def _keep(self, fault: Fault) -> None:
        self.closed[fault.id] = fault
        last = self._last.get(fault.key)
        if last is None or self.closed[last].number <= fault.number:
            self._last[fault.key] = fault.id
        heappush(self._ages, (fault.closed_at, fault.id))
        if len(self.closed) > self._remembered:
            _, oldest = heappop(self._ages)
            gone = self.closed.pop(oldest)
            if self._last[gone.key] == oldest:
                del self._last[gone.key]
            self.forgotten += 1


def _discard(index: dict[EntityId, set[Key]], entity: EntityId, key: Key) -> None:
    index[entity].discard(key)
    if not index[entity]:
        del index[entity]
