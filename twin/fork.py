"""Fork: a fleet as it stood at one instant, while the fleet itself goes on."""

from collections.abc import Iterable

from twin.changes import Change, PointStale
from twin.entities import RACK, Entity
from twin.fleet import Fleet, Message
from twin.points import EntityId, Freshness, Point, PointId, PointState
from twin.racks import Rack, rack_of

Kept = dict[PointId, PointState | None]


class Fork:
    """A fleet as it stood when this was made, to be read in peace while it changes.

    Nothing is copied in advance but the edges of the topology. Whoever folds a message into the
    fleet tells the fork before (``keep``), and tells it what fell due (``lapse``); it then puts
    aside how the point stood, the first time only. So it holds at most one copy of every point.

    What it gives out lasts until the fleet goes on, but for views and the topology, which last.

    Args:
        fleet: What is forked.
        racks: The ids of all of its racks, where somebody has them already; others do no harm.
    """

    def __init__(self, fleet: Fleet, racks: Iterable[EntityId] | None = None) -> None:
        self.site = fleet.site
        self.topology = fleet.topology.copy()
        self.ids = [each.id for each in fleet.racks()] if racks is None else list(racks)
        """Of all racks, in no order."""
        self._fleet = fleet
        self._kept: dict[EntityId, Kept] = {}
        self._as_were: dict[EntityId, Entity | None] = {}

    def __len__(self) -> int:
        """How many points are put aside."""
        return sum(map(len, self._kept.values()))

    def rack(self, entity: EntityId) -> Rack | None:
        """The view of one rack; None where there was no such rack."""
        found = self.entity(entity)
        if found is None or found.kind != RACK:
            return None
        return rack_of(found, self.topology, self.entity, self._fleet.coolant, self.site)

    def entity(self, entity: EntityId) -> Entity | None:
        """One rack or piece of equipment."""
        if entity not in self._kept:
            return self._fleet.entity(entity)
        if entity not in self._as_were:
            self._as_were[entity] = self._as_was(entity)
        return self._as_were[entity]

    def keep(self, message: Message) -> None:
        """Put aside what ``message``, which the fleet is about to take in, may change."""
        state = self._fleet.point(message.id if isinstance(message, Point) else message.point)
        if state is not None:
            self._put_aside(state.point.entity, state.point.id, state)
        if isinstance(message, Point):
            self._put_aside(message.entity, message.id, None)

    def lapse(self, change: Change) -> None:
        """Put aside that a point was live which has just fallen due."""
        state = self._fleet.point(change.point.id) if isinstance(change, PointStale) else None
        if state is not None:
            self._put_aside(state.point.entity, state.point.id, state, Freshness.LIVE)

    def _put_aside(
        self,
        entity: EntityId,
        point: PointId,
        state: PointState | None,
        freshness: Freshness | None = None,
    ) -> None:
        kept = self._kept.setdefault(entity, {})
        if point in kept:
            return
        kept[point] = was = state and state.copy()
        if was is not None and freshness is not None:
            was.freshness = freshness
        self._as_were.pop(entity, None)

    def _as_was(self, entity: EntityId) -> Entity | None:
        found, now = Entity(entity), self._fleet.entity(entity)
        states: Kept = {**(now.points if now is not None else {}), **self._kept[entity]}
        for state in states.values():
            if state is not None:
                found.attach(state)
        return found if found.points else None
