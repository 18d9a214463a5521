"""InfluxDB line protocol: readings as lines, with millisecond timestamps.

A good reading of ``Rack/RackPower/…`` is ``Rack,entity=R1,…,setpoint=false
RackPower=35.2,quality=1i 1767225600000``. One that is not to be trusted has its value in the field
``bad``, one without a value only the quality: so whatever is computed of the field of a metric is
computed of good values alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from twin.instants import Instant
from twin.points import GOOD_QUALITY, Point, PointId

LATEST: Final = Instant(9_223_372_036_854)
"""The last millisecond InfluxDB can hold, in the year 2262: it counts nanoseconds in 64 bits."""

QUALITY: Final = "quality"
"""Key of the field that every line has: an integer."""

BAD: Final = "bad"
"""Key of the field for a value whose quality is not good: a float."""

DOCUMENT: Final = "document"
"""Key of the field for what a number cannot say: a string."""

_TAKEN: Final = frozenset({QUALITY, BAD, DOCUMENT, "time"})
"""No point type may be called so: its values would change the type of a field, or be dropped."""

_AREAS: Final = ";"
_MEASUREMENT: Final = str.maketrans({",": r"\,", " ": r"\ "})
_KEY: Final = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\="})
_STRING: Final = str.maketrans({'"': r"\"", "\\": r"\\"})

# The protocol has no way to write these in a tag: a backslash before a comma would hide it, and a
# line break ends the line. Each goes out as the character that looks like it.
_CONTROLS: Final = {code: 0x2400 + code for code in range(32)}
_LOOKALIKES: Final = str.maketrans(_CONTROLS | {ord("\\"): 0x2216})


_Strings = pa.LargeStringArray

_GOOD, _BAD, _NONE = range(3)
_KINDS: Final = pa.array([f",{QUALITY}=", f",{QUALITY}=", f"{QUALITY}="], pa.large_string())
"""What comes between a value and its quality: a good one, a bad one, none."""

_EMPTY, _INTEGER, _BREAK = (pa.scalar(text, pa.large_string()) for text in ("", "i ", "\n"))


_Texts = tuple[_Strings, _Strings, NDArray[np.int64]]


class Columns(NamedTuple):
    """Readings, one in each place of the lists."""

    points: Sequence[Point]
    """Nobody changes it: what is made of it is made once for as long as the same is given."""
    point: ArrayLike
    """Place in ``points``."""
    value: ArrayLike
    """NaN where there is none."""
    quality: ArrayLike
    measured_at: ArrayLike
    texts: Mapping[int, str]
    """By place, of those that have one."""


class Lines:
    """Encodes readings. What is the same in every line of a point is made once and kept.

    Bound: one text a point, a point that is described anew takes the place of its old self; and
    those of the points that were given last.
    """

    def __init__(self) -> None:
        self._heads: dict[PointId, tuple[Point, str, str]] = {}
        self._fields: dict[str, str] = {}
        self._latest: tuple[Sequence[Point], _Texts] | None = None

    def of(self, columns: Columns) -> _Strings:
        """A line for each reading, with its line break: the bytes of many follow each other.

        They are put together column by column, where other threads may run meanwhile.
        """
        series, fields, names = self._texts(columns.points)
        point, quality = np.asarray(columns.point), np.asarray(columns.quality)
        value = np.asarray(columns.value, np.float64)
        absent = np.isnan(value)
        kind: NDArray[np.int64]
        kind = np.where(absent, _NONE, np.where(quality == GOOD_QUALITY, _GOOD, _BAD))
        parts: list[Any] = [
            series.take(point),
            _documents(columns.texts, len(point)),
            fields.take(np.where(kind == _GOOD, names[point], kind)),
            _numbers(value, absent),
            _KINDS.take(kind),
            _numbers(quality),
            _INTEGER,
            _numbers(np.asarray(columns.measured_at)),
            _BREAK,
        ]
        lines: _Strings = pc.binary_join_element_wise(*parts, _EMPTY)
        return lines

    def line(
        self,
        point: Point,
        value: float | None,
        quality: int,
        measured_at: Instant,
        text: str = "",
    ) -> str:
        """One reading, without a line break."""
        number = math.nan if value is None else value
        texts = {0: text} if text else {}
        (line,) = self.of(Columns([point], [0], [number], [quality], [measured_at], texts))
        return str(line).removesuffix("\n")

    def _texts(self, points: Sequence[Point]) -> _Texts:
        """What is the same in all lines of each point; a block is asked for some rows at a time."""
        latest = self._latest
        if latest is None or latest[0] is not points:
            latest = self._latest = points, self._made(points)
        return latest[1]

    def _made(self, points: Sequence[Point]) -> _Texts:
        """Of each point all of its lines up to the fields; fields, and which is each point's.

        The fields of values that are not good come first, by their kind.
        """
        heads = [self._head(point) for point in points]
        fields = ["", f"{BAD}=", ""]
        places: dict[str, int] = {}
        for field in dict.fromkeys(field for _, _, field in heads):
            places[field] = len(fields)
            fields.append(field)
        names = np.array([places[field] for _, _, field in heads], np.int64)
        return _strings([series for _, series, _ in heads]), _strings(fields), names

    def _head(self, point: Point) -> tuple[Point, str, str]:
        """The point, all of its lines up to the fields, and the key of its good values."""
        head = self._heads.get(point.id)
        if head is None or (head[0] is not point and head[0] != point):
            kind = point.point_type
            field = self._fields.setdefault(kind, f"{carried(kind).translate(_KEY)}=")
            head = self._heads[point.id] = (point, _series(point), field)
        return head


def writable(point: Point) -> bool:
    """Whether its values can be told from what every line has."""
    return point.point_type not in _TAKEN


def carried(text: str) -> str:
    """What the protocol carries of ``text``: all but backslashes and control characters."""
    return text.translate(_LOOKALIKES)


def areas(tag: str | None) -> tuple[str, ...]:
    """The process areas that a tag's value joins."""
    return tuple(tag.split(_AREAS)) if tag else ()


def _strings(texts: Sequence[str]) -> _Strings:
    return pa.array(texts, pa.large_string())


def _numbers(column: NDArray[Any], absent: NDArray[np.bool_] | None = None) -> _Strings:
    """Numbers as text, the shortest that is read as the same number; nothing for absent ones."""
    texts: _Strings = pc.cast(pa.array(column), pa.large_string())
    if absent is not None:
        texts = pc.if_else(pa.array(absent), _EMPTY, texts)
    return texts


def _documents(texts: Mapping[int, str], rows: int) -> _Strings | pa.LargeStringScalar:
    """The field for the text of each row, where any has one."""
    if not texts:
        return _EMPTY
    fields = [""] * rows
    for row, text in texts.items():
        fields[row] = f'{DOCUMENT}="{text.translate(_CONTROLS).translate(_STRING)}",'
    return _strings(fields)


def _series(point: Point) -> str:
    tags = {
        "entity": point.entity,
        "phase": point.phase,
        "point": point.id,
        "process_area": _AREAS.join(point.process_area),
        "publisher": point.publisher,
        "setpoint": "true" if point.is_setpoint else "false",
        "unit": point.unit,
    }
    texts = [carried(point.object_type).translate(_MEASUREMENT)]
    # in order of key, as the server sorts them; an empty value is no tag
    texts += [f"{key}={carried(tag).translate(_KEY)}" for key, tag in tags.items() if tag]
    return ",".join(texts) + " "
