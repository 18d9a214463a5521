"""Whom changes alter, among those whom readers are told of."""

from collections.abc import Iterable, Sequence
from itertools import chain

from twin.changes import (
    Change,
    FaultChanged,
    FindingChanged,
    PointDescribed,
    PointRetracted,
    PointStale,
    ReadingTaken,
)
from twin.entities import RACK
from twin.fleet import Fleet
from twin.points import EntityId, Point
from twin.topology import Domain


class _Racks(dict[EntityId, tuple[EntityId, ...]]):
    """The racks that what an entity says is about, looked for when it is asked for first."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__()
        self._fleet = fleet

    def __missing__(self, entity: EntityId) -> tuple[EntityId, ...]:
        feeds = self._fleet.topology.serves(Domain.POWER).get(entity, ())
        self[entity] = racks = tuple(each for each in (entity, *feeds) if self._is_rack(each))
        return racks

    def forget(self, entity: EntityId) -> None:
        """Look anew: what an entity is may have changed, or whom it feeds."""
        for each in (entity, *self._fleet.topology.feeders(entity, Domain.POWER)):
            self.pop(each, None)

    def _is_rack(self, entity: EntityId) -> bool:
        found = self._fleet.entity(entity)
        return found is not None and found.kind == RACK


class Affected:
    """Every rack whose document changes alter, and whatever else comes, goes or is in trouble.

    A reading alters the rack whose point it is; the racks whose feed it meters; those behind a
    CDU, where it is a flow or a set-point there. One that only repeats a value counts: the document
    shows when it was measured. Where what is known of a point changed, that is whose point it
    is, with all that it serves or served; and whom a finding or a fault is about. A derived number
    is none of a document's. What equipment reads, what sums up whom it serves, and the headroom of
    a rack's path above its feeds, are worked out when asked for, and not told of.

    Bound: one entry an entity that spoke, until what it is changes, or whom it feeds.

    Args:
        fleet: Which took the changes in.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._racks = _Racks(fleet)

    def by(self, changes: Sequence[Change]) -> set[EntityId]:
        """Whom changes alter; each is to be asked once, right after it was taken in."""
        rest = [change for change in changes if type(change) is not ReadingTaken]
        for change in rest:
            if isinstance(change, PointDescribed | PointRetracted):
                self._racks.forget(change.point.entity)
        said = [change.point for change in changes if type(change) is ReadingTaken]
        found = self._read(said)
        for change in rest:
            found.update(self._altered(change))
        return found

    def _read(self, points: Sequence[Point]) -> set[EntityId]:
        """Whom it alters that these points say something, or nothing any more."""
        topology = self._fleet.topology
        speak = {point.entity for point in points}
        found = set(chain.from_iterable(map(self._racks.__getitem__, speak)))
        cool = topology.serves(Domain.LIQUID).keys() & speak
        if cool:
            for each in {
                point.entity for point in points if point.entity in cool and _rules(point)
            }:
                found.update(topology.downstream(each, Domain.LIQUID))
        return found

    def _altered(self, change: Change) -> Iterable[EntityId]:
        """Whom a change alters that is no reading."""
        if isinstance(change, PointStale):
            return self._read([change.point])
        if isinstance(change, PointDescribed):
            served = change.point.serves + (change.before.serves if change.before else ())
            return self._with_served(change.point.entity, served)
        if isinstance(change, PointRetracted):
            return self._with_served(change.point.entity, change.point.serves)
        return _judged(change)

    def _with_served(self, entity: EntityId, served: tuple[EntityId, ...]) -> Iterable[EntityId]:
        found = dict.fromkeys((entity, *served))
        for start in tuple(found):
            for domain in Domain:
                found |= dict.fromkeys(self._fleet.topology.downstream(start, domain))
        return found


def _judged(change: Change) -> Iterable[EntityId]:
    """Whom a finding, or a fault that was raised, is about."""
    if isinstance(change, FindingChanged):
        return (change.finding.entity,)
    if isinstance(change, FaultChanged) and change.fault.id:
        return (change.fault.key.entity,)
    return ()


def _rules(point: Point) -> bool:
    """Whether racks are measured by it."""
    kind = point.point_type
    return kind == "LiquidFlow" or (kind == "LiquidTemperature" and point.is_setpoint)
