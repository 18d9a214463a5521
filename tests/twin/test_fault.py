from itertools import product

import pytest

from build import at
from faulty import key
from twin.fault import Closed, Condition, Fault, Mask, State
from twin.instants import NEVER

MASK = Mask("ann", "known", at(0), at(10))


@pytest.mark.parametrize(
    ("condition", "unacked", "latched", "state"),
    [
        (Condition.ACTIVE, True, False, State.UNACK),
        (Condition.CLEARING, True, True, State.UNACK),
        (Condition.ACTIVE, False, True, State.ACKED),
        (Condition.NORMAL, True, False, State.RTNUN),
        (Condition.PENDING, True, False, State.RTNUN),
        (Condition.NORMAL, True, True, State.LTUNA),
        (Condition.NORMAL, False, True, State.LTACK),
        (Condition.NORMAL, False, False, State.NORM),
    ],
)
def test_state_follows_from_condition_ack_and_latch(
    *, condition: Condition, unacked: bool, latched: bool, state: State
) -> None:
    fault = Fault(
        key(), condition=condition, unacked_since=at(0) if unacked else None, latched=latched
    )

    assert fault.state is fault.beneath is state


def test_strongest_mask_is_shown_and_what_lies_beneath_is_known() -> None:
    fault = Fault(key(), condition=Condition.ACTIVE, shelved=MASK)
    assert fault.state is State.SHLVD
    fault = fault._replace(suppressed_by=("x",))
    assert fault.state is State.DSUPR
    fault = fault._replace(out_of_service=MASK)

    assert (fault.state, fault.beneath) == (State.OOSRV, State.ACKED)


def test_masked_is_never_annunciated() -> None:
    masks = product((None, MASK), (None, MASK), ((), ("x",)), (NEVER, at(5)))
    for shelved, out, causes, waits in masks:
        fault = Fault(
            key(),
            condition=Condition.ACTIVE,
            shelved=shelved,
            out_of_service=out,
            suppressed_by=causes,
            waits_until=waits,
        )
        quiet = bool(shelved or out or causes or waits != NEVER)
        assert fault.annunciated is not quiet


def test_what_is_closed_is_not_annunciated() -> None:
    fault = Fault(key(), unacked_since=at(0))

    assert fault.annunciated
    assert not fault._replace(closed=Closed.REMOVED).annunciated


def test_earliest_of_all_is_due_next() -> None:
    fault = Fault(key(), until=at(5), shelved=MASK, realarm_at=at(20))

    assert fault.next_at == at(5)
    assert fault._replace(held_since=at(1)).next_at == at(10)
    assert fault._replace(shelved=None, held_since=at(1)).next_at == at(20)
    assert Fault(key()).next_at == NEVER


@pytest.mark.parametrize(
    "fault",
    [
        Fault(key(), condition=Condition.PENDING),
        Fault(key(), unacked_since=at(0)),
        Fault(key(), latched=True),
        Fault(key(), shelved=MASK),
        Fault(key(), out_of_service=MASK),
        Fault(key(), explains_until=at(1)),
        Fault(key(), forget_at=at(1)),
    ],
)
def test_fault_is_settled_when_nothing_is_left_to_remember(fault: Fault) -> None:
    assert Fault(key()).settled
    assert not fault.settled
