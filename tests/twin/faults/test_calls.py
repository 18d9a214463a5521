"""What comes at one instant comes together: its order changes nothing, calls included."""

from itertools import permutations

import pytest

from build import at
from faulty import CRITICAL, WARNING, Bench, a_rule, key
from twin.fault import FINE, Fault, What
from twin.faults.acts import StaleOccurrenceError
from twin.faults.calls import OVER, called, calling, waiting
from twin.faults.rule import NO_TIME, Rules
from twin.instants import NEVER

HOT = key("hot")


def standing() -> Bench:
    """A rack too hot, whom somebody was called for."""
    bench = Bench()
    bench.judge(0, WARNING, "hot")
    bench.until(20)
    assert bench.calls() == [HOT]
    return bench


def test_effect_waits_its_usual_time_from_when_it_was_raised() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "hot")
    bench.until(2)

    assert bench.one("hot").waits_until == at(7)


def test_effect_that_need_not_wait_waits_for_the_end_of_the_instant() -> None:
    bench = Bench(Rules.of([a_rule(effects_of=["x"], wait=NO_TIME)]))
    bench.judge(5, WARNING)
    assert bench.calls() == []
    bench.until(5.001)

    assert bench.calls() == [key()]
    assert bench.one().annunciated_at == at(5) + OVER


def test_what_has_no_cause_calls_at_once() -> None:
    bench = Bench()
    bench.judge(5, WARNING, "leak")

    assert bench.calls() == [key("leak")]


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_what_gets_worse_as_its_cause_appears_calls_once(order: tuple[int, ...]) -> None:
    bench = standing()
    said = ((CRITICAL, "hot", "R1"), (WARNING, "broken", "U1"))
    for each in order:
        bench.judge(20, *said[each])
    bench.until(40)

    assert [each for each in bench.calls() if each == HOT] == [HOT]
    assert bench.one("hot").hushed_at == NEVER


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_what_gets_worse_with_its_cause_calls_nobody(order: tuple[int, ...]) -> None:
    bench = Bench()
    bench.judge(0, WARNING, "broken", "U1")
    bench.judge(0, WARNING, "hot")
    bench.until(7)
    said = ((CRITICAL, "hot", "R1"), (CRITICAL, "broken", "U1"))
    for each in order:
        bench.judge(7, *said[each])
    bench.until(20)

    assert HOT not in bench.calls()
    assert (bench.one("hot").annunciated_at, bench.one("hot").waits_until) == (None, NEVER)


def test_what_was_explained_for_longer_than_an_instant_calls_again() -> None:
    bench = standing()
    bench.judge(20, WARNING, "broken", "U1")
    bench.judge(20.001, CRITICAL, "hot")
    bench.until(21)

    assert [each for each in bench.calls() if each == HOT] == [HOT, HOT]


def test_what_is_released_while_it_would_wait_waits_on() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "broken", "U1")
    bench.judge(0, WARNING, "hot")
    bench.until(2)
    assert bench.one("hot").waits_until == NEVER
    bench.judge(3, CRITICAL, "hot")

    assert bench.one("hot").waits_until == at(7)


def test_what_somebody_noted_calls_anew_when_it_gets_worse_at_that_very_instant() -> None:
    bench = standing()
    bench.judge(20, WARNING, "broken", "U1")
    bench.take(bench.faults.ack(bench.one("hot").id, "ann", at(20)))
    bench.judge(20, CRITICAL, "hot")
    bench.until(21)

    assert [each for each in bench.calls() if each == HOT] == [HOT, HOT]


def test_what_somebody_takes_off_the_shelf_calls_at_once() -> None:
    bench = standing()
    fault = bench.one("hot").id
    bench.take(bench.faults.shelve(fault, "ann", at(20), reason="x", until=at(60)))
    bench.take(bench.faults.unshelve(fault, "ann", at(20)))

    assert [each for each in bench.calls() if each == HOT] == [HOT, HOT]


def test_effect_that_came_and_went_while_it_waited_leaves_nothing() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "steep")
    fault = bench.one("steep").id
    bench.judge(1, FINE, "steep")

    assert bench.faults.standing() == []
    with pytest.raises(StaleOccurrenceError):
        bench.faults.ack(fault, "ann", at(1))


def test_it_is_called_for_once_it_calls_or_was_hushed_at_that_instant() -> None:
    silent = Fault(HOT, "x", unacked_since=at(0), suppressed_by=("y",))
    hushed = silent._replace(hushed_at=at(3))
    speaks = silent._replace(suppressed_by=())

    assert calling(speaks)
    assert not calling(silent)
    assert [called(each, silent, at(3)) for each in (None, silent, hushed, speaks)] == [
        False,
        False,
        True,
        True,
    ]
    assert not called(hushed, silent, at(4))
    assert not called(speaks, silent._replace(id="z"), at(3))


def test_what_waits_goes_on_waiting() -> None:
    waits = Fault(HOT, "x", unacked_since=at(0), waits_until=at(9), raised_at=at(4))

    assert waiting(waits, a_rule(), What.SEVERITY, at(5), told=False) == waits
