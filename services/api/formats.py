"""Formats: a table as JSON, CSV, an Arrow stream or Parquet, in parts."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.history_table import Row
from schemas.history_views import parted
from schemas.rfc3339 import format_instant


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


MEDIA: Final = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.ARROW: "application/vnd.apache.arrow.stream",
    Format.PARQUET: "application/vnd.apache.parquet",
}
"""Sources: RFC 8259, RFC 4180, and IANA's registrations of the Arrow stream and of Parquet."""

ENDING: Final = {Format.CSV: "csv", Format.ARROW: "arrows", Format.PARQUET: "parquet"}
"""Of a file that is to be saved."""

_KINDS: Final[dict[str, pa.DataType]] = {
    "time": pa.timestamp("ms", "UTC"),
    "is_setpoint": pa.bool_(),
    "n": pa.int64(),
    **dict.fromkeys(("value", "min", "max", "mean", "last", "good"), pa.float64()),
}
"""Of the columns that are no texts."""


def encoded(form: Format, names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """A table; the work is done as its parts are taken.

    In texts the time is RFC 3339, for Arrow and Parquet it is a timestamp.
    """
    if form is Format.JSON:
        return _json(names, rows)
    if form is Format.CSV:
        return _csv(names, rows)
    return _columns(form, names, rows)


def _json(names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    between = b"["
    for some in parted(rows):
        documents = [dict(zip(names, _dated(row), strict=True)) for row in some]
        yield between + msgspec.json.encode(documents)[1:-1]
        between = b","
    yield b"[]" if between == b"[" else b"]"


def _csv(names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    for some in parted(rows):
        writer.writerows(map(_spelt, some))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _dated(row: Row) -> Row:
    return format_instant(row[0]), *row[1:]


def _spelt(row: Row) -> list[object]:
    return [str(cell).lower() if isinstance(cell, bool) else cell for cell in _dated(row)]


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...


def _columns(form: Format, names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    schema = pa.schema([(name, _KINDS.get(name, pa.string())) for name in names])
    taken = _Taken()
    with _writer(form, pa.PythonFile(taken, "w"), schema) as out:
        for some in parted(rows):
            columns = zip(*some, strict=True)
            arrays = [
                pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)
            ]
            out.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            yield taken.take()
    yield taken.take()


def _writer(
    form: Format, file: pa.NativeFile, schema: pa.Schema
) -> AbstractContextManager[_Writer]:
    if form is Format.PARQUET:
        return pq.ParquetWriter(file, schema, compression="zstd")
    return pa.ipc.new_stream(file, schema)


class _Taken(io.RawIOBase):
    """A file from whose end is taken what was written.

    Bound: what is written of one part.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:  # noqa: ANN401  # whatever has bytes
        self._held.append(bytes(data))
        self._size += len(self._held[-1])
        return len(self._held[-1])

    def take(self) -> bytes:
        """What was written since the last time."""
        held, self._held = b"".join(self._held), []
        return held
