"""Instants as text: RFC 3339 in UTC with milliseconds."""

from datetime import UTC, datetime, timedelta

from twin.instants import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_instant(instant: Instant) -> str:
    """``2026-11-22T08:00:00.120Z`` of an instant up to the year 9999."""
    moment = _EPOCH + timedelta(milliseconds=instant)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"


def parse_instant(text: str) -> Instant:
    """The instant of an RFC 3339 text, to the millisecond.

    Raises:
        ValueError: It is none, or says no time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} says no time zone: end it in Z or an offset")
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1))
