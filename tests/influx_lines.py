"""A strict reader of InfluxDB line protocol, written from its published rules alone.

It knows floats and integers: nothing else is ever sent.
"""

import re
from typing import NamedTuple

FLOAT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
INTEGER = re.compile(r"-?\d+i")


class Line(NamedTuple):
    """What one line says."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | int]
    timestamp: int


def parse(line: str) -> Line:
    """One line.

    Raises:
        ValueError: It is none; the message begins as the server's does.
    """
    try:
        return _parse(line)
    except ValueError as error:
        raise ValueError(f"unable to parse '{line}': {error}") from error


def _parse(line: str) -> Line:
    if "\n" in line or "\r" in line or "\0" in line:
        raise ValueError("a line has no line break")
    parts = _split(line, " ")
    if len(parts) != 3:
        raise ValueError(f"{len(parts)} parts")
    series, fields, timestamp = parts
    measurement, *tags = _split(series, ",")
    if not measurement:
        raise ValueError("missing measurement")
    pairs = [_pair(tag) for tag in tags]
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("duplicate tags")
    if not re.fullmatch(r"-?\d+", timestamp):
        raise ValueError("bad timestamp")
    return Line(
        _plain(measurement, ", "),
        dict(pairs),
        {key: _value(text) for key, text in (_pair(field) for field in _split(fields, ","))},
        int(timestamp),
    )


def _split(text: str, at: str) -> list[str]:
    """The parts between those ``at`` that have no backslash before them."""
    parts, begin = [], 0
    for place, character in enumerate(text):
        if character == at and (place == 0 or text[place - 1] != "\\"):
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]


def _pair(text: str) -> tuple[str, str]:
    parts = _split(text, "=")
    if len(parts) != 2 or not all(parts):
        raise ValueError("missing tag or field value")
    return _plain(parts[0], ",= "), _plain(parts[1], ",= ")


def _plain(text: str, special: str) -> str:
    return re.sub(rf"\\([{re.escape(special)}])", r"\1", text)


def _value(text: str) -> float | int:
    if INTEGER.fullmatch(text):
        number = int(text[:-1])
        if not -(2**63) <= number < 2**63:
            raise ValueError("integer out of range")
        return number
    if FLOAT.fullmatch(text):
        return float(text)
    raise ValueError("invalid number")
