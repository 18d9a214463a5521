from build import at
from faulty import a_rule, key
from twin.fault import Closed, Condition, Fault, Mask
from twin.faults.regions import calling, closed, occurrence_id, realarm_at, unshelved
from twin.instants import NEVER

MASK = Mask("ann", "known", at(0), at(60))


def test_ids_are_the_same_everywhere_and_differ_by_all_they_are_made_of() -> None:
    assert occurrence_id(key(), at(0), 1) == "f24e51e5fa28af75"
    ids = {
        occurrence_id(which, when, number)
        for which in (key(), key("limit"), key(entity="R2"), key(qualifier="P"))
        for when in (at(0), at(1))
        for number in (1, 2)
    }
    assert len(ids) == 16


def test_who_waits_already_waits_since_then() -> None:
    assert calling(Fault(key()), at(5)).unacked_since == at(5)
    assert calling(Fault(key(), unacked_since=at(1)), at(5)).unacked_since == at(1)


def test_only_what_stands_calls_when_it_leaves_the_shelf() -> None:
    active = Fault(key(), condition=Condition.ACTIVE, shelved=MASK)

    assert unshelved(active, at(5)).annunciated
    assert not unshelved(active._replace(condition=Condition.NORMAL), at(5)).annunciated


def test_nothing_of_what_is_closed_falls_due() -> None:
    busy = Fault(
        key(),
        condition=Condition.PENDING,
        until=at(1),
        waits_until=at(2),
        realarm_at=at(3),
        explains_until=at(4),
        forget_at=at(5),
    )
    over = closed(busy, Closed.REMOVED, at(1))

    assert over.next_at == NEVER
    assert (over.condition, over.closed_at) == (Condition.NORMAL, at(1))


def test_nobody_is_called_again_unless_the_rule_says_so() -> None:
    assert realarm_at(a_rule(), at(0)) == NEVER
    assert realarm_at(a_rule(realarm=60), at(0)) == at(60)
