import pytest

from build import at
from faulty import LONG, a_rule, key
from twin.fault import Comment, Condition, Fault, Mask, What
from twin.faults import acts
from twin.faults.acts import NotPossibleError
from twin.instants import NEVER, Instant, after

ACTIVE = Fault(key(), "x", condition=Condition.ACTIVE, unacked_since=at(0))
SOON = at(60)


def _mask(reason: str = "known", until: Instant = SOON) -> Mask:
    return Mask("ann", reason, at(0), until)


def test_who_takes_note_is_kept_and_called_again_later() -> None:
    fault, what = acts.acknowledged(ACTIVE, a_rule(realarm=60), "ann", at(5))

    assert (what, fault.acknowledged_by, fault.acknowledged_at) == (
        What.ACKNOWLEDGED,
        "ann",
        at(5),
    )
    assert fault.realarm_at == at(65)


def test_nobody_is_called_again_for_what_is_over() -> None:
    over = ACTIVE._replace(condition=Condition.NORMAL)

    assert acts.acknowledged(over, a_rule(realarm=60), "ann", at(5))[0].realarm_at == NEVER
    assert acts.acknowledged(ACTIVE, a_rule(), "ann", at(5))[0].realarm_at == NEVER


def test_nobody_takes_note_twice() -> None:
    noted, _ = acts.acknowledged(ACTIVE, a_rule(), "ann", at(5))

    with pytest.raises(NotPossibleError, match="by ann"):
        acts.acknowledged(noted, a_rule(), "bob", at(6))
    with pytest.raises(NotPossibleError, match="nobody"):
        acts.acknowledged(ACTIVE._replace(unacked_since=None), a_rule(), "bob", at(6))


def test_nothing_is_reset_that_is_not_latched() -> None:
    with pytest.raises(NotPossibleError, match="latched"):
        acts.reset(ACTIVE)


@pytest.mark.parametrize("mask", [_mask(until=at(0)), _mask(until=after(at(0), LONG)), _mask(" ")])
def test_shelf_needs_a_reason_and_an_end_within_a_shift(mask: Mask) -> None:
    with pytest.raises(NotPossibleError):
        acts.shelve(ACTIVE, mask)


def test_shelf_may_be_renewed() -> None:
    shelved, _ = acts.shelve(ACTIVE, _mask())

    assert acts.shelve(shelved, _mask(until=at(90)))[0].shelved == _mask(until=at(90))


def test_nothing_is_taken_off_a_shelf_on_which_it_is_not() -> None:
    with pytest.raises(NotPossibleError):
        acts.unshelve(ACTIVE, at(1))


def test_service_is_left_once_and_with_a_reason() -> None:
    out, _ = acts.take_out(ACTIVE, _mask())

    with pytest.raises(NotPossibleError, match="by ann"):
        acts.take_out(out, _mask())
    with pytest.raises(NotPossibleError, match="reason"):
        acts.take_out(ACTIVE, _mask(""))
    with pytest.raises(NotPossibleError, match="in service"):
        acts.put_back(ACTIVE)


def test_comments_say_something_and_are_bounded() -> None:
    fault = ACTIVE
    for number in range(acts.COMMENTS):
        fault, _ = acts.comment(fault, Comment("ann", str(number), at(number)))

    with pytest.raises(NotPossibleError, match="100"):
        acts.comment(fault, Comment("ann", "one more", at(0)))
    with pytest.raises(NotPossibleError, match="says"):
        acts.comment(ACTIVE, Comment("ann", " ", at(0)))
