"""Site: where racks stand and what things are rated for, as whoever runs the site wrote it down.

Nothing of it comes from the bus. The ids of the bus are the only keys, and none need be known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from twin.circuits import UNRATED, Rating
from twin.points import EntityId
from twin.thermal import Coolant

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class RackPlace:
    """Where a rack stands, and what it is."""

    hall: str | None = None
    row: str | None = None
    position: str | None = None
    model: str | None = None
    rated_kw: float | None = None
    feeds: tuple[EntityId, ...] = ()
    """The meters it is to hang on; the bus alone says on which it does."""


@dataclass(frozen=True, slots=True)
class CduPlate:
    """What a coolant distribution unit is built for, and filled with."""

    capacity_kw: float | None = None
    coolant: Coolant | None = None


def place_id(hall: str | None, row: str | None) -> EntityId:
    """The id of a hall, or of a row as ``hall/row``: rows of two halls may share a name."""
    return EntityId("/".join(name for name in (hall, row) if name is not None))


NOWHERE: Final = RackPlace()
BLANK: Final = CduPlate()


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that is written down of a site; nothing where nothing is."""

    coolant: Coolant | None = None
    racks: Mapping[EntityId, RackPlace] = field(default_factory=dict)
    cdus: Mapping[EntityId, CduPlate] = field(default_factory=dict)
    meters: Mapping[EntityId, Rating] = field(default_factory=dict)

    def rack(self, rack: EntityId) -> RackPlace:
        """The place of a rack."""
        return self.racks.get(rack, NOWHERE)

    def cdu(self, cdu: EntityId) -> CduPlate:
        """What is known of a CDU."""
        return self.cdus.get(cdu, BLANK)

    def meter(self, meter: EntityId) -> Rating:
        """What a meter's circuit may carry."""
        return self.meters.get(meter, UNRATED)

    def holds(self) -> dict[EntityId, set[EntityId]]:
        """Which rows a hall holds, and which racks a row: by ``place_id``."""
        held: dict[EntityId, set[EntityId]] = {}
        for rack, place in self.racks.items():
            hall, row = place_id(place.hall, None), place_id(place.hall, place.row)
            if hall != row:
                held.setdefault(hall, set()).add(row)
            held.setdefault(row, set()).add(rack)
        held.pop(place_id(None, None), None)
        return held

    def coolant_from(self, cdus: Iterable[EntityId], otherwise: Coolant) -> Coolant:
        """What the first of ``cdus`` that is told of is filled with, else the site, else that."""
        if self.cdus:
            for cdu in cdus:
                filled = self.cdu(cdu).coolant
                if filled is not None:
                    return filled
        return otherwise if self.coolant is None else self.coolant

    def differing(self, other: "Site") -> set[EntityId]:
        """The ids of which the two say different things."""
        return (
            _differing(self.racks, other.racks)
            | _differing(self.cdus, other.cdus)
            | _differing(self.meters, other.meters)
        )


def _differing(one: Mapping[EntityId, _V], other: Mapping[EntityId, _V]) -> set[EntityId]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


UNWRITTEN: Final = Site()
"""Of which nothing is written down."""
