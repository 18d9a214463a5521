"""A strict reader of InfluxDB line protocol, written from its published rules alone.

It knows floats, integers and strings: nothing else is ever sent.
"""

import re
from typing import NamedTuple

FLOAT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
INTEGER = re.compile(r"-?\d+i")
STRING = re.compile(r'(?<!\\)="(?:[^"\\]|\\.)*"')


class Line(NamedTuple):
    """What one line says."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | int | str]
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
    series, *rest = re.split(r"(?<!\\) ", line, maxsplit=1)
    fields, _, timestamp = "".join(rest).rpartition(" ")
    if not fields:
        raise ValueError("missing fields")
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
        dict(_field(field) for field in _split(fields, ",", quoted=True)),
        int(timestamp),
    )


def _split(text: str, at: str, *, quoted: bool = False) -> list[str]:
    """The parts between those ``at`` that have no backslash before them, nor stand in a string."""
    strings = [match.span() for match in STRING.finditer(text)] if quoted else []
    if not strings:
        return re.split(rf"(?<!\\){at}", text)
    parts, begin = [], 0
    for place, character in enumerate(text):
        if any(start < place < end for start, end in strings):
            continue
        if character == at and (place == 0 or text[place - 1] != "\\"):
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]


def _pair(text: str) -> tuple[str, str]:
    parts = _split(text, "=")
    if len(parts) != 2 or not all(parts):
        raise ValueError("missing tag or field value")
    return _plain(parts[0], ",= "), _plain(parts[1], ",= ")


def _field(text: str) -> tuple[str, float | int | str]:
    string = STRING.search(text)
    if len(_split(text, " ", quoted=True)) != 1:
        raise ValueError("a space outside of a string")
    if string is None:
        key, value = _pair(text)
        return key, _value(value)
    if string.end() != len(text):
        raise ValueError("unbalanced quotes")
    said = re.sub(r'\\(["\\])', r"\1", string[0][2:-1])
    return _plain(text[: string.start()], ",= "), said


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
