"""History: what is asked of a store, and what it answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from twin.instants import Instant

POINTS: Final = 2_000
"""Buckets where nobody says how many."""

MOST_POINTS: Final = 10_000
MOST_SAMPLES: Final = 100_000
"""Raw readings in one answer."""

MOST_ENTITIES: Final = 1_000
MOST_METRICS: Final = 50

MOST_BUCKETS: Final = 100_000
"""Of all entities and metrics of one question together."""


class Mode(StrEnum):
    """Every reading, what lies in each of many equal spans, or the readings that show the shape."""

    RAW = "raw"
    MINMAX = "minmax"
    LTTB = "lttb"


@dataclass(frozen=True, slots=True)
class Query:
    """Some metrics, of each of some entities, over a range of source time."""

    entities: tuple[str, ...]
    """None named is every entity that has the metric."""
    metrics: tuple[str, ...]
    """Each a point type of the contract, as ``RackPower``; a number that the twin worked out, as
    ``heat_kw``; or the code of a finding, as ``balance.heat``: 1 while it counts, 0 after."""
    start: Instant
    end: Instant
    """Not included."""
    mode: Mode = Mode.MINMAX
    points: int = POINTS
    """How many buckets the range is cut into."""

    @property
    def bucket_ms(self) -> int:
        """The width of one bucket, a whole millisecond at the least."""
        return max(1, -(-(self.end - self.start) // self.points))


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as it was measured."""

    measured_at: Instant
    value: float | None
    quality: int
    text: str = ""
    """What a number cannot say: the document of a fault."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a span of time holds. Spans without a reading are left out: a gap stays a gap."""

    start: Instant
    min: float | None
    """Of the good values; None where there is none."""
    max: float | None
    mean: float | None
    last: float | None
    n: int
    """Readings, good or not."""
    good: float
    """The share of them that is good, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Series:
    """One point's answer: ``buckets`` in mode minmax, else ``samples``."""

    entity: str
    metric: str
    object_type: str
    point: str
    unit: str | None
    process_area: tuple[str, ...]
    is_setpoint: bool
    phase: str | None
    samples: tuple[Sample, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    truncated: bool = False
    """There are more than ``MOST_SAMPLES``; the earliest are here."""
    estimated: bool = False
    """In mode LTTB, of more than ``MOST_SAMPLES``: the samples are extremes of short spans, each at
    the begin or in the middle of its span."""


class HistoryError(Exception):
    """The store could not answer, and why."""
