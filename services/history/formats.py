"""Formats: readings with their names into a file, hour by hour."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from schemas.history import Query
from services.history.asking import series_of
from services.history.look import Look
from services.history.tables import HOUR, Tables

Format = Literal["parquet", "csv", "arrow"]


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...


_BATCH: Final = 100_000

_TIME: Final = pa.timestamp("ms", "UTC")
_FIELDS: Final["list[pa.Field[Any]]"] = [
    pa.field("time", _TIME),
    pa.field("entity", pa.string()),
    pa.field("metric", pa.string()),
    pa.field("object_type", pa.string()),
    pa.field("point", pa.string()),
    pa.field("unit", pa.string()),
    pa.field("value", pa.float64()),
    pa.field("quality", pa.int32()),
    pa.field("received_at", _TIME),
    pa.field("text", pa.string()),
]
SCHEMA: Final = pa.schema(_FIELDS)

_NAMED: Final = """
SELECT epoch_ms(measured_at) AS time, entity, metric, object_type, point, unit, value, quality,
    epoch_ms(received_at) AS received_at, text
FROM ({rows}) JOIN series ON series = id ORDER BY entity, metric, point, measured_at
"""


def export(tables: Tables, query: Query, path: Path, form: Format) -> int:
    """Write every reading in the range, in order of hour, entity, metric, point and time.

    Returns:
        How many.

    Raises:
        OSError: The file cannot be written.
        duckdb.Error: The history cannot be read.
    """
    rows = 0
    with path.open("wb") as file, _writer(file, form) as out:
        for batch in _batches(tables, query):
            rows += len(batch)
            out.write_batch(batch)
    return rows


def _writer(file: BufferedWriter, form: Format) -> AbstractContextManager[_Writer]:
    if form == "parquet":
        return pq.ParquetWriter(file, SCHEMA, compression="zstd")
    if form == "csv":
        return pyarrow.csv.CSVWriter(file, SCHEMA)
    return pa.ipc.new_file(file, SCHEMA)


def _batches(tables: Tables, query: Query) -> Iterator[pa.RecordBatch]:
    with Look(tables) as look:
        series = sorted(number for number, *_ in series_of(look, query))
        hours = sorted({*look.hot, *(file.hour for file in look.files)})
    for hour in hours if series else ():
        start, end = max(hour, query.start), min(hour + HOUR, query.end)
        if start < end:
            with Look(tables) as look:
                sql = _NAMED.format(rows=look.rows(series, start, end))
                for batch in look.cursor.sql(sql).to_arrow_reader(_BATCH):
                    yield batch.cast(SCHEMA)
