"""The engine by the table of transitions, one fact at a time."""

import pytest

from build import at
from faulty import CRITICAL, RULES, WARNING, Bench, a_plant, a_rule, key
from twin.fault import FINE, UNKNOWN, Closed, Condition, Judged, State, What
from twin.faults.acts import NoSuchFaultError, NotPossibleError, StaleOccurrenceError
from twin.faults.engine import Faults
from twin.faults.regions import occurrence_id
from twin.faults.rule import Rules
from twin.instants import NEVER
from twin.points import EntityId
from twin.severity import Severity


def _raised(code: str = "limit", entity: str = "R1") -> Bench:
    """A bench on which one fault was raised: ``limit`` at 10 s, all others at 0."""
    bench = Bench()
    bench.judge(0, WARNING, code, entity)
    bench.until(10)
    return bench


def test_well_key_leaves_no_trace() -> None:
    bench = Bench()

    bench.judge(0, FINE)
    bench.judge(1, UNKNOWN)

    assert bench.told == []
    assert bench.faults.books() == Bench().faults.books()
    assert bench.faults.next_at == NEVER


def test_fault_is_pending_until_its_delay_is_over() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "limit")

    assert bench.faults.standing() == []
    assert bench.faults.next_at == at(10)
    bench.until(10)

    fault = bench.one("limit")
    assert fault.condition is Condition.ACTIVE
    assert (fault.raised_at, fault.state) == (at(10), State.UNACK)
    assert (fault.severity_now, fault.judged) == (Severity.WARNING, WARNING)
    assert bench.calls() == [key("limit")]


def test_fault_without_delay_is_raised_at_once() -> None:
    bench = Bench()
    bench.judge(3, WARNING)

    assert bench.whats() == [What.RAISED]
    assert bench.one().raised_at == at(3)


def test_what_passes_before_its_delay_is_over_is_only_counted() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "limit")
    bench.judge(9, FINE, "limit")
    bench.until(100)

    assert bench.whats() == [What.PENDING, What.FLEETING]
    assert bench.faults.books().live == ()
    assert bench.faults.statistics(at(100)).fleeting == {"limit": 1}


def test_critical_is_raised_sooner_where_the_rule_says_so() -> None:
    bench = Bench()
    bench.judge(0, CRITICAL, "limit")
    bench.until(2)

    assert bench.one("limit").raised_at == at(2)


def test_what_becomes_critical_while_pending_is_hurried() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "limit")
    bench.judge(1, WARNING, "limit")
    bench.judge(4, CRITICAL, "limit")
    bench.until(6)

    assert bench.one("limit").severity_now is Severity.CRITICAL
    assert bench.one("limit").raised_at == at(6)


def test_what_becomes_less_while_pending_takes_its_time_from_the_start() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "limit")
    bench.judge(7, CRITICAL, "limit")
    bench.judge(8, WARNING, "limit")
    assert bench.faults.next_at == at(10)
    bench.until(10)

    assert bench.one("limit").severity_now is Severity.WARNING


def test_what_was_pending_long_enough_for_less_is_raised_as_less() -> None:
    rules = Rules.of([a_rule("odd", on=5, critical=20)])
    bench = Bench(rules)
    bench.judge(0, CRITICAL, "odd")
    bench.judge(6, WARNING, "odd")

    assert bench.one("odd").raised_at == at(6)


def test_often_enough_raises_however_short_it_is() -> None:
    bench = Bench()
    for second in (0, 10, 20):
        bench.judge(second, WARNING, "counted")
        bench.judge(second + 1, FINE, "counted")

    assert bench.whats()[-2:] == [What.RAISED, What.CLEARED]
    assert bench.told[-2].at == at(20)


def test_seldom_enough_is_forgotten() -> None:
    bench = Bench()
    for second in (0, 20, 40):
        bench.judge(second, WARNING, "counted")
        bench.judge(second + 1, FINE, "counted")
    assert What.RAISED not in bench.whats()
    bench.until(71)

    assert bench.whats()[-1] is What.SUBSIDED
    assert bench.faults.books().live == ()


def test_fault_clears_after_its_delay_and_waits_for_somebody_to_take_note() -> None:
    bench = _raised()
    bench.judge(20, FINE, "limit")
    bench.judge(25, FINE, "limit")
    assert bench.one("limit").condition is Condition.CLEARING
    bench.until(50)

    fault = bench.one("limit")
    assert (fault.cleared_at, fault.state) == (at(50), State.RTNUN)
    assert fault.annunciated
    bench.take(bench.faults.ack(fault.id, "ann", bench.now))
    assert bench.faults.standing() == []
    assert bench.told[-1].fault.closed is Closed.CLEARED
    assert bench.faults.occurrences() == [bench.told[-1].fault]


