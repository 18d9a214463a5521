"""What operators do to a fault, and what they cannot do."""

from typing import Final

from twin.fault import Comment, Condition, Fault, Mask, What
from twin.faults.regions import realarm_at, unshelved
from twin.faults.rule import Rule
from twin.faults.transitions import Step
from twin.instants import NEVER, Instant, Millis, after

LONGEST_SHELF: Final = Millis(12 * 3_600_000)
"""So long a fault may lie on the shelf: a shift; ours, as there is no permanent one."""

COMMENTS: Final = 100
"""So many a fault may have; then it takes no more."""


class NoSuchFaultError(Exception):
    """Nobody remembers an occurrence of such an id."""


class StaleOccurrenceError(Exception):
    """The occurrence is over and done with: whoever acts on it has an old picture."""


class NotPossibleError(Exception):
    """The fault is not in a state in which that can be done."""


def acknowledged(fault: Fault, rule: Rule, by: str, at: Instant) -> Step:
    """Take note (7)."""
    if not fault.unacked:
        by_whom = fault.acknowledged_by
        raise NotPossibleError(f"acknowledged by {by_whom}" if by_whom else "nobody has to")
    again = realarm_at(rule, at) if fault.condition is Condition.ACTIVE else NEVER
    noted = fault._replace(
        unacked_since=None,
        acknowledged_by=by,
        acknowledged_at=at,
        realarm_at=again,
        hushed_at=NEVER,
    )
    return noted, What.ACKNOWLEDGED


def reset(fault: Fault) -> Step:
    """Let go of what is latched (8): when it is over, and somebody took note."""
    if not fault.latched:
        raise NotPossibleError("nothing is latched")
    if fault.condition is not Condition.NORMAL:
        raise NotPossibleError(f"the condition is {fault.condition}, not NORMAL")
    if fault.unacked:
        raise NotPossibleError("it is not acknowledged")
    return fault._replace(latched=False), What.RESET


def shelve(fault: Fault, mask: Mask) -> Step:
    """Keep it quiet for a while (12); of what lies on the shelf, say anew for how long and why."""
    _reasoned(mask)
    if not mask.since < mask.until <= after(mask.since, LONGEST_SHELF):
        hours = LONGEST_SHELF // 3_600_000
        raise NotPossibleError(f"the shelf is for some time, and for {hours} hours at the most")
    return fault._replace(shelved=mask), What.SHELVED


def unshelve(fault: Fault, at: Instant) -> Step:
    """Take it off the shelf (12)."""
    if fault.shelved is None:
        raise NotPossibleError("it is not shelved")
    return unshelved(fault, at), What.UNSHELVED


def take_out(fault: Fault, mask: Mask) -> Step:
    """Take it out of service (14): it is judged on, and counts for nobody's health."""
    _reasoned(mask)
    if fault.out_of_service is not None:
        raise NotPossibleError(f"taken out of service by {fault.out_of_service.by}")
    return fault._replace(out_of_service=mask), What.OUT_OF_SERVICE


def put_back(fault: Fault) -> Step:
    """Put it back into service (14)."""
    if fault.out_of_service is None:
        raise NotPossibleError("it is in service")
    return fault._replace(out_of_service=None), What.IN_SERVICE


def comment(fault: Fault, said: Comment) -> Step:
    """Have something to say."""
    if not said.text.strip():
        raise NotPossibleError("a comment says something")
    if len(fault.comments) >= COMMENTS:
        raise NotPossibleError(f"it has {COMMENTS} comments")
    return fault._replace(comments=(*fault.comments, said)), What.COMMENTED


def _reasoned(mask: Mask) -> None:
    if not mask.reason.strip():
        raise NotPossibleError("it needs a reason")
