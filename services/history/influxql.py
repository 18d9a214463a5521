"""InfluxQL: the latest readings of all series of an InfluxDB 2, asked for page by page.

Flux makes a table of each field of each series: of 545,000 series it had not told all after 160 s
and with 7 GB of memory, where these pages take 48 s and 3 GB. Asked is what the storage answers by
the last block of a series, whatever lies before that. The 1.x compatible
``/query`` knows a bucket by its name (influxdata/openapi, ``src/legacy/paths/query.yml``).
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from schemas.history import HistoryError
from schemas.lines import BAD, DOCUMENT, QUALITY, areas
from services.history.answers import metric_of
from services.history.block import Row
from services.history.flux import FRESHNESS, either
from twin.instants import Instant
from twin.points import GOOD_QUALITY, EntityId, Point, PointId, PublisherId

READINGS_BACK_MS: Final = 3_600_000
"""How far back the latest readings are looked for: an hour. What was silent for longer is gone."""

EVENTS_BACK_MS: Final = 30 * 86_400_000
"""The same of what is written when it changes, as a fault that stands: thirty days."""

KINDS: Final = 'SHOW FIELD KEYS; SHOW TAG VALUES WITH KEY = "publisher"'
"""Asks which object types there are, which point types of each, and who tells of any."""

_HEARD: Final = "Freshness"
"""Object type of what the twin says of every point: as many series as there are points …"""

_EVENTS: Final = (_HEARD, "Fault", "Twin")
"""… and it is one of those that are written when something changes."""

_OURS: Final = (QUALITY, BAD, DOCUMENT)
"""Fields that are no point types."""

_CLUSTER: Final = r"(cpc\/[^\/]+\/)?"

Cell = float | int | str | bool | None


class _Result(msgspec.Struct):
    series: list[msgspec.Raw] = []  # msgspec makes a new one for each
    error: str | None = None
    partial: bool = False


class _Answer(msgspec.Struct):
    results: list[_Result] = []  # the same


class _Series(msgspec.Struct):
    name: str
    columns: list[str]
    values: list[list[Cell]]
    tags: dict[str, str] = {}  # the same


_answer: Final = msgspec.json.Decoder(_Answer)
_series: Final = msgspec.json.Decoder(_Series)  # each by itself, so that none holds others up


def pages(answer: bytes, at: Instant) -> list[str]:
    """What to ask for the last of every series at an instant: of one point type each.

    Points of a type that never had a good value are in a page of what is left of their object type.

    Args:
        answer: To ``KINDS``.
        at: The instant.
    """
    kinds: dict[str, list[str]] = {}
    publishers: set[str] = set()
    for each in _found(answer):
        if each.columns[0] == "fieldKey":
            kinds[each.name] = [str(key) for key, *_ in each.values if key not in _OURS]
        else:
            publishers.update(str(value) for _, value in each.values)
    asked: list[str] = []
    for kind, fields in kinds.items():
        back = EVENTS_BACK_MS if kind in _EVENTS else READINGS_BACK_MS
        span = f"time >= {max(0, at - back)}ms AND time <= {at}ms"
        if kind == _HEARD:
            asked += _heard(sorted(kinds.keys() - {*_EVENTS}), sorted(publishers), span)
        else:
            asked += _last(kind, fields, span)
    return asked


def rows(answer: bytes) -> list[Row]:
    """The last reading of each series of a page.

    Raises:
        HistoryError: The server cannot answer.
    """
    return [row for each in _found(answer) for row in _rows(each)]


def newest(found: Sequence[Row]) -> list[Row]:
    """Of each point the reading that is newest, under whichever description; in order of time."""
    kept: dict[PointId, Row] = {}
    for row in found:
        other = kept.get(row.point.id)
        if other is None or other.measured_at <= row.measured_at:
            kept[row.point.id] = row
    some = list(kept.values())
    # sorted by numbers alone, for to sort rows would hold up other threads
    received = np.fromiter((row.received_at for row in some), np.int64, len(some))
    return [some[place] for place in np.argsort(received, kind="stable").tolist()]


def _rows(series: _Series) -> Iterator[Row]:
    if not {"entity", "point", "setpoint"} <= series.tags.keys():
        return  # somebody else's
    point = _point(series.name, series.tags)
    for values in series.values:
        cells = dict(zip(series.columns, values, strict=True))
        at, quality = Instant(_whole(cells["time"])), _whole(cells.get(QUALITY, GOOD_QUALITY))
        # one that was written again with another quality has two values
        value = cells.get("value" if quality == GOOD_QUALITY else BAD)
        number = float(value) if isinstance(value, float | int) else None
        yield Row(point, number, quality, at, at, str(cells.get(DOCUMENT) or ""))


def _point(kind: str, tags: dict[str, str]) -> Point:
    point = tags["point"]
    return Point(
        PointId(point),
        kind,
        metric_of(point, kind),
        EntityId(tags["entity"]),
        PublisherId(tags.get("publisher", "")),
        unit=tags.get("unit") or None,
        process_area=areas(tags.get("process_area")),
        is_setpoint=tags["setpoint"] == "true",
        phase=tags.get("phase") or None,
    )


def _found(answer: bytes) -> Iterator[_Series]:
    try:
        results = _answer.decode(answer).results
    except msgspec.DecodeError as error:
        raise HistoryError(f"is no answer to a query: {error}") from error
    for result in results:
        if result.error is not None or result.partial:
            raise HistoryError(result.error or "the server cuts its answers short")
        yield from map(_series.decode, result.series)


def _last(kind: str, fields: list[str], span: str) -> Iterator[str]:
    """The last reading of each series of an object type, with what else it was written with."""
    for field in fields:
        columns = f'last("{QUALITY}") AS "{QUALITY}", {_name(field)} AS "value", "{BAD}"'
        if kind in _EVENTS:
            columns += f', "{DOCUMENT}"'
        yield _page(columns, kind, span, _of([field]))
    never_good = f'last("{QUALITY}") AS "{QUALITY}", "{BAD}", "{DOCUMENT}"'
    yield _page(never_good, kind, span, _of(fields), others=True)


def _heard(kinds: list[str], publishers: list[str], span: str) -> Iterator[str]:
    """What was told last of who is heard: of the points of each object type, and of publishers."""
    told = f'last("{FRESHNESS}") AS "value"'
    for kind in kinds:
        yield _page(told, _HEARD, span, rf"{_HEARD}\/{_CLUSTER}({either([kind])})\/")
    yield _page(told, _HEARD, span, rf"{_HEARD}\/({either(publishers)})(\/|$)")


def _of(fields: list[str]) -> str:
    """What the ids of points of these types begin with."""
    return rf"{_CLUSTER}[^\/]+\/({either(fields)})\/"


def _page(columns: str, kind: str, span: str, points: str, *, others: bool = False) -> str:
    """One question, for the points that begin with a pattern, or for all ``others``."""
    which = f'"point" {"!~" if others else "=~"} /^{points}/'
    return f"SELECT {columns} FROM {_name(kind)} WHERE {span} AND {which} GROUP BY *"  # noqa: S608


def _name(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _whole(cell: Cell) -> int:
    assert isinstance(cell, int)
    return cell
