"""History as documents, in parts of bounded size: an answer may hold 100,000 readings."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from pydantic import Field

from schemas.documents import Document, Time, absent
from schemas.history import Bucket, Query, Sample, Series
from schemas.rfc3339 import format_instant
from twin.points import GOOD_QUALITY, Quality

T = TypeVar("T")

PART: Final = 1_000
"""Readings, or spans, in one part: some milliseconds of work."""

_OPEN: Final = b'"samples":[],"buckets":[]}'
"""The end of a series that holds nothing yet."""


class SampleView(Document):
    """One reading of the past."""

    measured_at: Time
    value: float | None
    quality: Quality
    text: str | None = Field(None, exclude_if=absent)
    """What a number cannot say: the document of a fault."""


class BucketView(Document):
    """What a span of the past holds; spans without a reading are left out."""

    start: Time
    min: float | None
    max: float | None
    mean: float | None
    last: float | None
    n: int
    good: float
    """The share of readings that are good, 0 to 1."""


class SeriesView(Document):
    """One point's past: ``buckets`` in mode minmax, else ``samples``."""

    entity: str
    metric: str
    object_type: str
    point: str
    unit: str | None
    process_area: tuple[str, ...]
    is_setpoint: bool
    phase: str | None
    truncated: bool
    """There are more readings: these are the earliest."""
    estimated: bool
    """In mode lttb, of a great many readings: the samples are extremes of short spans, each at the
    begin or in the middle of its span."""
    samples: tuple[SampleView, ...]
    buckets: tuple[BucketView, ...]


class HistoryView(Document):
    """The past of some entities' metrics; no series where nothing is known."""

    entity: str | None
    """null where several are asked for …"""
    metric: str | None
    """… and here the same."""
    entities: tuple[str, ...]
    metrics: tuple[str, ...]
    start: Time = Field(serialization_alias="from")
    end: Time = Field(serialization_alias="to")
    mode: str
    bucket_ms: int
    series: tuple[SeriesView, ...]


def history_json(query: Query, series: Iterable[Series]) -> Iterator[bytes]:
    """What was answered to ``query``, as the JSON of a ``HistoryView`` in parts."""
    head = HistoryView(
        entity=_only(query.entities),
        metric=_only(query.metrics),
        entities=query.entities,
        metrics=query.metrics,
        start=format_instant(query.start),
        end=format_instant(query.end),
        mode=query.mode,
        bucket_ms=query.bucket_ms,
        series=(),
    )
    yield head.model_dump_json(by_alias=True).encode().removesuffix(b"]}")
    for number, one in enumerate(series):
        yield b"," if number else b""
        yield from _series(one)
    yield b"]}"


def is_good(sample: Sample) -> bool:
    """Whether it has a value that is to be believed."""
    return sample.quality == GOOD_QUALITY and sample.value is not None


def quality_of(sample: Sample) -> Quality:
    """What it is worth; a reading without a value is bad, whatever is said of it."""
    return Quality.GOOD if is_good(sample) else Quality.BAD


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _series(series: Series) -> Iterator[bytes]:
    empty = SeriesView(
        entity=series.entity,
        metric=series.metric,
        object_type=series.object_type,
        point=series.point,
        unit=series.unit,
        process_area=series.process_area,
        is_setpoint=series.is_setpoint,
        phase=series.phase,
        truncated=series.truncated,
        estimated=series.estimated,
        samples=(),
        buckets=(),
    )
    yield empty.model_dump_json().encode().removesuffix(_OPEN)
    yield b'"samples":['
    yield from _list(map(_sample, series.samples))
    yield b'],"buckets":['
    yield from _list(map(_bucket, series.buckets))
    yield b"]}"


def _sample(sample: Sample) -> dict[str, Any]:
    text = {"text": sample.text} if sample.text else {}
    at = format_instant(sample.measured_at)
    return {"measured_at": at, "value": sample.value, "quality": quality_of(sample)} | text


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "start": format_instant(bucket.start),
        "min": bucket.min,
        "max": bucket.max,
        "mean": bucket.mean,
        "last": bucket.last,
        "n": bucket.n,
        "good": bucket.good,
    }


def _list(items: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """What stands between the brackets of a list."""
    between = b""
    for some in parted(items):
        yield between + msgspec.json.encode(some)[1:-1]
        between = b","


def parted(items: Iterable[T]) -> Iterator[list[T]]:
    """The same, ``PART`` at a time."""
    left = iter(items)
    while some := list(islice(left, PART)):
        yield some
