"""Series: what was described once and is numbered, so that a reading bears a number alone."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.numbered import Enrolled, Found
from twin.points import EntityId, Point, PointId

_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("id", pa.int32()),
    ("point", pa.string()),
    ("entity", pa.string()),
    ("object_type", pa.string()),
    ("metric", pa.string()),
    ("unit", pa.string()),
    ("process_area", pa.list_(pa.string())),
    ("is_setpoint", pa.bool_()),
    ("phase", pa.string()),
    ("publisher", pa.string()),
    ("described", pa.string()),
]


class Meaning(NamedTuple):
    """What makes a series: once any of this changes, older values are not to be read with newer."""

    point: PointId
    entity: EntityId
    unit: str | None
    is_setpoint: bool


class Register:
    """The number of each series, and how its point was last described.

    Bound: it grows with the points there ever were.

    Args:
        described: Number and description of each series, as ``columns`` wrote them.
    """

    def __init__(self, described: Iterable[tuple[int, str]]) -> None:
        found = sorted((number, _point(text)) for number, text in described)
        self.points: list[Point] = [point for _, point in found]
        """By number of the series; what stands there changes with what is said of the point."""
        self._numbers = {_meaning(point): number for number, point in found}
        self._known: dict[PointId, int] = {point.id: number for number, point in found}
        self._found = Found()

    def number(
        self, points: Sequence[Point], enrolled: Enrolled[object] | None = None
    ) -> tuple[NDArray[np.int32], list[int]]:
        """The series of each point, and those of them that are to be described anew."""
        anew: list[int] = []
        before = len(self.points)
        numbers = self._found.of(points, enrolled, lambda point: self._number(point, anew))
        if len(anew) > len(self.points) - before:  # others had some of these numbers before
            self._found.forget(anew)
        return numbers, anew

    def columns(self, numbers: Sequence[int]) -> pa.Table:
        """The rows of these series in the table ``series``."""
        points = [self.points[number] for number in numbers]
        columns: list[Sequence[object]] = [
            numbers,
            [point.id for point in points],
            [point.entity for point in points],
            [point.object_type for point in points],
            [point.point_type for point in points],
            [point.unit for point in points],
            [point.process_area for point in points],
            [point.is_setpoint for point in points],
            [point.phase for point in points],
            [point.publisher for point in points],
            [msgspec.json.encode(point).decode() for point in points],
        ]
        arrays = [pa.array(each, kind) for each, (_, kind) in zip(columns, _COLUMNS, strict=True)]
        return pa.Table.from_arrays(arrays, names=[name for name, _ in _COLUMNS])

    def _number(self, point: Point, anew: list[int]) -> int:
        number = self._known.get(point.id)
        if number is not None:
            known = self.points[number]
            if known is point:
                return number
            if known == point:
                self.points[number] = point  # so that the next look is a short one
                return number
        meaning = _meaning(point)
        number = self._numbers.setdefault(meaning, len(self.points))
        if number == len(self.points):
            self.points.append(point)
            anew.append(number)
        elif self.points[number] != point:
            self.points[number] = point
            anew.append(number)
        self._known[point.id] = number
        return number


def _meaning(point: Point) -> Meaning:
    return Meaning(point.id, point.entity, point.unit, point.is_setpoint)


def _point(text: str) -> Point:
    return msgspec.json.decode(text, type=Point)
