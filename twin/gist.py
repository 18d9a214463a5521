"""Gist: the few numbers of a rack by which it is listed, counted and summed up.

The same numbers as in its whole view, by the same formulas, at a fraction of its cost.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from twin.circuits import UNRATED, capacity_of, limit_of, load_of
from twin.entities import Entity
from twin.instants import Instant
from twin.measured import Measured
from twin.points import EntityId, Freshness, Quality
from twin.power import draw_of
from twin.severity import Severity
from twin.site import UNWRITTEN, RackPlace, Site
from twin.thermal import Coolant, is_cooled, liquid_of
from twin.topology import Domain, Topology

Find = Callable[[EntityId], Entity | None]

_EACH: Final = len(Measured._fields)

LOAD, CAPACITY, HEADROOM, SUPPLY, RETURN, DELTA_T, FLOW, HEAT = range(0, 8 * _EACH, _EACH)
"""Where each number of a gist begins."""

_QUALITY: Final = Measured._fields.index("quality")
_FRESHNESS: Final = Measured._fields.index("freshness")
_MEASURED_AT: Final = Measured._fields.index("measured_at")

# Names of this module: to look one up in an enum costs as much as to build half a tuple.
_GOOD: Final = Quality.GOOD
_LIVE: Final = Freshness.LIVE

_tuple: Final = tuple.__new__


class Gist(NamedTuple):
    """One rack in short, at one instant.

    Its numbers lie in one tuple, field by field: those of thousands of racks are replaced all the
    time, and whatever Python looks through for cycles is to be few objects.
    """

    id: EntityId
    place: RackPlace
    severity: Severity
    freshness: Freshness
    cooled: bool
    """Whether it has what its heat is computed from, heard or not."""
    rated: bool
    """Whether it has what its headroom is computed from, heard or not."""
    upstream: tuple[EntityId, ...]
    """Whoever feeds or cools it, directly or through others."""
    numbers: tuple[Any, ...]
    """The fields of each ``Measured``, one after the other: ``LOAD`` is where those of it begin."""

    @property
    def load(self) -> Measured:
        """What it draws."""
        return self._measured(LOAD)

    @property
    def headroom(self) -> Measured:
        """What it may draw besides."""
        return self._measured(HEADROOM)

    @property
    def heat(self) -> Measured:
        """What its liquid carries away."""
        return self._measured(HEAT)

    def good(self, number: int) -> float | None:
        """The value of one of its numbers where it is good, of now or not."""
        numbers = self.numbers
        value: float | None = numbers[number]
        return value if numbers[number + _QUALITY] is _GOOD else None

    def now(self, number: int) -> float | None:
        """The value of one of its numbers where it is the truth of now."""
        return self.good(number) if self.numbers[number + _FRESHNESS] is _LIVE else None

    def measured_at(self, number: int) -> Instant | None:
        """When one of its numbers was measured."""
        at: Instant | None = self.numbers[number + _MEASURED_AT]
        return at

    def _measured(self, number: int) -> Measured:
        return _tuple(Measured, self.numbers[number : number + _EACH])


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
    place = site.rack(rack.id)
    feeding, cooling = upstream_of(rack.id, topology).values()
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
    supply, return_, delta_t, flow, heat = liquid_of(rack, site.coolant_from(cooling, coolant))
    # fmt: off
    return Gist(
        rack.id, place, severity, rack.freshness, is_cooled(rack),
        bool(meters) or place.rated_kw is not None,
        (*feeding, *cooling),
        (*draw.load, *draw.capacity, *draw.headroom, *supply, *return_, *delta_t, *flow, *heat),
    )
    # fmt: on


def upstream_of(rack: EntityId, topology: Topology) -> dict[Domain, list[EntityId]]:
    """Whoever feeds or cools a rack, directly or through others, nearest first."""
    return {each: topology.upstream(rack, each) for each in (Domain.POWER, Domain.LIQUID)}


def meters_of(rack: EntityId, topology: Topology, find: Find) -> list[Entity]:
    """What feeds a rack directly, as far as it is known."""
    feeders = topology.feeders(rack, Domain.POWER)
    return [entity for each in feeders if (entity := find(each)) is not None]
