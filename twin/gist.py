"""Gist: the few numbers of a rack by which it is listed, counted and summed up.

The same numbers as in its whole view, by the same formulas, at a fraction of its cost.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from twin.circuits import UNRATED, capacity_of, limit_of, load_of
from twin.entities import Entity
from twin.measured import Measured
from twin.points import EntityId, Freshness
from twin.power import draw_of
from twin.severity import Severity
from twin.site import UNWRITTEN, RackPlace, Site
from twin.thermal import Coolant, is_cooled, liquid_of
from twin.topology import Domain, Topology

Find = Callable[[EntityId], Entity | None]


class Gist(NamedTuple):
    """One rack in short, at one instant."""

    id: EntityId
    place: RackPlace
    severity: Severity
    freshness: Freshness
    load: Measured
    capacity: Measured
    headroom: Measured
    supply: Measured
    return_: Measured
    delta_t: Measured
    flow: Measured
    heat: Measured
    cooled: bool
    """Whether it has what its heat is computed from, heard or not."""
    rated: bool
    """Whether it has what its headroom is computed from, heard or not."""
    upstream: Mapping[Domain, list[EntityId]]


def gist_of(
    rack: Entity,
    severity: Severity,
    topology: Topology,
    find: Find,
    coolant: Coolant,
    site: Site = UNWRITTEN,
) -> Gist:
    """The gist of ``rack``.

    Args:
        rack: The rack.
        severity: How it is.
        topology: Who serves whom.
        find: Gives the entities that the topology names, where known.
        coolant: What flows where ``site`` does not say.
        site: What is written down.
    """
    place, upstream = site.rack(rack.id), upstream_of(rack.id, topology)
    meters = meters_of(rack.id, topology, find)
    ratings = [site.meters.get(meter.id, UNRATED) for meter in meters]
    draw = draw_of(
        rack,
        [load_of(meter) for meter in meters],
        [
            capacity_of(meter, limit_of(meter, rating), rating)
            for meter, rating in zip(meters, ratings, strict=True)
        ],
        place.rated_kw,
    )
    return Gist(
        rack.id,
        place,
        severity,
        rack.freshness,
        draw.load,
        draw.capacity,
        draw.headroom,
        *liquid_of(rack, site.coolant_from(upstream[Domain.LIQUID], coolant)),
        cooled=is_cooled(rack),
        rated=bool(meters) or place.rated_kw is not None,
        upstream=upstream,
    )


def upstream_of(rack: EntityId, topology: Topology) -> dict[Domain, list[EntityId]]:
    """Whoever feeds or cools a rack, directly or through others, nearest first."""
    return {each: topology.upstream(rack, each) for each in (Domain.POWER, Domain.LIQUID)}


def meters_of(rack: EntityId, topology: Topology, find: Find) -> list[Entity]:
    """What feeds a rack directly, as far as it is known."""
    feeders = topology.feeders(rack, Domain.POWER)
    return [entity for each in feeders if (entity := find(each)) is not None]
