"""Answers: what InfluxDB 2 says to Flux, as series and buckets."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from schemas.history import MOST_SAMPLES, Bucket, Query, Sample, Series
from schemas.lines import BAD, DOCUMENT, QUALITY, areas, carried
from schemas.rfc3339 import parse_instant
from services.history import flux
from twin.instants import Instant
from twin.points import GOOD_QUALITY

Record = Mapping[str, str]

_NAMED: Final = re.compile(r"(?:cpc/[^/]+/)?[^/]+/([^/]+)/")
"""The metric in a point's id."""


class _Whose(NamedTuple):
    """What makes a series, in the order in which they are answered."""

    entity: str
    metric: str
    point: str
    unit: str
    setpoint: str
    object_type: str


_Part = tuple[str, ...]
"""The details under which a part of a series was written."""

_Found = dict[_Part, dict[str, Record]]
"""What each function says of one bucket, by part."""


def sampled(answer: str, query: Query) -> list[Series]:
    """The series of an answer to ``flux.samples``."""
    entities = _entities(query)
    held: dict[_Whose, list[Sample]] = defaultdict(list)
    details: dict[_Whose, Record] = {}
    n = 0
    for n, record in enumerate(flux.records(answer), start=1):
        if n > MOST_SAMPLES:
            break
        whose = _whose(record, entities)
        quality, document = int(record[QUALITY]), record.get(DOCUMENT, "")
        text = record.get(_field(whose, quality))
        value = float(text) if text else None
        held[whose].append(Sample(_at(record), value, quality, document))
        details[whose] = record
    truncated = n > MOST_SAMPLES
    return [
        _series(whose, details[whose], samples=tuple(held[whose]), truncated=truncated)
        for whose in sorted(held)
    ]


def reduced(answer: str, query: Query) -> list[Series]:
    """The series of an answer to ``flux.buckets``."""
    entities = _entities(query)
    found: dict[_Whose, dict[Instant, _Found]] = defaultdict(lambda: defaultdict(dict))
    details: dict[_Whose, Record] = {}
    for record in flux.records(answer):
        whose, result = _whose(record, entities), record["result"]
        at = _at(record)
        if result == "details":
            if whose not in details or at > _at(details[whose]):
                details[whose] = record
            continue
        start = Instant(at - (at - query.start) % query.bucket_ms) if result == "last" else at
        found[whose][start].setdefault(_part(record), {})[result] = record
    return [
        _series(whose, details[whose], buckets=tuple(_buckets(found[whose])))
        for whose in sorted(found)
    ]


def metric_of(point: str, kind: str) -> str:
    """The metric of a point, which its id names; the measurement tells of freshness."""
    named = _NAMED.match(point)
    return flux.FRESHNESS if kind == "Freshness" or named is None else named[1]


def _buckets(found: Mapping[Instant, _Found]) -> Iterator[Bucket]:
    for start, parts in sorted(found.items()):
        n = sum(int(part["readings"]["_value"]) for part in parts.values())
        held = [part for part in parts.values() if "count" in part]
        if not held:
            yield Bucket(start, None, None, None, None, n, 0.0)
            continue
        counts = [int(part["count"]["_value"]) for part in held]
        good = sum(counts)
        low = min(float(part["min"]["_value"]) for part in held)
        high = max(float(part["max"]["_value"]) for part in held)
        means = (float(part["mean"]["_value"]) for part in held)
        mean = sum(mean * (count / good) for mean, count in zip(means, counts, strict=True))
        last = max((part["last"] for part in held), key=_at)
        # rounding, or a sum past the largest float, must not put a mean outside its own values
        mean = max(low, min(high, mean))
        yield Bucket(start, low, high, mean, float(last["_value"]), n, good / n)


def _series(
    whose: _Whose,
    details: Record,
    *,
    samples: tuple[Sample, ...] = (),
    buckets: tuple[Bucket, ...] = (),
    truncated: bool = False,
) -> Series:
    return Series(
        whose.entity,
        whose.metric,
        whose.object_type,
        whose.point,
        whose.unit or None,
        areas(details.get("process_area")),
        is_setpoint=whose.setpoint == "true",
        phase=details.get("phase") or None,
        samples=samples,
        buckets=buckets,
        truncated=truncated,
    )


def _entities(query: Query) -> dict[str, str]:
    """The entities of a query by what the protocol carries of them."""
    return {carried(entity): entity for entity in query.entities}


def _whose(record: Record, entities: Mapping[str, str]) -> _Whose:
    entity, point, kind = record["entity"], record["point"], record["_measurement"]
    unit, setpoint = record.get("unit", ""), record["setpoint"]
    named = metric_of(point, kind)
    return _Whose(entities.get(entity, entity), named, point, unit, setpoint, kind)


def _field(whose: _Whose, quality: int) -> str:
    """Where the value is: a reading that was written again with another quality has two."""
    return whose.metric if quality == GOOD_QUALITY else BAD


def _part(record: Record) -> _Part:
    return tuple(record.get(detail, "") for detail in flux.DETAILS)


def _at(record: Record) -> Instant:
    return parse_instant(record["_time"])
