"""What every document is made of, and how a number with its truth looks in one."""

from functools import lru_cache
from math import isfinite
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.rfc3339 import format_instant
from twin.instants import Instant
from twin.measured import Measured
from twin.points import Freshness, Quality


def absent(value: object) -> bool:
    """Whether a field that only some documents have is left out of this one."""
    return value is None


Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with milliseconds."""


class Document(BaseModel):
    """Anything that the API answers with."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasuredView(Document):
    """A number that came from outside, or was computed from such numbers."""

    value: float | None
    unit: str | None
    quality: Quality | None
    """null where nothing was ever said."""
    freshness: Freshness
    measured_at: Time | None
    """The source's own time."""
    received_at: Time | None
    age_s: float | None
    """Since it was measured."""
    derived_from: int | None = Field(None, exclude_if=absent)
    """On computed numbers: how many inputs went in."""
    fresh: int | None = Field(None, exclude_if=absent)
    """On aggregates: how many inputs are live and good …"""
    expected: int | None = Field(None, exclude_if=absent)
    """… of how many there should be."""
    text: str | None = Field(None, exclude_if=absent)
    """On states: what the value means."""


def measured_view(measured: Measured, now: Instant) -> MeasuredView:
    """A number with its age at ``now``."""
    return MeasuredView(
        value=finite(measured.value),
        unit=measured.unit,
        quality=measured.quality,
        freshness=measured.freshness,
        measured_at=time_of(measured.measured_at),
        received_at=time_of(measured.received_at),
        age_s=_age_s(measured.measured_at, now),
        derived_from=measured.derived_from,
        fresh=measured.fresh,
        expected=measured.expected,
        text=measured.text,
    )


def finite(value: float | None) -> float | None:
    """A value that JSON can say: what overflowed on the way is no value."""
    return value if value is None or isfinite(value) else None


def cluster_of(identity: str) -> str | None:
    """The cluster in whose name an id stands, if any."""
    return identity.split("/", 2)[1] if identity.startswith("cpc/") else None


def local(identity: str) -> str:
    """An id without the prefix of its cluster."""
    return identity.split("/", 2)[2] if identity.startswith("cpc/") else identity


@lru_cache(maxsize=8192)  # what one reading says goes into many documents
def time_of(instant: Instant | None) -> str | None:
    """An instant as documents show it."""
    return None if instant is None else format_instant(instant)


def _age_s(measured_at: Instant | None, now: Instant) -> float | None:
    return None if measured_at is None else max(0, now - measured_at) / 1000
