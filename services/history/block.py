"""Blocks: rows in columns, as they are spooled and as a store takes them."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.numbered import Enrolled
from services.history.roll import Roll
from twin.changes import ReadingTaken
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
_BOTH: Final = len(_COLUMNS)  # fields that a row and a reading that was taken begin with
_ZSTD: Final = "zstd"

_ROWS: Final = 2_000
_POINTS: Final = 1_000
"""At a time: others have to wait meanwhile, and what is small is quickly made room for."""


class _Named(msgspec.Struct):
    """As much of a point as it takes to name it."""

    id: PointId


_facts: Final = msgspec.json.Decoder(tuple[tuple[Point, ...], dict[int, str]])
_names: Final = msgspec.json.Decoder(tuple[tuple[_Named, ...], msgspec.Raw])
_whose: Final = itemgetter(0)


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


Kept = Row | ReadingTaken
"""A reading is kept as it was told of: what both begin with is the same."""


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
    enrolled: Enrolled[Roll] | None = None
    """The same points, where they are numbered for as long as a process lasts."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.point)

    @property
    def upto(self) -> int:
        """Number of the row behind its last."""
        return self.first + len(self.point)


def block_of(rows: Sequence[Kept], first: int, roll: Roll | None = None) -> Block:
    """Rows as a block; some at a time, so that other threads may run in between."""
    starts = range(0, max(1, len(rows)), _ROWS)
    parts = zip(*(_columns(rows[start : start + _ROWS]) for start in starts), strict=True)
    addresses, value, quality, measured_at, received_at = map(np.concatenate, parts)
    places, point = _numbered(addresses)
    points = tuple(map(_whose, map(rows.__getitem__, places.tolist())))
    texts = {place: row.text for place, row in enumerate(rows) if type(row) is Row and row.text}
    known = None if roll is None else Enrolled(roll, roll.numbers(addresses[places], points))
    return Block(first, points, point, value, quality, measured_at, received_at, texts, known)


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
    listed = b",".join(_points_of(block, slice(start, start + _POINTS)) for start in starts)
    return b"[[%b],%b]" % (listed, msgspec.json.encode(block.texts))


def _points_of(block: Block, places: slice) -> bytes:
    """Some of the points as JSON, without the brackets of their list."""
    points = block.points[places]
    if block.enrolled is None:
        return msgspec.json.encode(points)[1:-1]
    roll, numbers = block.enrolled
    return b",".join(roll.texts(numbers[places], points))


def _columns(rows: Sequence[Kept]) -> tuple[NDArray[Any], ...]:
    """Rows in columns, without their texts; of their points what they are in memory."""
    columns: list[Any] = list(zip(*rows, strict=False))[:_BOTH] or [()] * _BOTH
    whose, value, quality, measured_at, received_at = columns
    return (
        np.fromiter(map(id, whose), np.int64, len(whose)),
        np.array(value, np.float64),  # None becomes NaN
        np.array(quality, np.int32),
        np.array(measured_at, np.int64),
        np.array(received_at, np.int64),
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
