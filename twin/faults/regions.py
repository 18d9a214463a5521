"""Regions of a fault, each changed on its own: what transitions and acts have in common."""

from hashlib import blake2b

from twin.fault import FINE, Closed, Condition, Fault, Key
from twin.faults.rule import Rule
from twin.instants import NEVER, Instant, after


def occurrence_id(key: Key, at: Instant, number: int) -> str:
    """The id of an activation: made of what it is alone, so that a replay gives the same."""
    text = "\x1f".join((*key, str(at), str(number)))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def calling(fault: Fault, at: Instant) -> Fault:
    """The same, so that somebody has to take note of it."""
    since = at if fault.unacked_since is None else fault.unacked_since
    return fault._replace(
        unacked_since=since, acknowledged_by=None, acknowledged_at=None, realarm_at=NEVER
    )


def unshelved(fault: Fault, at: Instant) -> Fault:
    """The same, off the shelf; what still stands calls as if it were new."""
    bare = fault._replace(shelved=None)
    return calling(bare, at) if fault.stands else bare


def closed(fault: Fault, reason: Closed, at: Instant) -> Fault:
    """The same, over and done with."""
    return fault._replace(
        condition=Condition.NORMAL,
        until=NEVER,
        pending=FINE,
        held_since=None,
        suppressed_by=(),
        waits_until=NEVER,
        realarm_at=NEVER,
        explains_until=NEVER,
        forget_at=NEVER,
        closed=reason,
        closed_at=at,
        hushed_at=NEVER,
    )


def realarm_at(rule: Rule, at: Instant) -> Instant:
    """When somebody is called again who takes note ``at``."""
    return NEVER if rule.realarm_after is None else after(at, rule.realarm_after)
