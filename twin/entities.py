"""Entities: the racks and pieces of equipment that points belong to."""

from dataclasses import dataclass
from typing import Final

from twin.measured import Measured, measure, nothing
from twin.points import EntityId, Freshness, PointId, PointState

RACK: Final = "Rack"


@dataclass(frozen=True, slots=True)
class PointCounts:
    """How many points are in which freshness, and how many of those heard are not to be trusted."""

    live: int
    stale: int
    unheard: int
    bad: int


class Entity:
    """A rack or a piece of equipment, as the sum of its points; changed by ``Fleet`` alone."""

    __slots__ = ("_by_type", "_kind", "described", "id", "points")

    def __init__(self, entity: EntityId) -> None:
        self.id = entity
        self.points: dict[PointId, PointState] = {}
        self._by_type: dict[str, tuple[PointState, ...]] | None = None
        self._kind: tuple[str | None, ...] = ()  # of one, or not asked for yet
        self.described = 0
        """How often a point of it came or went, or was described anew."""

    def attach(self, state: PointState) -> None:
        """Count a point in; one of the same id gives way."""
        self.points[state.point.id] = state
        self._alter()

    def detach(self, point: PointId) -> None:
        """Count a point out."""
        del self.points[point]
        self._alter()

    def _alter(self) -> None:
        self._by_type, self._kind = None, ()
        self.described += 1

    def of_type(self, point_type: str) -> tuple[PointState, ...]:
        """Its points of one type, in order of id, so that no result depends on who came first."""
        if self._by_type is None:
            grouped: dict[str, list[PointState]] = {}
            for key in sorted(self.points):
                grouped.setdefault(self.points[key].point.point_type, []).append(self.points[key])
            self._by_type = {kind: tuple(states) for kind, states in grouped.items()}
        return self._by_type.get(point_type, ())

    def measure(self, point_type: str, unit: str) -> Measured:
        """What its first point of a type measures, in ``unit``."""
        states = self.of_type(point_type)
        return measure(states[0], unit) if states else nothing(unit)

    @property
    def kind(self) -> str | None:
        """``Rack`` or the object type; None where it is only known by association."""
        if not self._kind:
            said = (state.point for state in self.points.values())
            kinds = {point.object_type for point in said if not point.associated}
            self._kind = (RACK if RACK in kinds else min(kinds, default=None),)
        return self._kind[0]

    @property
    def name(self) -> str:
        """Its human-readable name, or its id where none is given."""
        return min((s.point.name for s in self.points.values() if s.point.name), default=self.id)

    @property
    def freshness(self) -> Freshness:
        """UNHEARD where nothing was heard, STALE where anything heard is, else LIVE."""
        found = {state.freshness for state in self.points.values()}
        if Freshness.STALE in found:
            return Freshness.STALE
        return Freshness.LIVE if Freshness.LIVE in found else Freshness.UNHEARD

    @property
    def counts(self) -> PointCounts:
        """Its points by freshness."""
        found = [state.freshness for state in self.points.values()]
        return PointCounts(
            live=found.count(Freshness.LIVE),
            stale=found.count(Freshness.STALE),
            unheard=found.count(Freshness.UNHEARD),
            bad=sum([state.bad for state in self.points.values()]),
        )


def doubtful(entity: Entity) -> frozenset[str]:
    """The point types of an entity of which something is silent, or not to be trusted."""
    return frozenset(
        state.point.point_type
        for state in entity.points.values()
        if state.bad or state.freshness is not Freshness.LIVE
    )
