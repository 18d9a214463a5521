"""Transitions of a fault that come of themselves: from what is judged, and from time.

They are pure: a fault and what came give the faults that follow from it, with their names. Numbers
are those of the table of transitions in the decision on faults; what people do is in ``acts``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from twin.fault import FINE, Closed, Condition, Fault, Judged, What
from twin.faults.chatter import chatters, noted, off_delay
from twin.faults.regions import calling, closed, occurrence_id, realarm_at, unshelved
from twin.faults.rule import OnStale, Rule
from twin.instants import NEVER, Instant, Millis, after
from twin.severity import RANK, Severity

Step = tuple[Fault, What]
Steps = Iterator[Step]


def heard(fault: Fault, rule: Rule, judged: Judged, at: Instant) -> Steps:
    """What follows from one judgement."""
    severity = _without_data(rule) if judged.severity is None else judged.severity
    if severity is None:  # 11: no data change nothing but that
        if fault.condition is not Condition.NORMAL and not fault.held:
            yield fault._replace(held_since=at), What.HELD
        return
    if fault.held_since is not None:
        fault = _resumed(fault, Millis(at - fault.held_since))
        yield fault, What.RESUMED
    if severity is not judged.severity:
        judged = judged._replace(severity=severity)
    yield from _HEARD[fault.condition, severity is not Severity.OK](fault, rule, judged, at)


def elapsed(fault: Fault, rule: Rule, at: Instant) -> Steps:
    """What follows from time, when the ``next_at`` of a fault has come; one thing at a time."""
    if fault.until <= at and not fault.held:
        if fault.condition is Condition.PENDING:
            yield from raised(fault, rule, fault.pending, at)  # 3
        else:
            yield cleared(fault, rule, at), What.CLEARED  # 6
    elif fault.shelved and fault.shelved.until <= at:
        yield unshelved(fault, at), What.UNSHELVED  # 12
    elif fault.waits_until <= at:
        yield fault._replace(waits_until=NEVER), What.WAITED  # 13
    elif fault.realarm_at <= at:  # 10
        again = calling(fault, at)
        yield again._replace(realarm_count=fault.realarm_count + 1), What.REALARMED
    elif fault.explains_until <= at:
        yield fault._replace(explains_until=NEVER), What.SUBSIDED  # 13
    else:
        yield fault._replace(entries=(), forget_at=NEVER), What.SUBSIDED


def raised(fault: Fault, rule: Rule, judged: Judged, at: Instant) -> Steps:
    """A new occurrence (3); of what is latched it is the same one, until somebody resets it."""
    recent = noted(fault.recent, at)
    chattering = fault.chattering or chatters(recent)
    severity = judged.severity or rule.severity
    if fault.latched:
        again = calling(fault, at)._replace(
            severity_max=max(fault.severity_max, severity, key=RANK.__getitem__),
            flap_count=fault.flap_count + 1,
            cleared_at=None,
            explains_until=NEVER,
        )
        yield _active(again, judged, severity, at, recent, chattering=chattering), What.RETURNED
        return
    if fault.id:
        reason = Closed.SUPERSEDED if fault.unacked else Closed.CLEARED
        yield closed(fault, reason, at), What.CLOSED
    number = fault.number + 1
    new = Fault(
        key=fault.key,
        id=occurrence_id(fault.key, at, number),
        number=number,
        severity_max=severity,
        raised_at=at,
        unacked_since=at,
        latched=rule.latch,
        shelved=fault.shelved,
        out_of_service=fault.out_of_service,
    )
    yield _active(new, judged, severity, at, recent, chattering=chattering), What.RAISED


def cleared(fault: Fault, rule: Rule, at: Instant) -> Fault:
    """The same, over (6): nobody has to take note of what nobody was called for."""
    unseen = fault.annunciated_at is None and rule.has_causes
    kept = (rule.ack_required or rule.latch) and not unseen
    return fault._replace(
        condition=Condition.NORMAL,
        since=at,
        until=NEVER,
        cleared_at=at,
        unacked_since=fault.unacked_since if kept else None,
        suppressed_by=(),
        waits_until=NEVER,
        realarm_at=NEVER,
        chattering=False,
        hushed_at=NEVER,
    )


def _active(  # what a raising and a return have in common
    fault: Fault,
    judged: Judged,
    severity: Severity,
    at: Instant,
    recent: tuple[Instant, ...],
    *,
    chattering: bool,
) -> Fault:
    return fault._replace(
        condition=Condition.ACTIVE,
        since=at,
        until=NEVER,
        pending=FINE,
        judged=judged,
        severity_now=severity,
        recent=recent,
        chattering=chattering,
        entries=(),
        forget_at=NEVER,
    )


def _without_data(rule: Rule) -> Severity | None:
    """What missing data count as (11)."""
    return {
        OnStale.HOLD: None,
        OnStale.TRIP: rule.severity,
        OnStale.CLEAR: Severity.OK,
    }[rule.on_stale]


def _resumed(fault: Fault, missing: Millis) -> Fault:
    """The same, when there are data again: delays stood still meanwhile."""
    until = NEVER if fault.until == NEVER else after(fault.until, missing)
    return fault._replace(held_since=None, since=after(fault.since, missing), until=until)


def _begins(fault: Fault, rule: Rule, judged: Judged, at: Instant) -> Steps:  # 1
    entries: tuple[Instant, ...] = ()
    if rule.trips_at is not None:
        wanted, window = rule.trips_at
        entries = (*(each for each in fault.entries if each > at - window), at)[-wanted:]
        if len(entries) == wanted:
            yield from raised(fault, rule, judged, at)
            return
    severity = judged.severity or rule.severity
    until = after(at, rule.delay(severity))
    if until <= at:
        yield from raised(fault, rule, judged, at)
        return
    yield (
        fault._replace(
            condition=Condition.PENDING,
            since=at,
            until=until,
            pending=judged,
            entries=entries,
            forget_at=NEVER,
        ),
        What.PENDING,
    )


def _goes_on(fault: Fault, rule: Rule, judged: Judged, at: Instant) -> Steps:
    """It is still so, and may be worse or better than it was."""
    severity = judged.severity or rule.severity
    if severity is fault.pending.severity:
        return
    if RANK[severity] > RANK[fault.pending.severity or severity]:
        until = min(fault.until, after(at, rule.delay(severity)))
    else:
        until = after(fault.since, rule.delay(severity))
    if until <= at:
        yield from raised(fault, rule, judged, at)
    else:
        yield fault._replace(until=until, pending=judged), What.PENDING


def _passes(fault: Fault, rule: Rule, _: Judged, at: Instant) -> Steps:  # 2
    forget_at = NEVER
    if rule.trips_at is not None:
        forget_at = after(at, rule.trips_at.window)
    yield (
        fault._replace(
            condition=Condition.NORMAL, since=at, until=NEVER, pending=FINE, forget_at=forget_at
        ),
        What.FLEETING,
    )


def _compares(fault: Fault, rule: Rule, judged: Judged, at: Instant) -> Steps:  # 9
    severity = judged.severity or rule.severity
    if severity is fault.severity_now:
        return
    if RANK[severity] < RANK[fault.severity_now]:
        yield fault._replace(severity_now=severity), What.SEVERITY
        return
    worst = max(fault.severity_max, severity, key=RANK.__getitem__)
    worse = calling(fault, at)._replace(severity_now=severity, severity_max=worst, judged=judged)
    yield worse, What.SEVERITY


def _abates(fault: Fault, rule: Rule, _: Judged, at: Instant) -> Steps:  # 4
    delay = off_delay(rule.off_delay, chattering=fault.chattering)
    if delay <= 0:
        yield cleared(fault, rule, at), What.CLEARED
        return
    until = after(at, delay)
    yield (
        fault._replace(condition=Condition.CLEARING, since=at, until=until, realarm_at=NEVER),
        What.CLEARING,
    )


def _returns(fault: Fault, rule: Rule, judged: Judged, at: Instant) -> Steps:  # 5
    back = fault._replace(
        condition=Condition.ACTIVE,
        since=at,
        until=NEVER,
        flap_count=fault.flap_count + 1,
        realarm_at=NEVER if fault.unacked else realarm_at(rule, at),
    )
    yield back, What.RETURNED
    yield from _compares(back, rule, judged, at)


def _nothing(*_: object) -> Steps:
    yield from ()


_HEARD: Final[Mapping[tuple[Condition, bool], Callable[[Fault, Rule, Judged, Instant], Steps]]] = {
    (Condition.NORMAL, True): _begins,
    (Condition.NORMAL, False): _nothing,
    (Condition.PENDING, True): _goes_on,
    (Condition.PENDING, False): _passes,
    (Condition.ACTIVE, True): _compares,
    (Condition.ACTIVE, False): _abates,
    (Condition.CLEARING, True): _returns,
    (Condition.CLEARING, False): _nothing,
}
"""What is done when a key is judged to be so, and not to be so."""
