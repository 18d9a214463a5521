"""Energy as documents, from what a store answers."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from heapq import merge
from itertools import groupby

from schemas.documents import Document, Time
from schemas.history import Query, Series
from schemas.history_views import is_good
from schemas.rfc3339 import format_instant
from twin.energy import Power, energy_of
from twin.instants import Instant, Millis
from twin.quantities import factor


class Method(StrEnum):
    """Of what an energy is made."""

    READINGS = "readings"
    MINUTES = "minutes"
    """Of a great many readings: the mean of each minute."""


class EnergyOfPoint(Document):
    """What one point measured."""

    entity: str
    metric: str | None
    """null where nothing is known of the entity."""
    point: str | None
    phase: str | None
    energy_kwh: float | None
    """Drawn while the power was known: nothing is made up for the rest. null where it never was."""
    completeness: float
    """The share of the range in which it was, 0 to 1."""


class EnergyView(Document):
    """The energy of some entities over a range of time."""

    start: Time
    end: Time
    method: Method
    items: tuple[EnergyOfPoint, ...]


def energy_view(
    query: Query, start: Instant, series: Sequence[Series], known_to: Instant, longest: Millis
) -> EnergyView:
    """The energy of each point of power.

    Args:
        query: What was asked of the store: from before ``start``, to know what held then.
        start: Of the range itself.
        series: What was answered.
        known_to: Nothing is known from there on.
        longest: How long a power holds with no further reading.
    """
    powers = [each for each in series if _scale(each) is not None and not each.is_setpoint]
    buckets = any(each.buckets for each in series)
    items = [
        _item(list(parts), start, query.end, known_to, longest)
        for _, parts in groupby(powers, lambda each: (each.entity, each.metric, each.point))
    ]
    heard = {item.entity for item in items}
    items += [_unknown(entity) for entity in query.entities if entity not in heard]
    order = {entity: place for place, entity in enumerate(query.entities)}
    return EnergyView(
        start=format_instant(start),
        end=format_instant(query.end),
        method=Method.MINUTES if buckets else Method.READINGS,
        items=tuple(sorted(items, key=lambda item: order[item.entity])),
    )


def _item(
    parts: Sequence[Series], start: Instant, end: Instant, known_to: Instant, longest: Millis
) -> EnergyOfPoint:
    """One point's, whose unit may have changed from one part to another."""
    powers = merge(*map(_powers, parts), key=lambda power: power.at)
    found = energy_of(powers, start, min(end, known_to), longest)
    return EnergyOfPoint(
        entity=parts[-1].entity,
        metric=parts[-1].metric,
        point=parts[-1].point,
        phase=parts[-1].phase,
        energy_kwh=found.kwh if found.known_ms else None,
        completeness=found.known_ms / (end - start),
    )


def _unknown(entity: str) -> EnergyOfPoint:
    return EnergyOfPoint(
        entity=entity, metric=None, point=None, phase=None, energy_kwh=None, completeness=0.0
    )


def _powers(series: Series) -> Iterator[Power]:
    scale = _scale(series) or 0.0
    for sample in series.samples:
        yield Power(sample.measured_at, scale * (sample.value or 0.0), float(is_good(sample)))
    for bucket in series.buckets:
        yield Power(bucket.start, scale * (bucket.mean or 0.0), bucket.good)


def _scale(series: Series) -> float | None:
    return factor(series.unit, "kW")
