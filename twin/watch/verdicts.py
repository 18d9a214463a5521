"""Verdicts: a number held against the limits of a rule, as the engine wants to hear it."""

from math import inf
from typing import Final

from twin.fault import FINE, Condition, Fault, Judged, Key
from twin.faults.rule import Limits, Rules
from twin.severity import Severity

Verdict = tuple[Key, Judged]
"""What is judged, and how it stands."""

_OK: Final = Severity.OK


def against(
    limits: Limits, value: float, fault: Fault | None, *, point: str | None, what: str
) -> Judged:
    """What a value amounts to, while its fault stands as it does.

    Args:
        limits: What it is held against.
        value: In their unit.
        fault: What there is of its key.
        point: The point that shows it.
        what: How people call it.
    """
    severity = limits.judge(value, standing(fault))
    if fault is None and severity is _OK:
        return FINE  # as nearly always, and nobody asks for more
    limit = limits.beyond(severity)
    said = ""
    if limit is not None:
        side = "below" if limits.below else "above"
        said = f"{what} {value:.4g} {limits.unit} is {side} {limit:.4g} {limits.unit}"
    return Judged(severity, value, limit, limits.unit, point, said)


def standing(fault: Fault | None) -> Severity:
    """As what a fault stands, for the deadband."""
    if fault is None or fault.condition is not Condition.ACTIVE:
        return _OK
    return fault.severity_now


def limits_of(rules: Rules, code: str, of: str) -> Limits | None:
    """The limits that a row has for one number; None where there are none, or no such row."""
    return next((each for each in rules[code].limits if each.of == of), None)


def outermost(limits: Limits | None, *, below: bool = False) -> float:
    """The limit that is met first; beyond all numbers where there is none."""
    told = () if limits is None else (limits.warning, limits.critical)
    known = [each for each in told if each is not None]
    return max(known, default=-inf) if below else min(known, default=inf)
