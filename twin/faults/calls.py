"""Calls: when an operator is called for a fault, and when it waits for what may explain it.

What came within one instant came together, in whatever order it is taken. So a fault that may be
the effect of another calls for nobody before its instant is over: its cause may be the next that
is taken. And a cause that comes and goes within an instant was never there.
"""

from typing import Final

from twin.fault import Fault, What
from twin.faults.rule import Rule
from twin.instants import NEVER, Instant, Millis, after

OVER: Final = Millis(1)
"""So long an instant lasts: time is told in whole milliseconds."""


def calling(fault: Fault) -> bool:
    """Whether an operator is to take note, and may be told so."""
    return fault.unacked and fault.annunciated


def called(before: Fault | None, fault: Fault, at: Instant) -> bool:
    """Whether somebody was called for what stands ``at``, before what happens now.

    What was hushed by a cause at this very instant was called for before it.
    """
    if before is None or before.id != fault.id:
        return False
    return calling(before) or before.hushed_at == at


def waiting(fault: Fault, rule: Rule, what: What, at: Instant, *, told: bool) -> Fault:
    """The same, waiting if it would call now: for the rest of its usual time, or of this instant.

    Args:
        fault: One that may have causes, and what happened to it of itself.
        rule: Its own.
        what: What happened.
        at: When.
        told: Whether somebody was called before.
    """
    wants = fault.unacked and fault.closed is None and not fault.masked
    if not wants:
        hushed_at = at if told and what is What.SUPPRESSED else fault.hushed_at
        return fault._replace(waits_until=NEVER, hushed_at=hushed_at)
    if told or what is What.WAITED:
        return fault._replace(waits_until=NEVER, hushed_at=NEVER)
    if fault.waits_until != NEVER:
        return fault
    until = max(after(at, OVER), after(fault.raised_at, rule.inhibit_wait))
    return fault._replace(waits_until=until)
