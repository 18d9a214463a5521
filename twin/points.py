"""Points and their readings: what can be measured, and what was."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, NewType

from twin.instants import Instant

PointId = NewType("PointId", str)
"""``{objectType}/{pointType}/{tagPath}``, behind ``cpc/{id}/`` where a cluster publishes it."""

EntityId = NewType("EntityId", str)
"""A ``rackLocationId``, ``objectId`` or ``associateId`` of the bus."""

PublisherId = NewType("PublisherId", str)
"""``PUB`` (the BMS) or the name of an integration, behind ``cpc/{id}/`` like its points."""

GOOD_QUALITY = 1
"""The one wire quality that is to be trusted (DSX BMS v1, Value message)."""


class Quality(StrEnum):
    """The publisher's word on a value."""

    GOOD = "GOOD"
    BAD = "BAD"


class Freshness(StrEnum):
    """Our word on a value's age."""

    UNHEARD = "UNHEARD"
    LIVE = "LIVE"
    STALE = "STALE"


@dataclass(frozen=True, slots=True)
class Point:
    """One measurable thing, as its metadata describes it."""

    id: PointId
    object_type: str
    point_type: str
    entity: EntityId
    publisher: PublisherId
    """Who alone may write its values."""
    name: str | None = None
    """Name of the rack or object; None where it is only known by association."""
    unit: str | None = None
    states: tuple[tuple[int, str], ...] = ()
    """Text of each state value, in the order of the metadata."""
    serves: tuple[EntityId, ...] = ()
    associated: bool = False
    """The entity is the object that this point's object belongs to, not that object itself."""
    process_area: tuple[str, ...] = ()
    is_setpoint: bool = False
    phase: str | None = None
    scope: str | None = None
    """On heartbeats: which topics they vouch for; None is all of the publisher's."""

    def text(self, value: float | None) -> str | None:
        """The state text of ``value``, or None where it has none."""
        return next((text for state, text in self.states if state == value), None)

    def means_as(self, other: "Point") -> bool:
        """Whether a value taken under ``other`` still says the same under this metadata."""
        return (self.entity, self.unit, self.states, self.publisher, self.is_setpoint) == (
            other.entity,
            other.unit,
            other.states,
            other.publisher,
            other.is_setpoint,
        )


class Reading(NamedTuple):
    """One value of one point, as its publisher gave it."""

    point: PointId
    publisher: PublisherId
    value: float | None
    """Finite, in the point's own unit; None where the publisher has none."""
    quality: int
    """The wire's own number: 1 is good, every other is not to be trusted."""
    measured_at: Instant


class Retraction(NamedTuple):
    """The metadata of a point was taken back: the point is no more."""

    point: PointId


class PointState:
    """A point with its current reading; changed by ``Fleet`` alone."""

    __slots__ = (
        "bad",
        "changes",
        "described_at",
        "freshness",
        "heard_at",
        "heartbeat",
        "measured_at",
        "ordered_at",
        "point",
        "quality",
        "received_at",
        "scheduled",
        "trips",
        "value",
    )

    def __init__(self, point: Point) -> None:
        self.point = point
        self.heartbeat = False  # whether a publisher says by it that it lives
        self.scheduled = False  # whether a deadline is set for it
        self.trips = False  # whether what it says is judged at once
        self.described_at = Instant(0)  # since when readings of it were listened for
        self.changes = 0  # how often another value came while it was live, ever
        self.forget()

    def copy(self) -> "PointState":
        """The same as it is now, whatever becomes of this one."""
        other = PointState.__new__(PointState)
        for slot in PointState.__slots__:
            setattr(other, slot, getattr(self, slot))
        return other

    def forget(self) -> None:
        """Hold no reading: nothing that was heard says anything about this point now."""
        self.value: float | None = None
        self.quality = 0
        self.bad = False  # heard, but not to be trusted
        self.freshness = Freshness.UNHEARD
        self.measured_at: Instant = Instant(0)  # the source's own time
        self.received_at: Instant = Instant(0)  # when this reading came
        self.heard_at: Instant = Instant(0)  # when the point was last heard, repeats included
        self.ordered_at: Instant = Instant(0)  # readings measured before this are late
