"""States: whether a state point says that the thing is so, by the text that its metadata have."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from twin.points import Freshness, Point, PointState

_NO: Final = "no"
"""As in NoLeak, Not isolated, None, Normal, Nominal."""

_PLAIN: Final = frozenset(
    {"ok", "dry", "clear", "cleared", "healthy", "good", "inactive", "off", "false", "undetected"}
)
_BLIND: Final = ("notavail", "notconn", "notpres", "notresp", "nodata", "nosig", "noresp", "nocomm")
_BROKEN: Final = ("fault", "fail", "unavail", "absent", "unknown", "invalid", "disconn", "broken")
_SO: Final = (
    *("leak", "wet", "alarm", "detect", "trip", "warning", "critical"),
    *("isolat", "request", "active", "true"),
)

_LIVE: Final = Freshness.LIVE


class Says(StrEnum):
    """What a state amounts to."""

    SO = "so"
    NOT_SO = "not so"
    BROKEN = "broken"
    """Whoever should know does not: the sensor is at fault."""


def says(point: Point, value: float) -> Says:
    """What a value of a state point means: by its text, else all but 0 is so.

    The contract leaves the texts free: 1 is a leak at one site, and "Normal" at another.
    """
    return means(point.text(value), value)


def means(text: str | None, value: float) -> Says:
    """The same, of a text alone; None where a value has none."""
    bare = "" if text is None else "".join(filter(str.isalpha, text.lower()))
    if bare.startswith(_BLIND):
        return Says.BROKEN
    if bare.startswith(_NO) or bare in _PLAIN:
        return Says.NOT_SO
    if any(word in bare for word in _BROKEN):
        return Says.BROKEN
    if any(word in bare for word in _SO):
        return Says.SO
    return Says.SO if value else Says.NOT_SO


def told(state: PointState) -> float | None:
    """The value of a point where it is the truth of now."""
    return None if state.bad or state.freshness is not _LIVE else state.value


def is_so(states: Sequence[PointState]) -> bool | None:
    """Whether any of several points says that it is so; None where that cannot be told."""
    said = [None if (value := told(each)) is None else says(each.point, value) for each in states]
    if Says.SO in said:
        return True
    return False if said and all(each is Says.NOT_SO for each in said) else None
