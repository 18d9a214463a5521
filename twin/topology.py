"""Who serves whom: the one-way graph that ``servesId`` draws, per domain."""

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

from twin.graph import Edges, Graph
from twin.points import EntityId, Point


class Domain(StrEnum):
    """What flows along an edge; in ``place`` nothing does: a hall holds rows, a row racks."""

    POWER = "power"
    LIQUID = "liquid"
    AIR = "air"
    PLACE = "place"


_BY_OBJECT_TYPE: Final[dict[str, Domain]] = {
    **dict.fromkeys(
        ("PowerMeter", "BESS", "UPS", "ATS", "Generator", "Shunt", "Breaker"), Domain.POWER
    ),
    **dict.fromkeys(
        ("CDU", "CoolingTower", "HX", "Chiller", "Valve", "Pump", "Tank"), Domain.LIQUID
    ),
    **dict.fromkeys(("CRAH", "CRAC", "AHU", "Fan", "Damper"), Domain.AIR),
}


def domain_of(point: Point) -> Domain | None:
    """The domain of a point's object; a Sensor's or GenericObject's shows in its point type."""
    known = _BY_OBJECT_TYPE.get(point.object_type)
    if known is not None:
        return known
    if point.point_type.startswith("Liquid"):
        return Domain.LIQUID
    if point.point_type.startswith("Air"):
        return Domain.AIR
    return None


class Topology:
    """One graph per domain. Cycles and ids that nobody describes are lived with, and told."""

    def __init__(self, graphs: Mapping[Domain, Graph] | None = None) -> None:
        self._graphs = graphs or {each: Graph() for each in Domain}

    def __contains__(self, entity: EntityId) -> bool:
        return any(entity in each.up or entity in each.down for each in self._graphs.values())

    def copy(self) -> "Topology":
        """The same as it is now, whatever becomes of this one."""
        return Topology({domain: graph.copy() for domain, graph in self._graphs.items()})

    def serves(self, domain: Domain) -> Edges:
        """Every entity that serves another, with those that it serves."""
        return self._graphs[domain].down

    def connect(self, source: EntityId, domain: Domain, served: Iterable[EntityId]) -> None:
        """Let ``source`` serve exactly ``served`` in ``domain``; itself it never serves."""
        self._graphs[domain].connect(source, served)

    def feeders(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Who serves ``entity`` directly, in order of id."""
        return sorted(self._graphs[domain].up.get(entity, ()))

    def upstream(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Who serves ``entity`` directly or through others: nearest first, then by id."""
        return self._graphs[domain].upstream(entity)

    def downstream(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Whom ``entity`` serves directly or through others: nearest first, then by id."""
        return self._graphs[domain].downstream(entity)

    def common_ancestors(self, one: EntityId, other: EntityId, domain: Domain) -> list[EntityId]:
        """Who is upstream of both, those nearest to the first of them first."""
        both = set(self.upstream(other, domain))
        return [each for each in self.upstream(one, domain) if each in both]

    def lost_with(self, lost: Collection[EntityId], domain: Domain) -> frozenset[EntityId]:
        """All of ``lost``, and everything that has no way to a root left without them.

        What is fed by several falls only when all of them are lost. In a loop that nobody else
        serves each holds the others until all have fallen.
        """
        return self._graphs[domain].lost_with(lost)

    def shared_fate(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """What fails with ``entity``, since every way to it leads through: in order of id."""
        return sorted(self.lost_with({entity}, domain) - {entity})

    def hangs_on(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Every single one whose fate ``entity`` shares, nearest first."""
        return self._graphs[domain].hangs_on(entity)

    def sisters(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Who else serves what ``entity`` serves, and from as far, in order of id."""
        return self._graphs[domain].sisters(entity)

    def cycles(self, domain: Domain) -> list[tuple[EntityId, ...]]:
        """Those that serve one another, or said to serve themselves, each in order of id."""
        return self._graphs[domain].cycles()

    def dangling(self, domain: Domain, find: Callable[[EntityId], object]) -> list[EntityId]:
        """Those that are served and never described: whom ``find`` does not know, by id."""
        return sorted(each for each in self._graphs[domain].up if find(each) is None)
