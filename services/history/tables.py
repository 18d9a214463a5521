"""The tables of the embedded history: one DuckDB file, written in Arrow batches.

Everything here is synchronous: ``services.history.duck`` keeps it off the loop.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from schemas.history import MOST_SAMPLES, Bucket, Mode, Query, Sample, Series
from services.history.store import Row
from twin.points import GOOD_QUALITY, EntityId, Point, PointId

Columns = list[tuple[str, pa.DataType]]

MEMORY: Final = "1GB"
"""What DuckDB may take; past that it spills beside the file."""

# Without keys or indexes: their upkeep would cost more than the batch, and we alone write.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER NOT NULL, point VARCHAR NOT NULL, entity VARCHAR NOT NULL,
    object_type VARCHAR NOT NULL, metric VARCHAR NOT NULL, unit VARCHAR,
    process_area VARCHAR[] NOT NULL, is_setpoint BOOLEAN NOT NULL, phase VARCHAR,
    publisher VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS readings (
    series INTEGER NOT NULL, measured_at BIGINT NOT NULL, received_at BIGINT NOT NULL,
    value DOUBLE, quality INTEGER NOT NULL);
"""

_SERIES: Final[Columns] = [
    ("id", pa.int32()),
    ("point", pa.string()),
    ("entity", pa.string()),
    ("object_type", pa.string()),
    ("metric", pa.string()),
    ("unit", pa.string()),
    ("process_area", pa.list_(pa.string())),
    ("is_setpoint", pa.bool_()),
    ("phase", pa.string()),
    ("publisher", pa.string()),
]
_READINGS: Final[Columns] = [
    ("series", pa.int32()),
    ("measured_at", pa.int64()),
    ("received_at", pa.int64()),
    ("value", pa.float64()),
    ("quality", pa.int32()),
]

# Of several readings at one millisecond the last one stands, as in every store.
_KEPT: Final = """
WITH kept AS (
    SELECT series, measured_at, value, quality,
        value IS NOT NULL AND quality = $good AS good
    FROM readings
    WHERE series IN (SELECT unnest($series)) AND measured_at >= $start AND measured_at < $end
    QUALIFY row_number() OVER (
        PARTITION BY series, measured_at ORDER BY received_at DESC, rowid DESC) = 1)
"""
# Rounding, or a sum past the largest float, must not put a mean outside its own values.
_BUCKETS: Final = (
    _KEPT
    + """
SELECT series, (measured_at - $start) // $width AS bucket,
    min(value) FILTER (good) AS low, max(value) FILTER (good) AS high,
    greatest(low, least(high, avg(value) FILTER (good))),
    arg_max(value, measured_at) FILTER (good), count(*), count(*) FILTER (good)
FROM kept GROUP BY series, bucket ORDER BY series, bucket
"""
)
_SAMPLES: Final = (
    _KEPT
    + """
SELECT series, measured_at, value, quality FROM kept ORDER BY measured_at LIMIT $most
"""
)


class Meaning(NamedTuple):
    """What makes a series: once any of this changes, older values are not to be read with newer."""

    point: PointId
    entity: EntityId
    unit: str | None
    is_setpoint: bool


class Details(NamedTuple):
    """What may change about a series without a new one."""

    process_area: tuple[str, ...]
    phase: str | None
    publisher: str


