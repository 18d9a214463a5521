"""The tables of the embedded history: one DuckDB file, written a block at a time.

Everything here is synchronous: ``services.history.duck`` keeps it off the loop.
"""

import threading
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.history.block import Block
from services.history.series import Register
from twin.instants import Instant, Millis

MEMORY: Final = "1GB"
"""What DuckDB may take; past that it spills beside the file.

How much log gathers before it is put into the file stays its own 16 MB: at 64 MB a reading cost two
fifths less, but a day's chart took 350 ms in place of 230.
"""

HOUR: Final = Millis(3_600_000)
"""Older readings are kept in files of so much."""

# Without keys or indexes: their upkeep would cost more than the batch, and we alone write.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER NOT NULL, point VARCHAR NOT NULL, entity VARCHAR NOT NULL,
    object_type VARCHAR NOT NULL, metric VARCHAR NOT NULL, unit VARCHAR,
    process_area VARCHAR[] NOT NULL, is_setpoint BOOLEAN NOT NULL, phase VARCHAR,
    publisher VARCHAR NOT NULL, described VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS readings (
    series INTEGER NOT NULL, measured_at BIGINT NOT NULL, received_at BIGINT NOT NULL,
    value DOUBLE, quality INTEGER NOT NULL, text VARCHAR);
CREATE TABLE IF NOT EXISTS places (spool VARCHAR NOT NULL, upto BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    number INTEGER NOT NULL, hour BIGINT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    received_from BIGINT NOT NULL, received_to BIGINT NOT NULL, rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (instant BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS last (
    instant BIGINT NOT NULL, series INTEGER NOT NULL, measured_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL, value DOUBLE, quality INTEGER NOT NULL, text VARCHAR);
"""


class Tables:
    """One open history file.

    ``hours`` are those of which the table ``readings`` holds any, and perhaps some of which it no
    longer does; ``held`` is how many readings it holds; ``written`` is how many were written since
    it was opened; ``clock`` is when the last reading came, None before there is any.

    Raises:
        duckdb.Error: The file cannot be opened, written or read. Not usable after a failed write.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.db = duckdb.connect(file, config={"memory_limit": MEMORY})
        try:
            self._load()
        except duckdb.Error:
            self.db.close()
            raise

    def _load(self) -> None:
        self.db.execute(_TABLES)
        self.register = Register(self.db.execute("SELECT id, described FROM series").fetchall())
        self._places: dict[str, int] = dict(self.db.execute("FROM places").fetchall())
        hours = "SELECT DISTINCT CAST(floor(measured_at / ?) AS BIGINT) FROM readings"
        self.hours = frozenset(hour * HOUR for (hour,) in self.db.execute(hours, [HOUR]).fetchall())
        self.written = 0
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        ((self.held,),) = self.db.execute("SELECT count(*) FROM readings").fetchall()
        ((latest,),) = self.db.execute(
            "SELECT max(latest) FROM (SELECT max(received_at) AS latest FROM readings"
            " UNION ALL SELECT max(received_to) FROM files)"
        ).fetchall()
        self.clock: Instant | None = latest

    def upto(self, spool: str) -> int:
        """Number of the first row of that spool which is not here."""
        return self._places.get(spool, 0)

    def write(self, spool: str, block: Block) -> None:
        """Keep what of ``block`` is not here yet, all or none, and how far its spool has come."""
        skipped = max(0, self.upto(spool) - block.first)
        if skipped >= block.rows:
            return
        numbers, anew = self.register.number(block.points, block.enrolled)
        rows = _columns(block, numbers, skipped)
        with self._lock:
            self._note(block.measured_at[skipped:])
            self.db.begin()
            if anew:
                self.db.execute("DELETE FROM series WHERE id IN (SELECT unnest($1))", [anew])
                self._insert("series", self.register.columns(anew))
            self._insert("readings", rows)
            if spool in self._places:
                self.db.execute("UPDATE places SET upto = ? WHERE spool = ?", [block.upto, spool])
            else:
                self.db.execute("INSERT INTO places VALUES (?, ?)", [spool, block.upto])
            self.db.commit()
        self._places[spool] = block.upto
        self.moved(skipped - block.rows)
        self.written += block.rows - skipped
        self.clock = Instant(int(block.received_at[-1]))

    def moved(self, rows: int) -> None:
        """Count out what left the table ``readings``, in whatever thread."""
        with self._counting:
            self.held -= rows

    @property
    def size(self) -> int:
        """Bytes of the file, and of what is not yet in it."""
        files = (self.file, self.file.with_name(f"{self.file.name}.wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def look_again(self, hour: int) -> None:
        """Look whether any reading of ``hour`` is still in the table, for it was moved away."""
        with self._lock, self.db.cursor() as cursor:
            held = cursor.execute(
                "SELECT 1 FROM readings WHERE measured_at >= ? AND measured_at < ? LIMIT 1",
                [hour, hour + HOUR],
            ).fetchall()
            if not held:
                self.hours -= {hour}

    def close(self) -> None:
        """Close the file; what was not committed is undone."""
        self.db.close()

    def _note(self, measured_at: NDArray[np.int64]) -> None:
        """Before they are in: who reads must not miss that an hour has readings in the table."""
        hours = frozenset((np.unique(measured_at // HOUR) * HOUR).tolist())
        if not hours <= self.hours:
            self.hours |= hours

    def _insert(self, table: str, batch: pa.Table) -> None:
        self.db.register("batch", batch)
        self.db.execute(f"INSERT INTO {table} SELECT * FROM batch")  # noqa: S608  # our own names
        self.db.unregister("batch")


def _columns(block: Block, numbers: NDArray[np.int32], skipped: int) -> pa.Table:
    """The rows of ``block`` behind the first ``skipped``, in the table ``readings``."""
    value = block.value[skipped:]
    texts: pa.Array[Any] = pa.nulls(len(value), pa.string())
    if block.texts:
        texts = pa.array([block.texts.get(row) for row in range(skipped, block.rows)], pa.string())
    return pa.table(
        {
            "series": numbers[block.point[skipped:]],
            "measured_at": block.measured_at[skipped:],
            "received_at": block.received_at[skipped:],
            "value": pa.array(value, mask=np.isnan(value)),
            "quality": block.quality[skipped:],
            "text": texts,
        }
    )
