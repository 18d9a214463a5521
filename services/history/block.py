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
    """Rows as a block."""
    columns = list(zip(*rows, strict=True)) or [()] * len(Row._fields)
    whose, value, quality, measured_at, received_at, texts = columns
    points, point = _numbered(whose)
    return Block(
        first,
        points,
        np.array(point, np.int32),
        np.array(value, np.float64),  # None becomes NaN
        np.array(quality, np.int32),
        np.array(measured_at, np.int64),
        np.array(received_at, np.int64),
        {row: text for row, text in enumerate(texts) if text} if any(texts) else {},
    )


def encode(block: Block) -> bytes:
    """A block as an Arrow IPC stream of one batch, with points and texts in its metadata, zstd."""
    facts = msgspec.json.encode((block.points, block.texts))
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


def _numbered(whose: Sequence[Point]) -> tuple[tuple[Point, ...], list[int]]:
    """The points that there are, and the place of each one's among them.

    By what they are in memory: to compare them by value would cost more than all the rest.
    """
    ids = list(map(id, whose))
    each = dict(zip(ids, whose, strict=True))
    place = {identity: number for number, identity in enumerate(each)}
    return tuple(each.values()), [place[identity] for identity in ids]


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
