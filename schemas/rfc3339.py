"""Instants as text: RFC 3339 in UTC with milliseconds."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from twin.instants import Instant

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def format_instant(instant: Instant) -> str:
    """``2026-11-22T08:00:00.120Z`` of an instant from the year 1 to the year 9999."""
    moment = _EPOCH + instant * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str) -> Instant:
    """The instant of an RFC 3339 text, to the millisecond that it lies in.

    Raises:
        ValueError: It is none, or says no time zone.
    """
    form = _RFC_3339.fullmatch(text)
    if form is None:
        raise ValueError(f"not an instant: {text!r} (one looks like 2026-11-22T08:00:00.120Z)")
    if form["zone"] is None:
        raise ValueError(f"{text!r} says no time zone: end it in Z or an offset")
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999") from error
    return Instant((moment - _EPOCH) // _MILLISECOND)
