"""Rows: what history keeps of a change, readings and what the twin itself says alike."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from schemas.documents import finite
from schemas.faults import fault_view
from services.history.block import Kept, Row
from services.history.exception import Exceptions
from services.settings import Deadband
from twin.changes import (
    Change,
    Derived,
    FaultChanged,
    FindingChanged,
    PointDescribed,
    PointRetracted,
    PointStale,
    PublisherChanged,
    ReadingLate,
    ReadingTaken,
)
from twin.fault import Key as FaultKey
from twin.fleet import Fleet
from twin.held import Key, key_of
from twin.instants import Instant, Millis, after
from twin.points import (
    GOOD_QUALITY,
    EntityId,
    Freshness,
    Point,
    PointId,
    PublisherId,
)
from twin.publishers import HEARTBEATS
from twin.severity import RANK

OBJECT: Final = "Twin"
"""In place of an object type, of which the contract has none of this name …"""

FAULT: Final = "Fault"
"""… nor of this one, for what is wrong …"""

FRESHNESS: Final = "Freshness"
"""… nor of this one, for who is heard."""

LEVELS: Final = {Freshness.UNHEARD: 0, Freshness.LIVE: 1, Freshness.STALE: 2}
"""Freshness as a number."""

PUBLISHER: Final = PublisherId("racktwin")

_UNITS: Final = {"kw": "kW", "c": "C", "k": "K", "lpm": "LPM", "pct": "%"}
"""By the end of a derived number's name; any other is a ratio."""

_STATES: Final = tuple((level, str(freshness)) for freshness, level in LEVELS.items())

_WIDEST: Final = 2**31 - 1
"""What a store keeps of a quality; farther out all are as bad as each other."""

_Rows = tuple[Row, ...]

_NOTHING: Final[_Rows] = ()
_NO_DEADBANDS: Final[Mapping[str, Deadband]] = {}


