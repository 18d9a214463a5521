"""Whether what is written down of a site and what its bus says are of the same things."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twin.cdu import CDU
from twin.entities import RACK, Entity
from twin.fleet import Fleet
from twin.meters import METER
from twin.points import EntityId
from twin.site import RackPlace, Site
from twin.topology import Domain

Ids = tuple[EntityId, ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """The things of one kind that only one side has, in order of id."""

    both: int
    not_in_file: Ids
    not_on_bus: Ids

    @property
    def agree(self) -> bool:
        """Whether both sides have the same."""
        return not (self.not_in_file or self.not_on_bus)


@dataclass(frozen=True, slots=True)
class Feeds:
    """The feeds of one rack of which the two sides say different things."""

    rack: EntityId
    unknown: Ids
    """Named in the file, and no meter of the bus."""
    not_feeding: Ids
    """Named in the file, and a meter that the bus says does not feed this rack."""
    not_in_file: Ids
    """Feeding this rack, and not named."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the two sides have in common, and what not."""

    racks: Sides
    cdus: Sides
    meters: Sides
    feeds: tuple[Feeds, ...]
    """Racks whose feeds differ; one whose feeds the file does not name says nothing of them."""

    @property
    def agree(self) -> bool:
        """Whether nothing is missing on either side."""
        kinds = (self.racks, self.cdus, self.meters)
        return all(kind.agree for kind in kinds) and not self.feeds


def agreement_of(site: Site, fleet: Fleet) -> Agreement:
    """Compare ``site`` with what ``fleet`` was told of by the bus.

    Every rack is to be written down. CDUs are once any is; and meters, once any is, where the bus
    itself gives them no limit of current.
    """
    racks, cdus, meters = (_of_kind(fleet, kind) for kind in (RACK, CDU, METER))
    silent = [key for key, meter in meters.items() if not meter.of_type("CurrentLimit")]
    named = (rack for rack in sorted(site.racks) if site.racks[rack].feeds)
    feeds = (_feeds(rack, site.rack(rack), fleet, meters) for rack in named)
    return Agreement(
        racks=_sides(site.racks, racks, racks),
        cdus=_sides(site.cdus, cdus, cdus if site.cdus else ()),
        meters=_sides(site.meters, meters, silent if site.meters else ()),
        feeds=tuple(each for each in feeds if each.unknown or each.not_feeding or each.not_in_file),
    )


def _of_kind(fleet: Fleet, kind: str) -> dict[EntityId, Entity]:
    things = fleet.racks() if kind == RACK else fleet.equipment()
    return {thing.id: thing for thing in things if thing.kind == kind}


def _sides(
    written: Mapping[EntityId, object], there: Mapping[EntityId, Entity], wanted: Iterable[EntityId]
) -> Sides:
    return Sides(
        both=len(written.keys() & there.keys()),
        not_in_file=tuple(sorted(frozenset(wanted) - written.keys())),
        not_on_bus=tuple(sorted(written.keys() - there.keys())),
    )


def _feeds(
    rack: EntityId, place: RackPlace, fleet: Fleet, meters: Mapping[EntityId, Entity]
) -> Feeds:
    named = frozenset(place.feeds)
    feeding = frozenset(fleet.topology.feeders(rack, Domain.POWER))
    return Feeds(
        rack,
        unknown=tuple(sorted(named - meters.keys())),
        not_feeding=tuple(sorted((named & meters.keys()) - feeding)),
        not_in_file=tuple(sorted(feeding - named)),
    )
