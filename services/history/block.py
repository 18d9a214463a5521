"""Blocks: rows in columns, as they are spooled and as a store takes them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.instants import Instant
from twin.points import Point, PointId

_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("point", pa.int32()),
    ("value", pa.float64()),
    ("quality", pa.int32()),
    ("measured_at", pa.int64()),
    ("received_at", pa.int64()),
]
_SCHEMA: Final = pa.schema(_COLUMNS)
_ZSTD: Final = "zstd"

_ROWS: Final = 2_000
_POINTS: Final = 200
"""At a time: others have to wait meanwhile, and what is small is quickly made room for."""


class _Named(msgspec.Struct):
    """As much of a point as it takes to name it."""

    id: PointId


_facts: Final = msgspec.json.Decoder(tuple[tuple[Point, ...], dict[int, str]])
_names: Final = msgspec.json.Decoder(tuple[tuple[_Named, ...], msgspec.Raw])


class Row(NamedTuple):
    """One reading to be kept, with the point as it was described when the reading came.

    Or a number of the twin's own, measured and received at the instant of which it speaks.
    """

    point: Point
    value: float | None
    quality: int
    """Fits in 32 bits."""
    measured_at: Instant
    received_at: Instant
    text: str = ""
    """What a number cannot say: the document of a fault."""


class Block(NamedTuple):
    """Rows in columns. Immutable: nobody writes into its arrays."""

    first: int
    """Number of its first row: rows of one spool are numbered without a gap."""
    points: tuple[Point, ...]
    """Each once, as it was when its rows came."""
    point: NDArray[np.int32]
    """Place in ``points``; shape ``(rows,)`` as all that follow."""
    value: NDArray[np.float64]
    """NaN where there is none: a reading is never NaN."""
    quality: NDArray[np.int32]
    measured_at: NDArray[np.int64]
    """Milliseconds since 1970."""
    received_at: NDArray[np.int64]
    texts: Mapping[int, str]
    """By row, of those that have one."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.point)

    @property
    def upto(self) -> int:
        """Number of the row behind its last."""
        return self.first + len(self.point)


def block_of(rows: Sequence[Row], first: int) -> Block:
    """Rows as a block; some at a time, so that other threads may run in between."""
    starts = range(0, max(1, len(rows)), _ROWS)
    parts = zip(*(_columns(rows[start : start + _ROWS]) for start in starts), strict=True)
    ids, value, quality, measured_at, received_at, have_text = map(np.concatenate, parts)
    places, point = _numbered(ids)
    return Block(
        first,
        tuple(rows[place].point for place in places.tolist()),
        point,
        value,
        quality,
        measured_at,
        received_at,
        {row: rows[row].text for row in have_text.nonzero()[0].tolist()},
    )


def encode(block: Block) -> bytes:
    """A block as an Arrow IPC stream of one batch, with points and texts in its metadata, zstd."""
    facts = _facts_of(block)
    schema = _SCHEMA.with_metadata(
        {
            "first": str(block.first),
            "facts": pa.compress(facts, codec=_ZSTD, asbytes=True),
            "facts_size": str(len(facts)),
        }
    )
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=_ZSTD)
    with pa.ipc.new_stream(sink, schema, options=options) as out:
        columns = [pa.array(getattr(block, name)) for name in _SCHEMA.names]
        out.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return sink.getvalue().to_pybytes()


def decode(data: bytes) -> Block:
    """The block that ``encode`` made bytes of."""
    table, meta = _read(data)
    points, texts = _facts.decode(_unpacked(meta))
    point, value, quality, measured_at, received_at = map(_array, table.columns)
    first = int(meta[b"first"])
    return Block(first, points, point, value, quality, measured_at, received_at, texts)


def tally(data: bytes) -> dict[PointId, int]:
    """How many rows each point has in what ``encode`` made; cheaper than the block itself."""
    table, meta = _read(data)
    points, _ = _names.decode(_unpacked(meta))
    counts = np.bincount(_array(table.column("point")), minlength=len(points)).tolist()
    return {each.id: count for each, count in zip(points, counts, strict=True)}


def _facts_of(block: Block) -> bytes:
    """Points and texts as JSON, what ``_facts`` reads."""
    starts = range(0, len(block.points), _POINTS)
    points = (block.points[start : start + _POINTS] for start in starts)
    listed = b",".join(msgspec.json.encode(some)[1:-1] for some in points)
    return b"[[%b],%b]" % (listed, msgspec.json.encode(block.texts))


def _columns(rows: Sequence[Row]) -> tuple[NDArray[Any], ...]:
    """Rows in columns; of their points what they are in memory, of their texts whether any is."""
    columns = list(zip(*rows, strict=True)) or [()] * len(Row._fields)
    whose, value, quality, measured_at, received_at, texts = columns
    return (
        np.fromiter(map(id, whose), np.int64, len(whose)),
        np.array(value, np.float64),  # None becomes NaN
        np.array(quality, np.int32),
        np.array(measured_at, np.int64),
        np.array(received_at, np.int64),
        np.fromiter(map(bool, texts), np.bool_, len(texts)),
    )


def _numbered(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where each point is met first, and the place of each row's among them.

    By what they are in memory: to compare them by value would cost more than all the rest.
    """
    numbered: Any = pa.array(ids).dictionary_encode()
    point = _array(numbered.indices)
    places = np.empty(len(numbered.dictionary), np.int64)
    places[point[::-1]] = np.arange(len(ids) - 1, -1, -1)  # of several the first is set last
    return places, point


def _read(data: bytes) -> tuple[pa.Table, Mapping[bytes, bytes]]:
    with pa.ipc.open_stream(data) as reader:
        table = reader.read_all()
    return table, table.schema.metadata


def _unpacked(meta: Mapping[bytes, bytes]) -> bytes:
    size = int(meta[b"facts_size"])
    unpacked: bytes = pa.decompress(meta[b"facts"], size, codec=_ZSTD, asbytes=True)
    return unpacked


def _array(column: Any) -> Any:  # noqa: ANN401  # Arrow's types say nothing of what is inside
    return column.to_numpy()
