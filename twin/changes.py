"""What ``Fleet.apply`` and ``Fleet.advance`` return: everything a caller may want to pass on."""

from typing import NamedTuple

from twin.instants import Instant
from twin.points import Freshness, Point, PublisherId, Reading


class ReadingTaken(NamedTuple):
    """A reading is now the current one of its point."""

    point: Point
    reading: Reading
    at: Instant
    """When it was received."""
    changed: bool
    """False where it only repeats what stood there: heard, but no news."""


class ReadingLate(NamedTuple):
    """A reading came after a newer one: state stays, history keeps it."""

    point: Point
    reading: Reading
    at: Instant


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
    """A publisher's heart began to beat, stopped, or came back."""

    publisher: PublisherId
    freshness: Freshness
    at: Instant


Change = (
    ReadingTaken | ReadingLate | PointDescribed | PointRetracted | PointStale | PublisherChanged
)
Changes = tuple[Change, ...]
