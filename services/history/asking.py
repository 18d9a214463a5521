"""Asking: what a look at the tables and files has to say, by SQL."""

from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.history import MOST_SAMPLES, Bucket, Mode, Query, Sample, Series
from services.history.block import Block
from services.history.look import COLUMNS, Look
from twin.instants import Instant
from twin.points import GOOD_QUALITY

_Facts = tuple[Any, ...]

_SERIES: Final = """
SELECT id, entity, metric, object_type, point, unit, process_area, is_setpoint, phase FROM series
WHERE metric IN (SELECT unnest($metrics)) AND ($every OR entity IN (SELECT unnest($entities)))
ORDER BY entity, metric, point, id
"""

_SAMPLES: Final = """
SELECT series, measured_at, value, quality, coalesce(text, '') FROM ({rows})
ORDER BY measured_at, series LIMIT {most}
"""

# Rounding, or a sum past the largest float, must not put a mean outside its own values.
_BUCKETS: Final = """
SELECT series, (measured_at - {start}) // {width} AS bucket,
    min(value) FILTER (good) AS low, max(value) FILTER (good) AS high,
    greatest(low, least(high, avg(value) FILTER (good))),
    arg_max(value, measured_at) FILTER (good), count(*), count(*) FILTER (good)
FROM (SELECT *, value IS NOT NULL AND quality = {good} AS good FROM ({rows}))
GROUP BY series, bucket ORDER BY series, bucket
"""

# First only the time of the last reading: the whole of it is looked up for one of many.
# To look twice takes half as long as to hold in memory all that came since the snapshot; but not in
# files, of which few readings are of that span, and all are gone over.
_LATEST: Final = """
WITH cold AS MATERIALIZED ({cold}),
came AS NOT MATERIALIZED ({hot} UNION ALL FROM cold),
ends AS (SELECT series AS which, max(measured_at) AS ended FROM came GROUP BY series)
SELECT {columns} FROM came JOIN ends ON series = which AND measured_at = ended
QUALIFY row_number() OVER (PARTITION BY series ORDER BY part DESC, place DESC) = 1
"""


def series_of(look: Look, query: Query) -> list[_Facts]:
    """Number and facts of each series that may hold what is asked, in the order of the answer."""
    given = {
        "metrics": query.metrics,
        "every": not query.entities,
        "entities": query.entities,
    }
    return look.ask(_SERIES, given)


def read(look: Look, query: Query) -> list[Series]:
    """The series that hold anything in the range, in order of entity, metric and point."""
    found = series_of(look, query)
    if not found or query.start >= query.end:
        return []
    rows = look.rows(sorted(number for number, *_ in found), query.start, query.end)
    if query.mode is Mode.RAW:
        sql = _SAMPLES.format(rows=rows, most=MOST_SAMPLES + 1)
        return _raw(found, look.ask(sql))
    sql = _BUCKETS.format(rows=rows, start=query.start, width=query.bucket_ms, good=GOOD_QUALITY)
    return _reduced(found, look.ask(sql), query)


def latest_sql(look: Look, at: int) -> str:
    """SQL of the last reading of every series that was known at an instant."""
    said = "SELECT coalesce(max(instant), -1) FROM snapshots WHERE instant <= ?"
    ((snapshot,),) = look.ask(said, [at])
    before = f"SELECT {COLUMNS}, -1 AS part, 0 AS place FROM last WHERE instant = {snapshot}"  # noqa: S608  # a number
    hot, cold = look.received(snapshot, at)
    return _LATEST.format(hot=f"{before} UNION ALL {hot}", cold=cold, columns=COLUMNS)


def latest(look: Look, at: Instant) -> Block:
    """The last reading of every series that was known at an instant, in order of receipt."""
    sql = f"{latest_sql(look, at)} ORDER BY received_at, part, place"
    found = look.cursor.sql(sql).to_arrow_table()
    series, point = np.unique(_numbers(found, "series"), return_inverse=True)
    texts = found.column("text").to_pylist() if found.column("text").null_count < len(found) else ()
    return Block(
        0,
        tuple(look.register.points[number] for number in series.tolist()),
        point.astype(np.int32),
        found.column("value").cast(pa.float64()).fill_null(np.nan).to_numpy(),
        _numbers(found, "quality"),
        _numbers(found, "measured_at"),
        _numbers(found, "received_at"),
        {row: text for row, text in enumerate(texts) if text},
    )


def _numbers(table: pa.Table, column: str) -> NDArray[Any]:
    return table.column(column).to_numpy()


def _raw(found: list[_Facts], rows: list[_Facts]) -> list[Series]:
    truncated = len(rows) > MOST_SAMPLES
    held: dict[int, list[Sample]] = {}
    for number, *sample in rows[:MOST_SAMPLES]:
        held.setdefault(number, []).append(Sample(*sample))
    return [
        _series(facts, samples=tuple(held[number]), truncated=truncated)
        for number, *facts in found
        if number in held
    ]


def _reduced(found: list[_Facts], rows: list[_Facts], query: Query) -> list[Series]:
    held = {
        number: tuple(
            Bucket(query.start + bucket * query.bucket_ms, low, high, mean, last, n, good / n)
            for _, bucket, low, high, mean, last, n, good in group
        )
        for number, group in groupby(rows, itemgetter(0))
    }
    return [_series(facts, buckets=held[number]) for number, *facts in found if number in held]


def _series(
    facts: list[Any],
    samples: tuple[Sample, ...] = (),
    buckets: tuple[Bucket, ...] = (),
    *,
    truncated: bool = False,
) -> Series:
    entity, metric, object_type, point, unit, area, is_setpoint, phase = facts
    return Series(
        entity,
        metric,
        object_type,
        point,
        unit,
        tuple(area),
        is_setpoint,
        phase,
        samples,
        buckets,
        truncated,
    )
