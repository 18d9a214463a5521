"""Register: all that is known of a fleet, to be asked for."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, KeysView

from twin.counters import Counters
from twin.entities import RACK, Entity, PointCounts
from twin.instants import Instant
from twin.points import EntityId, Freshness, PointId, PointState
from twin.publishers import Publisher
from twin.racks import Rack, rack_of
from twin.site import UNWRITTEN
from twin.thermal import Coolant
from twin.topology import Topology
from twin.waiting import Waiting


class Register:
    """Every point, and the racks and equipment that they make up; changed by ``Fleet`` alone."""

    def __init__(self, coolant: Coolant) -> None:
        self.coolant = coolant
        self.site = UNWRITTEN
        """What is written down of it; replaced by ``Fleet.configure``."""
        self.now: Instant = Instant(0)
        self.counters = Counters()
        self.topology = Topology()
        self._points: dict[PointId, PointState] = {}
        self.point: Callable[[PointId], PointState | None] = self._points.get
        """Gives one point with its reading; it is asked for every message."""
        self.known: KeysView[PointId] = self._points.keys()
        """The ids of all points."""
        self._entities: dict[EntityId, Entity] = {}
        self._order: list[Entity] | None = None  # of id; not asked for since one came or went
        self._publishers: dict[PointId, Publisher] = {}
        self._waiting = Waiting()
        self._freshness: Counter[Freshness] = Counter()
        self._bad = 0

    def __len__(self) -> int:
        return len(self._points)

    def points(self) -> Iterable[PointState]:
        """All points, in no order."""
        return self._points.values()

    def entity(self, entity: EntityId) -> Entity | None:
        """One rack or piece of equipment."""
        return self._entities.get(entity)

    def racks(self) -> Iterator[Entity]:
        """All racks, in order of id."""
        return (each for each in self._sorted() if each.kind == RACK)

    def equipment(self) -> Iterator[Entity]:
        """All that is no rack, in order of id."""
        return (each for each in self._sorted() if each.kind != RACK)

    def rack(self, entity: EntityId) -> Rack | None:
        """The view of one rack; None where there is no such rack."""
        found = self._entities.get(entity)
        if found is None or found.kind != RACK:
            return None
        return self._view(found)

    def views(self) -> Iterator[Rack]:
        """The views of all racks, in order of id, each worked out when it is taken."""
        return map(self._view, self.racks())

    def publishers(self) -> list[Publisher]:
        """Every publisher with a heartbeat, in order of its point."""
        return [self._publishers[key] for key in sorted(self._publishers)]

    @property
    def counts(self) -> PointCounts:
        """All points by freshness."""
        return PointCounts(
            live=self._freshness[Freshness.LIVE],
            stale=self._freshness[Freshness.STALE],
            unheard=self._freshness[Freshness.UNHEARD],
            bad=self._bad,
        )

    @property
    def waiting(self) -> int:
        """How many readings are kept for metadata that has not come."""
        return len(self._waiting)

    def _view(self, rack: Entity) -> Rack:
        return rack_of(rack, self.topology, self.entity, self.coolant, self.site)

    def _sorted(self) -> list[Entity]:
        if self._order is None:
            self._order = [self._entities[key] for key in sorted(self._entities)]
        return self._order
