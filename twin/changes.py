"""What ``Fleet.apply`` and ``Fleet.advance`` return: everything a caller may want to pass on."""

from typing import NamedTuple

from twin.fault import Fault, State, What
from twin.finding import Finding
from twin.instants import Instant
from twin.points import EntityId, Freshness, Point


class ReadingTaken(NamedTuple):
    """A reading is now the current one of its point. One flat tuple, for there are so many."""

    point: Point
    value: float | None
    quality: int
    measured_at: Instant
    at: Instant
    """When it was received."""
    changed: bool
    """False where it only repeats what stood there: heard, but no news."""
    revived: bool = False
    """Whether the point was not live before: it was never heard, or was silent."""


class ReadingLate(NamedTuple):
    """A reading came after a newer one: state stays, history keeps it."""

    point: Point
    value: float | None
    quality: int
    measured_at: Instant
    at: Instant
    """When it was received."""


class PointDescribed(NamedTuple):
    """Metadata told of a new point, or something new of a known one."""

    point: Point
    at: Instant
    before: Point | None = None
    """What was known of it, where it was known: whom it served then is altered as well."""


class PointRetracted(NamedTuple):
    """A point's metadata was taken back, or is about to give it to another entity."""

    point: Point
    at: Instant


class PointStale(NamedTuple):
    """A point was silent past its deadline, or its publisher was lost."""

    point: Point
    at: Instant
    """The deadline itself, however late anyone looked."""


class PublisherChanged(NamedTuple):
    """A heart of a publisher began to beat, stopped, or came back."""

    heart: Point
    """By which it says that it lives; one that has several clients on the bus has several."""
    freshness: Freshness
    at: Instant


class FindingChanged(NamedTuple):
    """Readings disagree, for longer than any transient lasts, or agree again."""

    finding: Finding
    standing: bool
    """False where they agree again."""
    at: Instant


class Derived(NamedTuple):
    """A number that the twin worked out of readings that were the truth of then."""

    entity: EntityId
    metric: str
    """As ``heat_kw``: its unit is the end of its name."""
    value: float
    at: Instant


class FaultChanged(NamedTuple):
    """Something happened to a fault; all of them in order rebuild the state of all faults."""

    fault: Fault
    """As it is now, whole."""
    what: What
    at: Instant
    by: str | None = None
    """Who did it; None where it came of itself."""
    before: State = State.NORM
    """What was shown of the key before."""
    annunciates: bool = False
    """Whether an operator is to be called."""


Change = (
    ReadingTaken
    | ReadingLate
    | PointDescribed
    | PointRetracted
    | PointStale
    | PublisherChanged
    | FindingChanged
    | Derived
    | FaultChanged
)
Changes = tuple[Change, ...]