class Rows:
    """Makes rows of changes.

    Bound: one point for each thing that the twin ever said of an entity, one instant for each thing
    that was ever wrong, one word for each point that is or was heard, and what ``Exceptions`` has.
    """

    def __init__(self, fleet: Fleet, deadbands: Mapping[str, Deadband] = _NO_DEADBANDS) -> None:
        self._fleet = fleet
        self._exceptions = Exceptions(deadbands)
        self._points: dict[Key, Point] = {}
        self._faults: dict[FaultKey, tuple[Point, Instant, int]] = {}
        self._heard: dict[PointId, Freshness] = {}

    @property
    def withheld(self) -> int:
        """Readings that are never written, for they said nothing new."""
        return self._exceptions.withheld

    def all_of(self, changes: Iterable[Change]) -> list[Kept]:
        """What is kept of changes, in order: readings of which all are kept as they are."""
        rows: list[Kept] = []
        whole = self._exceptions.whole
        for change in changes:
            if (
                whole
                and type(change) is ReadingTaken
                and not change.revived
                and -_WIDEST <= change.quality <= _WIDEST
            ):
                rows.append(change)
            else:
                rows += self.of(change)
        return rows

    def of(self, change: Change) -> _Rows:
        """What is kept of a change, in order; mostly one row.

        A finding is 1 from when it counts and 0 from when it no longer does; its text is all that
        is known of it. A fault is as bad as it is while it stands, and 0 from then; its document
        says all the rest.
        """
        if isinstance(change, ReadingTaken):
            return self._taken(change)
        if isinstance(change, ReadingLate):
            return self._exceptions.of(_reading(change))
        if isinstance(change, Derived):
            point = self._point((change.metric, change.entity, None, None))
            return (_said(point, change.value, change.at),)
        if isinstance(change, FindingChanged):
            point = self._point(key_of(change.finding))
            row = _said(point, float(change.standing), change.at)
            return (row._replace(text=msgspec.json.encode(change.finding).decode()),)
        if isinstance(change, FaultChanged):
            return self._fault(change) if change.fault.id else _NOTHING
        return self._freshness(change)

    def _taken(self, change: ReadingTaken) -> _Rows:
        rows = self._exceptions.of(_reading(change))
        if change.revived:
            return (*rows, *self._told(change.point, Freshness.LIVE, change.at))
        return rows

    def _freshness(
        self, change: PointDescribed | PointRetracted | PointStale | PublisherChanged
    ) -> _Rows:
        if isinstance(change, PublisherChanged):
            return _heart(change.heart, change.freshness, change.at)
        if isinstance(change, PointDescribed):
            before = change.before
            if before is None:
                return _NOTHING
            if change.point.means_as(before):
                return self._rescope(before, change.point, change.at)
            return self._forget(before, change.at)
        if isinstance(change, PointRetracted):
            return self._forget(change.point, change.at)
        rows = self._exceptions.end(change.point.id)
        return (*rows, *self._told(change.point, Freshness.STALE, change.at))

    def _forget(self, point: Point, at: Instant) -> _Rows:
        """What a point says from now on has nothing to do with what it said."""
        rows = self._exceptions.end(point.id)
        if self._heard.pop(point.id, None) is None:
            return rows
        unheard = _freshness(point.id, point.entity, Freshness.UNHEARD, at)
        return (*rows, unheard, *_heart(point, Freshness.UNHEARD, at))

    def _rescope(self, before: Point, point: Point, at: Instant) -> _Rows:
        """A heart beats on, but for something else."""
        heard = self._heard.get(point.id)
        if heard is None or before.scope == point.scope:
            return _NOTHING
        return (*_heart(before, Freshness.UNHEARD, at), *_heart(point, heard, at))

    def _told(self, point: Point, freshness: Freshness, at: Instant) -> _Rows:
        self._heard[point.id] = freshness
        return (_freshness(point.id, point.entity, freshness, at),)

    def _fault(self, change: FaultChanged) -> _Rows:
        """The second thing that happens at one instant is written a millisecond later.

        A store keeps one reading of a millisecond, and none of these may be lost.
        """
        fault, at = change.fault, change.at
        point, before, count = self._faults.get(fault.key) or (_fault_point(fault.key), at, -1)
        count = count + 1 if at == before else 0
        self._faults[fault.key] = (point, at, count)
        value = float(RANK[fault.severity_now]) if fault.stands else 0.0
        text = fault_view(fault, self._fleet).model_dump_json()
        return (Row(point, value, GOOD_QUALITY, after(at, Millis(count)), at, text),)

    def _point(self, key: Key) -> Point:
        point = self._points.get(key)
        if point is None:
            metric, entity, *_ = key
            identity = PointId("/".join([OBJECT, *(part for part in key if part is not None)]))
            unit = _UNITS.get(metric.rpartition("_")[2])
            point = Point(identity, OBJECT, metric, entity, PUBLISHER, unit=unit)
            self._points[key] = point
        return point


def _reading(change: ReadingTaken | ReadingLate) -> Row:
    point, value, quality, measured_at, at = change[:5]
    if not -_WIDEST <= quality <= _WIDEST:
        quality = _WIDEST if quality > 0 else -_WIDEST
    return Row(point, value, quality, measured_at, at)


def _said(point: Point, value: float, at: Instant) -> Row:
    return Row(point, finite(value), GOOD_QUALITY, at, at)


def _freshness(whose: PointId, entity: EntityId, freshness: Freshness, at: Instant) -> Row:
    """Its point is made anew: that is rare, and to keep one for each point would cost more."""
    identity = PointId(f"{FRESHNESS}/{whose}")
    point = Point(identity, FRESHNESS, "freshness", entity, PUBLISHER, states=_STATES)
    return _said(point, LEVELS[freshness], at)


def _heart(heart: Point, freshness: Freshness, at: Instant) -> _Rows:
    """What is said of a publisher, or of what one of its hearts beats for; of no other point."""
    if heart.point_type not in HEARTBEATS:
        return _NOTHING
    whose = "/".join((heart.publisher, *((heart.scope,) if heart.scope else ())))
    return (_freshness(PointId(whose), EntityId(heart.publisher), freshness, at),)


def _fault_point(key: FaultKey) -> Point:
    identity = PointId("/".join([FAULT, *(part for part in key if part)]))
    return Point(identity, FAULT, key.code, key.entity, PUBLISHER)
