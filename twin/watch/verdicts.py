"""Verdicts: a number held against the limits of a rule, as the engine wants to hear it."""

from math import inf
from typing import Final

from twin.fault import FINE, Condition, Fault, Judged, Key
from twin.faults.rule import Limits
from twin.severity import Severity

Verdict = tuple[Key, Judged]
"""What is judged, and how it stands."""

DIMENSIONLESS: Final = "1"
"""The unit of a ratio, which nobody says."""

_DIGITS: Final = range(3, 8)

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
        what: What people are told of it; ``{}`` stands for the value with its unit.
    """
    severity = limits.judge(value, standing(fault))
    if fault is None and severity is _OK:
        return FINE  # as nearly always, and nobody asks for more
    limit = limits.beyond(severity)
    said = ""
    if limit is not None:
        value_told, limit_told = figures(value, limit, limits.unit)
        said = f"{what.format(value_told)}, {'lower ' if limits.below else ''}limit {limit_told}"
    return Judged(severity, value, limit, limits.unit, point, said)


def figures(value: float, limit: float, unit: str) -> tuple[str, str]:
    """A value and its limit as people read them, by as few digits as tell the two apart."""
    word = "" if unit == DIMENSIONLESS else unit
    pairs = [(f"{value:.{digits}g}", f"{limit:.{digits}g}") for digits in _DIGITS]
    apart = [pair for pair in pairs if pair[0] != pair[1] and "e" not in "".join(pair)]
    told, bound = apart[0] if apart else pairs[-1]
    return f"{told} {word}".rstrip(), f"{bound} {word}".rstrip()


def standing(fault: Fault | None) -> Severity:
    """As what a fault stands, for the deadband."""
    if fault is None or fault.condition is not Condition.ACTIVE:
        return _OK
    return fault.severity_now


def outermost(limits: Limits | None, *, below: bool = False) -> float:
    """The limit that is met first; beyond all numbers where there is none."""
    told = () if limits is None else (limits.warning, limits.critical)
    known = [each for each in told if each is not None]
    return max(known, default=-inf) if below else min(known, default=inf)
