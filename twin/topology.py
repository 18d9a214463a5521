"""Who serves whom: the one-way graph that ``servesId`` draws, per domain."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from twin.points import EntityId, Point


class Domain(StrEnum):
    """What flows along an edge."""

    POWER = "power"
    LIQUID = "liquid"
    AIR = "air"


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


Edges = Mapping[EntityId, frozenset[EntityId]]


class Topology:
    """Edges per domain, kept in both directions. Cycles and unknown ids are lived with."""

    def __init__(self) -> None:
        self._down: dict[Domain, dict[EntityId, frozenset[EntityId]]] = {d: {} for d in Domain}
        self._up: dict[Domain, dict[EntityId, frozenset[EntityId]]] = {d: {} for d in Domain}

    def serves(self, domain: Domain) -> Edges:
        """Every entity that serves another, with those that it serves."""
        return self._down[domain]

    def connect(self, source: EntityId, domain: Domain, served: Iterable[EntityId]) -> None:
        """Let ``source`` serve exactly ``served`` in ``domain``; itself it never serves."""
        down, up = self._down[domain], self._up[domain]
        wanted = frozenset(served) - {source}
        present = down.get(source, frozenset())
        if wanted == present:
            return
        for target in present - wanted:
            _put(up, target, up[target] - {source})
        for target in wanted - present:
            _put(up, target, up.get(target, frozenset()) | {source})
        _put(down, source, wanted)

    def feeders(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Who serves ``entity`` directly, in order of id."""
        return sorted(self._up[domain].get(entity, ()))

    def upstream(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Who serves ``entity`` directly or through others: nearest first, then by id."""
        return _reach(self._up[domain], entity)

    def downstream(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Whom ``entity`` serves directly or through others: nearest first, then by id."""
        return _reach(self._down[domain], entity)


def _put(
    edges: dict[EntityId, frozenset[EntityId]], key: EntityId, ends: frozenset[EntityId]
) -> None:
    if ends:
        edges[key] = ends
    else:
        del edges[key]


def _reach(edges: Edges, start: EntityId) -> list[EntityId]:
    seen = {start}
    found: list[EntityId] = []
    ring = [start]
    while ring:
        ring = sorted({near for each in ring for near in edges.get(each, ())} - seen)
        seen.update(ring)
        found += ring
    return found
