"""The engine under any history: a state machine that lives it, and what must hold in it."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from build import at
from faulty import CRITICAL, LONG, RULES, SILENT, WARNING, Bench, a_plant, key
from twin.changes import FaultChanged
from twin.fault import FINE, UNKNOWN, Closed, Condition, Fault, Judged, Key
from twin.faults.acts import NoSuchFaultError, NotPossibleError, StaleOccurrenceError
from twin.faults.engine import Changed, Faults
from twin.faults.rule import OnStale
from twin.instants import Instant, Millis, after
from twin.points import EntityId

KEYS: Final = [
    *(key(code) for code in RULES.by_code),
    *(key(code, "R2") for code in ("hot", "leak", "steep")),
    *(key(code, "U1") for code in ("hot", "broken", "off")),
    *(key(code, "U2") for code in ("hot", "broken")),
    key("off", "CH"),
    key("lost", "PUB"),
]
SPANS: Final = st.one_of(
    st.sampled_from([0, 1, 500, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000]),
    st.integers(0, 100_000),
)
SHORT: Final = st.sampled_from([0, 200, 1_000, 2_000, 10_000])
JUDGED: Final = st.sampled_from([FINE, FINE, WARNING, CRITICAL, UNKNOWN, SILENT])


class History(RuleBasedStateMachine):
    """Two engines live the same history, the second one in smaller steps of time."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults(RULES, a_plant())
        self.other = Faults(RULES, a_plant())
        self.told: list[FaultChanged] = []
        self.now: Instant = at(0)

    @rule(span=SPANS, split=st.floats(0, 1))
    def time_passes(self, span: int, split: float) -> None:
        """Let time pass, for the second engine in two steps."""
        self.other.advance(after(self.now, Millis(round(span * split))))
        self.now = after(self.now, Millis(span))
        self.other.advance(self.now)
        self.told += self.faults.advance(self.now)

    @rule(which=st.sampled_from(KEYS), judged=JUDGED, span=st.one_of(st.just(0), SHORT, SPANS))
    def it_is_judged(self, which: Key, judged: Judged, span: int) -> None:
        """Judge a key: without data nothing clears."""
        self.time_passes(span, 0.5)
        before = {each.key: each for each in self.faults.standing()}
        changes = self.faults.judge(which, judged, self.now)
        self.told += changes
        assert changes == self.other.judge(which, judged, self.now)
        assert self.other.judge(which, judged, self.now) == ()  # said twice is said once
        if judged is UNKNOWN and RULES[which.code].on_stale is OnStale.HOLD:
            for each in before.values():
                assert self.condition_of(each.key) is each.condition

    @rule(which=st.sampled_from(KEYS), times=st.integers(2, 5), span=SHORT)
    def it_flickers(self, which: Key, times: int, span: int) -> None:
        """Let a key come and go."""
        for judged in (WARNING, FINE) * times:
            self.it_is_judged(which, judged, span)

    @rule()
    def somebody_tidies_up(self) -> None:
        """Take note of all, and reset what can be."""
        for what in (0, 1):
            for fault in self.faults.standing():
                for faults in (self.faults, self.other):
                    done = _act(faults, fault, self.now, what, 1)
                    self.told += done if faults is self.faults and not isinstance(done, str) else ()

    def condition_of(self, which: Key) -> Condition:
        """Whether a key is so."""
        found = [each.condition for each in self.faults.of(which.entity) if each.key == which]
        return found[0] if found else Condition.NORMAL

    @precondition(lambda self: self.faults.occurrences())
    @rule(data=st.data(), hours=st.integers(0, 13), what=st.integers(0, 6))
    def somebody_acts(self, data: st.DataObject, hours: int, what: int) -> None:
        """Do something to any occurrence, old ones too: those it never reaches."""
        fault = data.draw(st.sampled_from(self.faults.occurrences()))
        before = self.faults.books()
        outcomes = [_act(each, fault, self.now, what, hours) for each in (self.faults, self.other)]
        assert outcomes[0] == outcomes[1]
        if isinstance(outcomes[0], str):
            assert self.faults.books() == before
        else:
            assert fault.closed is None
            self.told += outcomes[0]
        if fault.closed is not None:
            assert outcomes[0] == "StaleOccurrenceError"

    @rule(entity=st.sampled_from(["R1", "U1"]))
    def an_entity_goes(self, entity: str) -> None:
        """Remove all of an entity."""
        changes = self.faults.remove(EntityId(entity), self.now)
        assert changes == self.other.remove(EntityId(entity), self.now)
        self.told += changes
        assert not self.faults.of(EntityId(entity))

    @rule()
    def it_restarts(self) -> None:
        """Rebuild the engine of what it told, and go on with that one."""
        books = self.faults.books()
        self.faults = Faults.restore(RULES, a_plant(), self.told)
        assert self.faults.books() == books
        assert Faults(RULES, a_plant(), books).books() == books

    @invariant()
    def time_split_does_not_matter(self) -> None:
        """Both engines are the same."""
        assert self.faults.books() == self.other.books()
        assert self.faults.next_at == self.other.next_at

    @invariant()
    def nobody_is_called_for_what_is_masked(self) -> None:
        """Annunciated excludes every mask, in the state as in what was told."""
        for fault in self.faults.standing():
            assert not (fault.annunciated and fault.masked)
        assert not any(each.annunciates and each.fault.masked for each in self.told)

    @invariant()
    def what_is_normal_is_not_kept(self) -> None:
        """There is a reason for every fault that lives."""
        for fault in self.faults.books().live:
            assert not fault.settled

    def teardown(self) -> None:
        """Everything can be made well again, whatever happened."""
        for which in KEYS:
            self.told += self.faults.judge(which, FINE, self.now)
        self.now = after(self.now, LONG)
        self.told += self.faults.advance(self.now)
        for fault in self.faults.standing():
            for what in (0, 1, 3, 5):
                _act(self.faults, fault, self.now, what, 1)
        self.now = after(self.now, LONG)
        self.told += self.faults.advance(self.now)
        assert self.faults.books().live == ()
        ids = [each.fault.id for each in self.told if each.fault.closed and each.fault.id]
        assert len(ids) == len(set(ids))


