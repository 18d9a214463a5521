"""Instants and durations as clients give them."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from schemas.bms import FARTHEST
from schemas.durations import parse_ms
from schemas.rfc3339 import parse_instant
from twin.instants import Instant, Millis

_MILLISECONDS: Final = re.compile("[0-9]{1,15}")


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError("not a text")  # noqa: TRY004  # which pydantic takes for an answer
    return given


def _instant(given: object) -> Instant:
    instant = parse_instant(_text(given))
    if not 0 <= instant <= FARTHEST:
        raise ValueError("not between the years 1970 and 9999")
    return instant


def _either(given: object) -> Instant:
    if isinstance(given, str) and not _MILLISECONDS.fullmatch(given):
        return _instant(given)
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise ValueError("neither a text nor milliseconds")  # noqa: TRY004  # as above
    instant = Instant(int(given))
    if not 0 <= instant <= FARTHEST:
        raise ValueError("not between the years 1970 and 9999")
    return instant


def _duration(given: object) -> Millis:
    return Millis(parse_ms(_text(given)))


Moment = Annotated[
    Instant, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""RFC 3339, between the years 1970 and 9999."""

AnyMoment = Annotated[
    Instant,
    BeforeValidator(_either),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "integer", "minimum": 0, "maximum": FARTHEST},
            ]
        }
    ),
]
"""The same, or milliseconds since 1970."""

Span = Annotated[
    Millis,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "examples": ["30m", "1h30m"]}),
]
"""A duration as Go writes it."""