def test_fault_that_nobody_has_to_note_is_over_when_it_clears() -> None:
    bench = Bench()
    bench.judge(0, WARNING)
    bench.judge(5, FINE)

    assert bench.whats() == [What.RAISED, What.CLEARED]
    assert bench.told[-1].fault.closed is Closed.CLEARED


def test_what_returns_while_clearing_is_the_same_occurrence() -> None:
    bench = _raised()
    before = bench.one("limit").id
    bench.judge(20, FINE, "limit")
    bench.judge(21, WARNING, "limit")

    fault = bench.one("limit")
    assert (fault.id, fault.flap_count, fault.condition) == (before, 1, Condition.ACTIVE)
    assert bench.calls() == [key("limit")]


def test_what_is_raised_anew_is_another_occurrence_and_the_old_one_is_closed() -> None:
    bench = _raised()
    before = bench.one("limit").id
    bench.judge(20, FINE, "limit")
    bench.judge(60, WARNING, "limit")
    assert bench.one("limit").id == before  # it may pass, and that one is not noted yet
    bench.until(70)

    assert bench.one("limit").id != before
    old = bench.faults.get(before)
    assert old is not None
    assert old.closed is Closed.SUPERSEDED
    with pytest.raises(StaleOccurrenceError):
        bench.faults.ack(before, "ann", bench.now)


def test_id_is_made_of_key_instant_and_number() -> None:
    bench, other = Bench(), Bench()
    for each in (bench, other):
        for judged in (WARNING, FINE, WARNING):
            each.judge(1, judged)

    ids = [each.fault.id for each in bench.told if each.what is What.RAISED]
    assert ids == [occurrence_id(key(), at(1), number) for number in (1, 2)]
    assert len(set(ids)) == 2
    assert bench.told == other.told


def test_acknowledged_fault_calls_again_when_it_gets_worse_and_not_when_better() -> None:
    bench = _raised()
    bench.take(bench.faults.ack(bench.one("limit").id, "ann", bench.now))
    assert bench.one("limit").state is State.ACKED
    assert bench.one("limit").acknowledged_by == "ann"
    bench.judge(11, CRITICAL, "limit")

    worse = bench.one("limit")
    assert (worse.state, worse.acknowledged_by, worse.judged) == (State.UNACK, None, CRITICAL)
    assert len(bench.calls()) == 2
    bench.take(bench.faults.ack(worse.id, "ann", bench.now))
    bench.judge(12, WARNING, "limit")
    better = bench.one("limit")
    assert (better.severity_now, better.severity_max) == (Severity.WARNING, Severity.CRITICAL)
    assert better.state is State.ACKED


def test_fault_that_stands_for_long_calls_again() -> None:
    bench = _raised()
    bench.take(bench.faults.ack(bench.one("limit").id, "ann", bench.now))
    bench.until(610)

    fault = bench.one("limit")
    assert (fault.state, fault.realarm_count) == (State.UNACK, 1)
    assert len(bench.calls()) == 2


def test_return_lets_the_time_to_call_again_begin_anew() -> None:
    bench = _raised()
    bench.take(bench.faults.ack(bench.one("limit").id, "ann", bench.now))
    bench.judge(100, FINE, "limit")
    assert bench.faults.next_at == at(130)
    bench.judge(110, WARNING, "limit")

    assert bench.faults.next_at == at(710)


def test_no_data_changes_nothing_and_delays_stand_still() -> None:
    bench = _raised()
    bench.judge(20, FINE, "limit")
    bench.judge(30, UNKNOWN, "limit")
    bench.judge(40, UNKNOWN, "limit")
    bench.until(1_000)
    assert bench.one("limit").held
    assert bench.one("limit").condition is Condition.CLEARING
    bench.judge(1_000, FINE, "limit")

    assert not bench.one("limit").held
    assert bench.faults.next_at == at(1_020)  # twenty of its thirty seconds were left


def test_no_data_raise_nothing_either() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "limit")
    bench.judge(5, UNKNOWN, "limit")
    bench.until(100)
    assert bench.faults.standing() == []
    bench.judge(100, WARNING, "limit")
    bench.until(105)

    assert bench.one("limit").raised_at == at(105)


def test_active_fault_is_held_and_goes_on() -> None:
    bench = _raised()
    bench.judge(20, UNKNOWN, "limit")
    assert bench.one("limit").held
    bench.judge(30, WARNING, "limit")

    assert bench.whats()[-2:] == [What.HELD, What.RESUMED]
    assert not bench.one("limit").held


