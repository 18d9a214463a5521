"""The table of transitions: what follows from each condition and each judgement."""

import pytest

from build import at
from faulty import WARNING, a_rule, key
from twin.fault import FINE, UNKNOWN, Condition, Fault, Judged, What
from twin.faults.rule import OnStale
from twin.faults.transitions import heard
from twin.severity import Severity

SLOW = a_rule(on=10, off=10)
FAST = a_rule()

FAULTS = {
    Condition.NORMAL: Fault(key()),
    Condition.PENDING: Fault(
        key(), condition=Condition.PENDING, since=at(0), until=at(10), pending=WARNING
    ),
    Condition.ACTIVE: Fault(key(), "x", 1, Condition.ACTIVE, at(0), severity_now=Severity.WARNING),
    Condition.CLEARING: Fault(
        key(), "x", 1, Condition.CLEARING, at(0), at(10), severity_now=Severity.WARNING
    ),
}


@pytest.mark.parametrize(
    ("condition", "judged", "what", "then"),
    [
        (Condition.NORMAL, WARNING, [What.PENDING], Condition.PENDING),
        (Condition.NORMAL, FINE, [], Condition.NORMAL),
        (Condition.NORMAL, UNKNOWN, [], Condition.NORMAL),
        (Condition.PENDING, WARNING, [], Condition.PENDING),
        (Condition.PENDING, FINE, [What.FLEETING], Condition.NORMAL),
        (Condition.PENDING, UNKNOWN, [What.HELD], Condition.PENDING),
        (Condition.ACTIVE, WARNING, [], Condition.ACTIVE),
        (Condition.ACTIVE, FINE, [What.CLEARING], Condition.CLEARING),
        (Condition.ACTIVE, UNKNOWN, [What.HELD], Condition.ACTIVE),
        (Condition.CLEARING, WARNING, [What.RETURNED], Condition.ACTIVE),
        (Condition.CLEARING, FINE, [], Condition.CLEARING),
        (Condition.CLEARING, UNKNOWN, [What.HELD], Condition.CLEARING),
    ],
)
def test_condition_and_judgement_give_what_follows(
    condition: Condition, judged: Judged, what: list[What], then: Condition
) -> None:
    steps = list(heard(FAULTS[condition], SLOW, judged, at(5)))

    assert [name for _, name in steps] == what
    assert (steps[-1][0] if steps else FAULTS[condition]).condition is then


def test_without_delays_nothing_is_pending_or_clearing() -> None:
    assert [what for _, what in heard(FAULTS[Condition.NORMAL], FAST, WARNING, at(5))] == [
        What.RAISED
    ]
    assert [what for _, what in heard(FAULTS[Condition.ACTIVE], FAST, FINE, at(5))] == [
        What.CLEARED
    ]


def test_missing_data_that_count_as_trouble_have_the_severity_of_the_rule() -> None:
    rule = a_rule(on_stale=OnStale.TRIP)
    ((fault, what),) = heard(FAULTS[Condition.NORMAL], rule, UNKNOWN, at(5))

    assert (what, fault.severity_now) == (What.RAISED, Severity.WARNING)
