"""Parquet: files of readings in order of series and time, each once."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.instants import NEVER

GROUP: Final = 122_880
"""Readings in one group of a file, the least that is read of it: 34 series of one a second. Each
costs when a file is opened: with half as many a day's chart took a third longer."""

BATCH: Final = 8 * GROUP
"""Readings in memory at a time, while a file is written."""

_FIELDS: Final["list[pa.Field[Any]]"] = [
    pa.field("series", pa.int32(), nullable=False),
    pa.field("measured_at", pa.int64(), nullable=False),
    pa.field("received_at", pa.int64(), nullable=False),
    pa.field("value", pa.float64()),
    pa.field("quality", pa.int32(), nullable=False),
    pa.field("text", pa.string()),
]
SCHEMA: Final = pa.schema(_FIELDS)

_REPEATED: Final[Any] = ["value", "quality", "text"]
_DELTAS: Final = dict.fromkeys(("series", "measured_at", "received_at"), "DELTA_BINARY_PACKED")


def write(path: Path, batches: Iterable[pa.RecordBatch]) -> tuple[int, int, int]:
    """Write a file that outlasts a loss of power; of several readings at one millisecond the last.

    Args:
        path: Where to.
        batches: Readings in order of series, time and writing; what follows ``SCHEMA`` is left out.

    Returns:
        How many there are, and when the first and the last of them were received.

    Raises:
        OSError: It cannot be written.
    """
    rows, since, upto = 0, int(NEVER), 0
    with path.open("wb") as file:
        with pq.ParquetWriter(
            file,
            SCHEMA,
            compression="zstd",
            use_dictionary=_REPEATED,
            column_encoding=_DELTAS,
        ) as out:
            for batch in once(batches):
                received = batch.column("received_at").to_numpy()
                rows += len(batch)
                since, upto = min(since, int(received.min())), max(upto, int(received.max()))
                out.write_batch(batch, GROUP)
        file.flush()
        os.fsync(file.fileno())
    return rows, since, upto


def once(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Of several readings of a series at one millisecond, which follow each other, the last."""
    held: pa.RecordBatch | None = None
    for batch in batches:
        known = pa.RecordBatch.from_arrays(batch.columns[: len(SCHEMA)], schema=SCHEMA)
        if held is not None:
            (known,) = pa.Table.from_batches([held, known]).combine_chunks().to_batches()
        if len(known):
            ended = known[:-1].filter(_ends(known))
            held = known[-1:]
            if len(ended):
                yield ended
    if held is not None:
        yield held


def _ends(batch: pa.RecordBatch) -> "pa.BooleanArray":
    """Of each reading but the last, whether the next one is another."""
    series, measured_at = (batch.column(name).to_numpy() for name in ("series", "measured_at"))
    ends: pa.BooleanArray = pa.array((np.diff(series) != 0) | (np.diff(measured_at) != 0))
    return ends
