"""The fault engine: judgements, time and operators' acts in, changes of faults out."""

from collections.abc import Iterable
from typing import Final

from twin.changes import FaultChanged
from twin.fault import Closed, Comment, Condition, Fault, Judged, Key, Mask, State, What
from twin.faults import acts
from twin.faults.acts import NoSuchFaultError, StaleOccurrenceError
from twin.faults.calls import called, calling, waiting
from twin.faults.inhibition import Above, Inhibition
from twin.faults.ledger import REMEMBERED, Books, Ledger
from twin.faults.picture import Picture
from twin.faults.regions import closed
from twin.faults.rule import OnStale, Rules
from twin.faults.transitions import Step, elapsed, heard
from twin.instants import Instant, after
from twin.points import EntityId
from twin.severity import Severity

Changed = tuple[FaultChanged, ...]

NOTHING: Final[Changed] = ()

_OK: Final = Severity.OK
_ACTIVE: Final = Condition.ACTIVE
_EMPTY: Final = Books()


class Faults(Picture):
    """All faults, on event time: what is judged, when, and what people did are all it knows.

    Whatever it does is told as ``FaultChanged``, and it knows nothing else: ``restore`` makes the
    same engine of what was told. Time goes one way; what comes with an older time comes now.
    """

    def __init__(
        self, rules: Rules, above: Above, books: Books = _EMPTY, *, remembered: int = REMEMBERED
    ) -> None:
        ledger = Ledger(books, remembered)
        super().__init__(ledger, Inhibition(rules, above, ledger))

    @classmethod
    def restore(
        cls,
        rules: Rules,
        above: Above,
        changes: Iterable[FaultChanged],
        books: Books = _EMPTY,
        *,
        remembered: int = REMEMBERED,
    ) -> "Faults":
        """The engine that told ``changes`` after it stood as in ``books``; nothing is told anew.

        If the rules are not those of then, ``configure`` must be called with them.
        """
        faults = cls(rules, above, books, remembered=remembered)
        faults._ledger.fold(changes, rules)
        return faults

    # -- what comes in ---------------------------------------------------------------------------

    @property
    def next_at(self) -> Instant:
        """Nothing falls due by itself before this."""
        return self._ledger.timers.next_at

    def judge(self, key: Key, judged: Judged, at: Instant) -> Changed:
        """Take what a rule says of a key now; that a key without a fault is well costs nothing."""
        fault = self._live.get(key)
        severity = judged.severity
        if fault is None:
            if severity is _OK or (severity is None and self._holds(key)):
                return NOTHING
        elif (
            severity is fault.severity_now
            and fault.condition is _ACTIVE
            and fault.held_since is None
        ):
            return NOTHING
        rules = self._inhibition.rules
        if key.code in rules.off:
            return NOTHING
        assert key.code in rules, key
        out = list(self.advance(at))
        now = max(at, self._ledger.now)
        fault = self._live.get(key) or self._ledger.fresh(key)
        self._take(key, heard(fault, rules[key.code], judged, now), now, out)
        return tuple(out)

    def advance(self, now: Instant) -> Changed:
        """Let time pass until ``now``: everything that fell due, at its own instant, in order."""
        timers = self._ledger.timers
        if now < timers.next_at:
            return NOTHING
        out: list[FaultChanged] = []
        while timers.next_at <= now:
            at, key = timers.first()
            rule = self._inhibition.rules[key.code]
            self._take(key, elapsed(self._live[key], rule, at), at, out)
        return tuple(out)

    def remove(self, gone: EntityId | Key, at: Instant) -> Changed:
        """Close what stands of a key, or all of an entity, for it is no more."""
        out = list(self.advance(at))
        found = self._ledger.at(gone) if isinstance(gone, str) else self._known(gone)
        for fault in found:
            step = closed(fault, Closed.REMOVED, max(at, self._ledger.now)), What.CLOSED
            self._take(fault.key, (step,), max(at, self._ledger.now), out)
        return tuple(out)

    def configure(self, rules: Rules, at: Instant) -> Changed:
        """Take other rules: what has no rule any more is closed, causes are looked for anew.

        Delays that run go on as they began.
        """
        gone = [key for key in sorted(self._live) if key.code not in rules]
        out = [change for key in gone for change in self.remove(key, at)]
        self._inhibition.rules = rules
        return (*out, *self.rewire(at))

    def rewire(self, at: Instant) -> Changed:
        """Take it that somebody serves others than before: look for all causes anew."""
        out = list(self.advance(at))
        self._inhibition.forget()
        for key in sorted(self._live):
            self._reconsider(key, max(at, self._ledger.now), out)
        return tuple(out)

    # -- what operators do, when time has passed until then ----------------------------------------

    def ack(self, occurrence: str, by: str, at: Instant) -> Changed:
        """Take note of it.

        Raises:
            NoSuchFaultError: There is none of that id.
            StaleOccurrenceError: It is over and done with, or was raised anew; so of every act.
            NotPossibleError: It is acknowledged; or what else stands against an act.
        """
        fault = self._current(occurrence, at)
        rule = self._inhibition.rules[fault.key.code]
        return self._act(acts.acknowledged(fault, rule, by, at), by, at)

    def reset(self, occurrence: str, by: str, at: Instant) -> Changed:
        """Let go of what is latched."""
        return self._act(acts.reset(self._current(occurrence, at)), by, at)

    def shelve(
        self, occurrence: str, by: str, at: Instant, *, reason: str, until: Instant
    ) -> Changed:
        """Keep it quiet until then."""
        mask = Mask(by, reason, at, until)
        return self._act(acts.shelve(self._current(occurrence, at), mask), by, at)

    def unshelve(self, occurrence: str, by: str, at: Instant) -> Changed:
        """Take it off the shelf before its time."""
        return self._act(acts.unshelve(self._current(occurrence, at), at), by, at)

    def out_of_service(self, occurrence: str, by: str, at: Instant, *, reason: str) -> Changed:
        """Let it count for nobody's health, and call nobody, until it is put back."""
        mask = Mask(by, reason, at)
        return self._act(acts.take_out(self._current(occurrence, at), mask), by, at)

    def return_to_service(self, occurrence: str, by: str, at: Instant) -> Changed:
        """Let it count again."""
        return self._act(acts.put_back(self._current(occurrence, at)), by, at)

    def comment(self, occurrence: str, by: str, at: Instant, *, text: str) -> Changed:
        """Have something to say of it."""
        said = Comment(by, text, at)
        return self._act(acts.comment(self._current(occurrence, at), said), by, at)

    # -- within ----------------------------------------------------------------------------------

    def _holds(self, key: Key) -> bool:
        return self._inhibition.rules[key.code].on_stale is not OnStale.TRIP

    def _known(self, key: Key) -> list[Fault]:
        fault = self._live.get(key)
        return [] if fault is None else [fault]

    def _current(self, occurrence: str, at: Instant) -> Fault:
        assert at < self.next_at, "time has not passed until then"
        key = self._ledger.ids.get(occurrence)
        if key is not None:
            return self._live[key]
        if occurrence in self._ledger.closed:
            raise StaleOccurrenceError(occurrence)
        raise NoSuchFaultError(occurrence)

    def _act(self, step: Step, by: str, at: Instant) -> Changed:
        out: list[FaultChanged] = []
        self._take(step[0].key, (step,), max(at, self._ledger.now), out, by)
        return tuple(out)

    def _take(
        self,
        key: Key,
        steps: Iterable[Step],
        at: Instant,
        out: list[FaultChanged],
        by: str | None = None,
    ) -> None:
        """Take what happens to one key, then what it means for those that it explains."""
        before = self._live.get(key)
        for fault, what in steps:
            out.append(self._commit(fault, what, at, by))
        now = self._live.get(key)
        if now is not None and now.stands and not _is_same(before, now):
            self._reconsider(key, at, out)
        if key.code in self._inhibition.rules.causes and _explaining(before) != _explaining(now):
            for effect in self._inhibition.effects_of(key):
                self._reconsider(effect, at, out)

    def _reconsider(self, key: Key, at: Instant, out: list[FaultChanged]) -> None:
        """Look for the causes of one fault anew."""
        fault = self._live[key]
        causes = self._inhibition.causes_of(fault)
        if causes != fault.suppressed_by:
            what = What.SUPPRESSED if causes else What.RELEASED
            out.append(self._commit(fault._replace(suppressed_by=causes), what, at))

    def _commit(self, fault: Fault, what: What, at: Instant, by: str | None = None) -> FaultChanged:
        """Write one change into the ledger."""
        before = self._live.get(fault.key)
        rules = self._inhibition.rules
        if what is What.CLEARED and fault.key.code in rules.causes:
            hold = rules[fault.key.code].release_hold
            fault = fault._replace(explains_until=after(at, hold))
        if fault.closed is None and fault.settled:
            fault = closed(fault, Closed.CLEARED, at)
        told = called(before, fault, at)
        if by is None and rules[fault.key.code].has_causes:
            fault = waiting(fault, rules[fault.key.code], what, at, told=told)
        calls = calling(fault) and not told
        if calls and fault.annunciated_at is None:
            fault = fault._replace(annunciated_at=at)
        shown = State.NORM if before is None else before.state
        change = FaultChanged(fault, what, at, by, shown, calls)
        self._ledger.fold((change,), rules)
        return change


def _is_same(before: Fault | None, now: Fault) -> bool:
    """Whether what stands stood before, and as bad: then it has the causes that it had."""
    return (
        before is not None
        and before.stands
        and (before.id, before.severity_now) == (now.id, now.severity_now)
    )


def _explaining(fault: Fault | None) -> tuple[str, Severity] | None:
    """What a fault explains others by."""
    return (fault.id, fault.severity_max) if fault is not None and fault.explains else None
