"""Picture: what is known of faults, for whoever asks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from twin.fault import Condition, Fault, Key, State
from twin.faults.inhibition import Inhibition
from twin.faults.ledger import Books, Ledger
from twin.faults.rule import Rules
from twin.faults.statistics import Statistics, statistics_of
from twin.instants import Instant
from twin.points import EntityId
from twin.severity import RANK, Severity

_NOTHING: Final[Mapping[Key, Fault]] = {}

Urgency = tuple[int, int, Instant, Key]


class Picture:
    """The faults as they stand; asking changes nothing."""

    def __init__(self, ledger: Ledger, inhibition: Inhibition) -> None:
        self._ledger = ledger
        self._live = ledger.live
        self._inhibition = inhibition

    @property
    def rules(self) -> Rules:
        """What is judged by."""
        return self._inhibition.rules

    def standing(self) -> list[Fault]:
        """Every occurrence that is not over and noted, or masked: most urgent and worst first."""
        return self._shown(self._live.values())

    def of(self, entity: EntityId) -> list[Fault]:
        """Those of an entity, in the same order."""
        return self._shown(self._ledger.at(entity))

    def on(self, entity: EntityId) -> Mapping[Key, Fault]:
        """All that lives on an entity by key, what may yet be raised included; mostly nothing."""
        found = self._ledger.keys_at(entity)
        return {key: self._live[key] for key in found} if found else _NOTHING

    def get(self, occurrence: str) -> Fault | None:
        """One occurrence, also one that is over while it is remembered."""
        key = self._ledger.ids.get(occurrence)
        return self._ledger.closed.get(occurrence) if key is None else self._live[key]

    def occurrences(self) -> list[Fault]:
        """Every occurrence that is known, also those that are over, as they were raised."""
        known = [*self._ledger.closed.values(), *(each for each in self._live.values() if each.id)]
        return sorted(known, key=lambda fault: (fault.raised_at, fault.key))

    def severity(self, key: Key) -> Severity:
        """As what a key stands now, for the deadband of its limits; OK where it is not active."""
        fault = self._live.get(key)
        return (
            Severity.OK
            if fault is None or fault.condition is not Condition.ACTIVE
            else fault.severity_now
        )

    def health(self, entity: EntityId) -> Severity:
        """What the faults of an entity amount to: all that stand in service, shelved ones too.

        Those about the data are a warning at the most.
        """
        found = [self._weight(each) for each in self._ledger.at(entity)]
        return max(found, default=Severity.OK, key=RANK.__getitem__)

    def counts(self) -> dict[Severity, int]:
        """How many faults stand in service, by severity."""
        found = Counter(
            each.severity_now for each in self._live.values() if each.stands and not _out(each)
        )
        return {each: found[each] for each in (Severity.WARNING, Severity.CRITICAL)}

    def suppresses(self, occurrence: str) -> list[Fault]:
        """The faults that an occurrence stands for: those that it helps to keep quiet."""
        key = self._ledger.ids.get(occurrence)
        if key is None:
            return []
        found = (self._live[each] for each in self._inhibition.effects_of(key))
        return [each for each in found if occurrence in each.suppressed_by]

    def first_out(self, occurrence: str) -> bool:
        """Whether it was raised before all that explains it and all that it explains."""
        fault = self.get(occurrence)
        if fault is None:
            return False
        causes = [each for id_ in fault.suppressed_by if (each := self.get(id_)) is not None]
        others = causes + self.suppresses(occurrence)
        return bool(others) and all(_first(fault) < _first(each) for each in others)

    def statistics(self, now: Instant) -> Statistics:
        """How often operators were called, and what for."""
        tally = self._ledger.tally
        minutes = list(tally.minutes(now))
        return statistics_of(minutes, self._live.values(), dict(tally.fleeting), now)

    def books(self) -> Books:
        """All that it knows as plain data: a journal may begin with it instead of all before."""
        return self._ledger.books()

    def _weight(self, fault: Fault) -> Severity:
        if not fault.stands or _out(fault):
            return Severity.OK
        rule = self._inhibition.rules[fault.key.code]
        return Severity.WARNING if rule.about_data else fault.severity_now

    def _shown(self, faults: Iterable[Fault]) -> list[Fault]:
        found = (each for each in faults if each.id and each.state is not State.NORM)
        return sorted(found, key=self._urgency)

    def _urgency(self, fault: Fault) -> Urgency:
        rule = self._inhibition.rules[fault.key.code]
        return rule.priority, -RANK[fault.severity_now], fault.raised_at, fault.key


def _out(fault: Fault) -> bool:
    return fault.out_of_service is not None


def _first(fault: Fault) -> tuple[Instant, Key]:
    return fault.raised_at, fault.key