def test_no_data_mean_nothing_to_what_is_over() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "off")
    bench.judge(1, FINE, "off")
    bench.judge(2, UNKNOWN, "off")
    bench.judge(3, FINE, "off")

    assert not bench.one("off").held


def test_rule_may_take_no_data_as_trouble() -> None:
    bench = Bench()
    bench.judge(0, UNKNOWN, "tripping")

    assert bench.one("tripping").severity_now is Severity.WARNING


def test_rule_may_take_no_data_as_well() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "clearing")
    bench.judge(1, UNKNOWN, "clearing")

    assert bench.faults.standing() == []


def test_latched_fault_stays_until_it_is_reset() -> None:
    bench = _raised("leak")
    bench.judge(20, FINE, "leak")
    bench.until(30)
    fault = bench.one("leak")
    assert (fault.state, fault.condition) == (State.LTUNA, Condition.NORMAL)
    with pytest.raises(NotPossibleError, match="not acknowledged"):
        bench.faults.reset(fault.id, "ann", bench.now)
    bench.take(bench.faults.ack(fault.id, "ann", bench.now))
    assert bench.one("leak").state is State.LTACK

    bench.take(bench.faults.reset(fault.id, "ann", bench.now))

    assert bench.faults.standing() == []
    assert bench.told[-1].by == "ann"
    assert bench.told[-1].before is State.LTACK


def test_latched_fault_is_not_reset_while_it_stands() -> None:
    bench = _raised("leak")

    with pytest.raises(NotPossibleError, match="ACTIVE"):
        bench.faults.reset(bench.one("leak").id, "ann", bench.now)


def test_leak_that_comes_back_before_it_is_reset_is_the_same_one_and_calls_again() -> None:
    bench = _raised("leak")
    bench.judge(20, FINE, "leak")
    bench.until(30)
    fault = bench.one("leak")
    bench.take(bench.faults.ack(fault.id, "ann", bench.now))
    bench.judge(100, CRITICAL, "leak")

    again = bench.one("leak")
    assert (again.id, again.flap_count, again.state) == (fault.id, 1, State.UNACK)
    assert (again.cleared_at, again.severity_max) == (None, Severity.CRITICAL)
    assert len(bench.calls()) == 2


def test_trip_of_an_instant_still_trips() -> None:
    bench = Bench()
    bench.judge(1, WARNING, "leak")
    bench.judge(1, FINE, "leak")
    bench.until(60)

    assert bench.one("leak").state is State.LTUNA


def test_chattering_detector_calls_once_more_and_is_then_one_fault() -> None:
    bench = Bench()
    for second in range(0, 120, 2):
        bench.judge(second, WARNING)
        bench.judge(second + 1, FINE)

    assert len(bench.calls()) == 3
    assert bench.one().chattering
    assert bench.one().flap_count == 57
    bench.until(119 + 299)
    assert bench.one().condition is Condition.CLEARING
    bench.until(119 + 300)
    assert bench.faults.standing() == []


def test_three_activations_in_more_than_a_minute_are_no_chatter() -> None:
    bench = Bench()
    for second in range(0, 300, 30):
        bench.judge(second, WARNING)
        bench.judge(second + 1, FINE)

    assert bench.whats() == [What.RAISED, What.CLEARED] * 10


def test_shelved_fault_is_quiet_and_calls_again_when_its_time_is_up() -> None:
    bench = _raised()
    fault = bench.one("limit")
    bench.take(bench.faults.ack(fault.id, "ann", bench.now))
    bench.take(bench.faults.shelve(fault.id, "ann", bench.now, reason="known", until=at(100)))
    shelved = bench.one("limit")
    assert (shelved.state, shelved.beneath, shelved.annunciated) == (
        State.SHLVD,
        State.ACKED,
        False,
    )
    bench.judge(50, CRITICAL, "limit")
    assert len(bench.calls()) == 1
    bench.until(100)

    assert bench.one("limit").state is State.UNACK
    assert bench.calls() == [key("limit")] * 2


def test_shelf_holds_for_the_next_occurrence_as_well() -> None:
    bench = Bench()
    bench.judge(0, WARNING)
    bench.take(bench.faults.shelve(bench.one().id, "ann", bench.now, reason="noise", until=at(100)))
    bench.judge(1, FINE)
    assert bench.one().state is State.SHLVD
    bench.judge(40, WARNING)

    assert bench.one().state is State.SHLVD
    assert len(bench.calls()) == 1
    old = bench.faults.occurrences()[0]
    assert old.closed is Closed.CLEARED
    with pytest.raises(StaleOccurrenceError):
        bench.faults.unshelve(old.id, "ann", bench.now)