class Tables:
    """One open history file.

    Bound: what is remembered of the series grows with the points there ever were.

    Raises:
        duckdb.Error: The file cannot be opened, written or read. Not usable after a failed write.
    """

    def __init__(self, file: Path) -> None:
        self._db = duckdb.connect(file, config={"memory_limit": MEMORY})
        self._db.execute(_TABLES)
        self._points: dict[PointId, tuple[Point, int]] = {}
        self._series: dict[Meaning, tuple[int, Details]] = {}
        self._db.execute(
            "SELECT id, point, entity, unit, is_setpoint, process_area, phase, publisher "
            "FROM series"
        )
        for number, *meaning, area, phase, publisher in self._db.fetchall():
            self._series[Meaning(*meaning)] = number, Details(tuple(area), phase, publisher)

    def write(self, rows: Sequence[Row]) -> None:
        """Keep ``rows``, all or none."""
        described: dict[int, Point] = {}
        numbers = [self._number(row.point, described) for row in rows]
        columns = (
            numbers,
            [row.measured_at for row in rows],
            [row.received_at for row in rows],
            [row.value for row in rows],
            [row.quality for row in rows],
        )
        self._db.begin()
        if described:
            self._describe(described)
        self._insert("readings", _table(columns, _READINGS))
        self._db.commit()

    def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of point."""
        with self._db.cursor() as cursor:
            found = cursor.execute(
                "SELECT id, point, unit, process_area, is_setpoint, phase FROM series "
                "WHERE entity = $entity AND metric = $metric ORDER BY point, id",
                {"entity": query.entity, "metric": query.metric},
            ).fetchall()
            given = {
                "series": [number for number, *_ in found],
                "good": GOOD_QUALITY,
                "start": query.start,
                "end": query.end,
            }
            if query.mode is Mode.RAW:
                rows = cursor.execute(_SAMPLES, given | {"most": MOST_SAMPLES + 1}).fetchall()
            else:
                rows = cursor.execute(_BUCKETS, given | {"width": query.bucket_ms}).fetchall()
        return _raw(found, rows) if query.mode is Mode.RAW else _reduced(found, rows, query)

    def close(self) -> None:
        """Close the file; what was not committed is undone."""
        self._db.close()

    def _number(self, point: Point, described: dict[int, Point]) -> int:
        known = self._points.get(point.id)
        if known is not None and known[0] is point:
            return known[1]
        meaning = Meaning(point.id, point.entity, point.unit, point.is_setpoint)
        details = Details(point.process_area, point.phase, point.publisher)
        number, before = self._series.get(meaning, (len(self._series) + 1, None))
        if details != before:
            self._series[meaning] = number, details
            described[number] = point
        self._points[point.id] = point, number
        return number

    def _describe(self, described: dict[int, Point]) -> None:
        points = list(described.values())
        columns = (
            list(described),
            [point.id for point in points],
            [point.entity for point in points],
            [point.object_type for point in points],
            [point.point_type for point in points],
            [point.unit for point in points],
            [point.process_area for point in points],
            [point.is_setpoint for point in points],
            [point.phase for point in points],
            [point.publisher for point in points],
        )
        self._db.execute("DELETE FROM series WHERE id IN (SELECT unnest($1))", [list(described)])
        self._insert("series", _table(columns, _SERIES))

    def _insert(self, table: str, batch: pa.Table) -> None:
        self._db.register("batch", batch)
        self._db.execute(f"INSERT INTO {table} SELECT * FROM batch")  # noqa: S608  # our own names
        self._db.unregister("batch")


def _table(columns: Sequence[Sequence[object]], described: Columns) -> pa.Table:
    arrays = [pa.array(each, kind) for each, (_, kind) in zip(columns, described, strict=True)]
    return pa.Table.from_arrays(arrays, names=[name for name, _ in described])


def _raw(found: list[tuple[Any, ...]], rows: list[tuple[Any, ...]]) -> list[Series]:
    truncated = len(rows) > MOST_SAMPLES
    held: dict[int, list[Sample]] = {}
    for number, *sample in rows[:MOST_SAMPLES]:
        held.setdefault(number, []).append(Sample(*sample))
    return [
        Series(point, unit, tuple(area), is_setpoint, phase, tuple(held[number]), (), truncated)
        for number, point, unit, area, is_setpoint, phase in found
        if number in held
    ]


def _reduced(
    found: list[tuple[Any, ...]], rows: list[tuple[Any, ...]], query: Query
) -> list[Series]:
    held = {
        number: tuple(
            Bucket(query.start + bucket * query.bucket_ms, low, high, mean, last, n, good / n)
            for _, bucket, low, high, mean, last, n, good in group
        )
        for number, group in groupby(rows, itemgetter(0))
    }
    return [
        Series(point, unit, tuple(area), is_setpoint, phase, (), held[number])
        for number, point, unit, area, is_setpoint, phase in found
        if number in held
    ]