def _act(faults: Faults, fault: Fault, now: Instant, what: int, hours: int) -> Changed | str:
    until = after(now, Millis(hours * 3_600_000))
    acts = (
        lambda: faults.ack(fault.id, "ann", now),
        lambda: faults.reset(fault.id, "ann", now),
        lambda: faults.shelve(fault.id, "ann", now, reason="noise", until=until),
        lambda: faults.unshelve(fault.id, "ann", now),
        lambda: faults.out_of_service(fault.id, "bob", now, reason="mending"),
        lambda: faults.return_to_service(fault.id, "bob", now),
        lambda: faults.comment(fault.id, "bob", now, text="looked at it"),
    )
    try:
        return acts[what]()
    except (NotPossibleError, NoSuchFaultError, StaleOccurrenceError) as error:
        return type(error).__name__


def test_any_history_keeps_its_promises() -> None:
    run_state_machine_as_test(History, settings=settings(stateful_step_count=40))


@settings(max_examples=100)
@given(st.data())
def test_different_keys_of_one_instant_commute(data: st.DataObject) -> None:
    """In everything that is known, calls included, however often each is judged at an instant.

    What is said of one key keeps its order, for that is the order of one point's readings.
    """
    one, other = Faults(RULES, a_plant()), Faults(RULES, a_plant())
    now = at(0)
    for span in data.draw(st.lists(SPANS, max_size=6)):
        now = after(now, Millis(span))
        said = data.draw(st.dictionaries(st.sampled_from(KEYS), st.lists(JUDGED, max_size=3)))
        turns = [which for which, several in said.items() for _ in several]
        for faults, order in ((one, turns), (other, data.draw(st.permutations(turns)))):
            faults.advance(now)
            left = {which: iter(several) for which, several in said.items()}
            for each in order:
                faults.judge(each, next(left[each]), now)

    assert one.books() == other.books()
    assert one.next_at == other.next_at


def test_judgements_of_one_key_at_one_instant_do_not_commute() -> None:
    """The one that came last is what is so."""
    one, other = Bench(), Bench()
    for bench, order in ((one, (WARNING, FINE)), (other, (FINE, WARNING))):
        for judged in order:
            bench.judge(0, judged)

    assert (one.faults.standing(), len(other.faults.standing())) == ([], 1)


def test_removed_occurrence_says_so() -> None:
    faults = Faults(RULES, a_plant())
    (change,) = faults.judge(key(), WARNING, at(0))

    (gone,) = faults.remove(key(), at(1))

    assert gone.fault.closed is Closed.REMOVED
    assert faults.get(change.fault.id) == gone.fault
    assert faults.remove(key(), at(2)) == ()
