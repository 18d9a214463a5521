"""Payloads: JSON objects no larger than the event bus carries."""

import re
from typing import Final

import msgspec

from schemas.errors import DecodeError, Reason

LARGEST: Final = 4 * 1024 * 1024
"""Bytes in a payload: the DSX event bus carries no more."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a JSON decoder raises on bytes that it cannot make sense of."""

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_objects: Final = msgspec.json.Decoder(dict[str, object]).decode


def read_object(payload: bytes) -> dict[str, object]:
    """The JSON object that a payload is, by RFC 8259: no NaN, nothing but UTF-8.

    Raises:
        DecodeError: It is none, or too large.
    """
    if len(payload) > LARGEST:
        raise DecodeError(Reason.TOO_LARGE)
    try:
        return _objects(payload)
    except UNREADABLE as error:
        raise DecodeError(Reason.JSON, str(error)) from error


def integer(value: object) -> int | None:
    """The integer that a JSON number is to JSON Schema: 1 and 1.0 are one, true is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def spelled(value: object) -> int | None:
    """The integer that a string spells out in digits."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None
