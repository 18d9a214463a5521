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

from schemas.numbered import Enrolled, Found
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

SPARE: Final = 10_000
"""Former texts that are kept of however few points."""

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
    enrolled: Enrolled[object] | None = None
    """Numbers of ``points``, where they have any."""


class Lines:
    """Encodes readings. What is the same in every line of a point is made once and kept.

    Bound: one text a point, and as many former ones and ``SPARE`` more of points that were
    described anew; then it begins anew. The numbers of the points that were given last.
    """

    def __init__(self) -> None:
        self._clear()

    def of(self, columns: Columns) -> _Strings:
        """A line for each reading, with its line break: the bytes of many follow each other.

        They are put together column by column, where other threads may run meanwhile.
        """
        heads = self._heads_of(columns)[np.asarray(columns.point)].tolist()
        names = np.array(list(map(self._names.__getitem__, heads)), np.int64)
        quality = np.asarray(columns.quality)
        value = np.asarray(columns.value, np.float64)
        absent = np.isnan(value)
        kind: NDArray[np.int64]
        kind = np.where(absent, _NONE, np.where(quality == GOOD_QUALITY, _GOOD, _BAD))
        parts: list[Any] = [
            _joined(list(map(self._series.__getitem__, heads))),
            _documents(columns.texts, len(heads)),
            _strings(list(self._fields)).take(np.where(kind == _GOOD, names, kind)),
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

    def _clear(self) -> None:
        self._known: dict[PointId, tuple[Point, int]] = {}
        self._found = Found()
        self._series: list[bytes] = []
        self._names: list[int] = []
        # a good value has a field of its own, and any other that of its kind
        self._fields = {"good": _GOOD, f"{BAD}=": _BAD, "": _NONE}
        self._latest: tuple[Sequence[Point], NDArray[np.int32]] | None = None

    def _heads_of(self, columns: Columns) -> NDArray[np.int32]:
        """By point, where to find what is the same in all of its lines.

        A block is asked for some rows at a time.
        """
        points, latest = columns.points, self._latest
        if latest is None or latest[0] is not points:
            if len(self._series) > 2 * len(self._known) + SPARE:
                self._clear()
            latest = points, self._found.of(points, columns.enrolled, self._head)
            self._latest = latest
        return latest[1]

    def _head(self, point: Point) -> int:
        known = self._known.get(point.id)
        if known is not None and (known[0] is point or known[0] == point):
            return known[1]
        head = len(self._series)
        self._known[point.id] = point, head
        self._series.append(_series(point).encode())
        field = f"{carried(point.point_type).translate(_KEY)}="
        self._names.append(self._fields.setdefault(field, len(self._fields)))
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


def _joined(texts: Sequence[bytes]) -> _Strings:
    """The same of what is encoded already."""
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=ends[1:])
    data = pa.py_buffer(b"".join(texts))
    arrays: Any = pa.LargeStringArray  # it is said to make another kind
    strings: _Strings = arrays.from_buffers(len(texts), pa.py_buffer(ends.data), data)
    return strings


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
