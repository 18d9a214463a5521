"""Rows: what history keeps of a change, readings and what the twin itself says alike."""

from typing import Final

from schemas.documents import finite
from services.history.store import Row
from twin.changes import Change, Derived, FindingChanged, ReadingLate, ReadingTaken
from twin.held import Key, key_of
from twin.instants import Instant
from twin.points import GOOD_QUALITY, Point, PointId, PublisherId

OBJECT: Final = "Twin"
"""In place of an object type, of which the contract has none of this name."""

PUBLISHER: Final = PublisherId("racktwin")

_UNITS: Final = {"kw": "kW", "c": "C", "k": "K", "lpm": "LPM", "pct": "%"}
"""By the end of a derived number's name; any other is a ratio."""

_WIDEST: Final = 2**31 - 1
"""What a store keeps of a quality; farther out all are as bad as each other."""


class Rows:
    """Makes rows of changes.

    Bound: one point for each thing that the twin ever said of an entity.
    """

    def __init__(self) -> None:
        self._points: dict[Key, Point] = {}

    def of(self, change: Change) -> Row | None:
        """What is kept of a change; None where that is nothing.

        A finding is 1 from when it counts and 0 from when it no longer does.
        """
        if isinstance(change, ReadingTaken | ReadingLate):
            reading = change.reading
            quality = max(-_WIDEST, min(reading.quality, _WIDEST))
            return Row(change.point, reading.value, quality, reading.measured_at, change.at)
        if isinstance(change, Derived):
            point = self._point((change.metric, change.entity, None, None))
            return _said(point, change.value, change.at)
        if isinstance(change, FindingChanged):
            point = self._point(key_of(change.finding))
            return _said(point, float(change.standing), change.at)
        return None

    def _point(self, key: Key) -> Point:
        point = self._points.get(key)
        if point is None:
            metric, entity, *_ = key
            identity = PointId("/".join([OBJECT, *(part for part in key if part is not None)]))
            unit = _UNITS.get(metric.rpartition("_")[2])
            point = Point(identity, OBJECT, metric, entity, PUBLISHER, unit=unit)
            self._points[key] = point
        return point


def _said(point: Point, value: float, at: Instant) -> Row:
    return Row(point, finite(value), GOOD_QUALITY, at, at)