def test_unshelved_fault_that_is_over_is_gone() -> None:
    bench = Bench()
    bench.judge(0, WARNING)
    fault = bench.one()
    bench.take(bench.faults.shelve(fault.id, "ann", bench.now, reason="noise", until=at(100)))
    bench.judge(1, FINE)
    bench.take(bench.faults.unshelve(fault.id, "ann", bench.now))

    assert bench.faults.books().live == ()


def test_out_of_service_counts_for_nobody_and_is_judged_on() -> None:
    bench = _raised()
    fault = bench.one("limit")
    bench.take(bench.faults.out_of_service(fault.id, "bob", bench.now, reason="new valve"))
    bench.judge(20, CRITICAL, "limit")

    out = bench.one("limit")
    assert (out.state, out.severity_now) == (State.OOSRV, Severity.CRITICAL)
    assert bench.faults.health(EntityId("R1")) is Severity.OK
    bench.take(bench.faults.return_to_service(fault.id, "bob", bench.now))
    assert bench.faults.health(EntityId("R1")) is Severity.CRITICAL
    assert len(bench.calls()) == 2


def test_comment_stays_with_the_fault() -> None:
    bench = _raised()
    bench.take(bench.faults.comment(bench.one("limit").id, "bob", bench.now, text="valve stuck"))

    (said,) = bench.one("limit").comments
    assert (said.by, said.text, said.at) == ("bob", "valve stuck", bench.now)


def test_nobody_acts_on_what_never_was() -> None:
    with pytest.raises(NoSuchFaultError):
        Bench().faults.ack("nonsense", "ann", at(0))


def test_nobody_acts_before_time_has_passed() -> None:
    bench = _raised()
    bench.judge(20, FINE, "limit")

    with pytest.raises(AssertionError, match="time"):
        bench.faults.ack(bench.one("limit").id, "ann", at(50))


def test_entity_that_is_gone_takes_its_faults_along() -> None:
    bench = _raised()
    bench.judge(11, WARNING)
    bench.take(bench.faults.remove(EntityId("R1"), at(12)))

    assert bench.faults.standing() == []
    assert [each.closed for each in bench.faults.occurrences()] == [Closed.REMOVED] * 2


def test_rule_that_is_gone_takes_its_faults_along() -> None:
    bench = _raised()
    bench.judge(11, WARNING)
    fewer = Rules.of(each for code, each in RULES.by_code.items() if code != "limit")
    restored = Faults.restore(fewer, a_plant(), bench.told)

    for faults in (bench.faults, restored):
        (change,) = faults.configure(fewer, at(12))
        assert change.fault.closed is Closed.REMOVED
        assert [each.key for each in faults.standing()] == [key()]


def test_older_time_counts_as_now() -> None:
    bench = Bench()
    bench.judge(5, WARNING, "off")
    bench.judge(3, FINE, "off")

    assert bench.one("off").cleared_at == at(5)


def test_code_that_is_switched_off_raises_nothing() -> None:
    fewer = {code: each for code, each in RULES.by_code.items() if code != "limit"}
    bench = Bench(Rules(fewer, off={"limit": RULES["limit"]}))
    bench.judge(0, CRITICAL, "limit")
    bench.until(60)

    assert bench.told == []


def test_unknown_code_is_refused() -> None:
    with pytest.raises(AssertionError):
        Bench().faults.judge(key("nonsense"), WARNING, at(0))


def test_restored_engine_tells_nothing_anew_and_goes_on_with_the_same_delays() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "limit")
    bench.judge(0, WARNING)
    restored = Faults.restore(RULES, a_plant(), bench.told)

    assert restored.judge(key(), WARNING, at(5)) == ()
    assert restored.judge(key("limit"), WARNING, at(5)) == ()
    assert [each.at for each in restored.advance(at(20))] == [at(10)]


def test_books_stand_for_all_that_was_before_them() -> None:
    bench = _raised()
    books, told = bench.faults.books(), len(bench.told)
    bench.judge(20, FINE, "limit")
    bench.judge(21, Judged(Severity.WARNING))

    restored = Faults.restore(RULES, a_plant(), bench.told[told:], books)

    assert restored.books() == bench.faults.books()


def test_what_is_switched_off_is_judged_by_nobody_and_closed() -> None:
    bench = _raised("plain")
    on = {code: rule for code, rule in RULES.by_code.items() if code != "plain"}

    changes = bench.faults.configure(Rules(on, {"plain": RULES["plain"]}), at(20))

    assert [(each.what, each.fault.closed) for each in changes] == [(What.CLOSED, Closed.REMOVED)]
    assert bench.faults.judge(key("plain", "R1"), WARNING, at(21)) == ()
