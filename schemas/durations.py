"""Durations as Go writes them: ``1m39.36s``, ``3.47ms``, ``30s``."""

import re
from decimal import Decimal
from typing import Final

_UNITS_NS: Final = {
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "µs": 1_000,  # micro sign, as Go prints it
    "μs": 1_000,  # Greek mu, which Go reads as well
    "ns": 1,
}
_LONGEST_NS: Final = 2**63 - 1  # as in Go
_PART: Final = re.compile(r"([0-9]{1,19}\.?[0-9]{0,19}|\.[0-9]{1,19})(h|ms|us|µs|μs|ns|m|s)")


def parse_ns(text: str) -> int:
    """Nanoseconds of a duration.

    Raises:
        ValueError: It is none.
    """
    if text == "0":
        return 0
    total, position = Decimal(0), 0
    while position < len(text) and (part := _PART.match(text, position)):
        total += Decimal(part[1]) * _UNITS_NS[part[2]]
        position = part.end()
    if position == 0 or position < len(text):
        raise ValueError(f"not a duration: {text!r} (one looks like 1m39.36s, 250ms or 2h)")
    if total > _LONGEST_NS:
        raise ValueError(f"too long a duration: {text!r} (the longest is 292 years)")
    return int(total)


def parse_ms(text: str) -> int:
    """Milliseconds of a duration, rounded to the nearest.

    Raises:
        ValueError: It is none.
    """
    return (parse_ns(text) + 500_000) // 1_000_000


def format_ms(milliseconds: int) -> str:
    """A duration of whole milliseconds, as ``parse_ms`` reads it."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + "s"
