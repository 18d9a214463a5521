"""Cold: older hours in sorted files, the last of every series now and then, and what is too old."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import numpy as np

from services.disk.growing import sync_folder
from services.history import parquet
from services.history.asking import latest_sql
from services.history.look import COLUMNS, File, Look, folder_of
from services.history.tables import HOUR, Tables
from twin.instants import Instant, Millis

LINGER: Final = Millis(2 * HOUR)
"""How long after its beginning an hour stays in the table."""


class Sizes(NamedTuple):
    """How many readings are worth what."""

    least: int = 10_000
    """An hour of fewer stays in the table: it is not worth a file."""
    most: int = 30_000_000
    """In one file."""
    hot: int = 10_000_000
    """With so many more in the table hours go out of it early: a look at one series goes over all
    of them."""
    apart: int = 10_000_000
    """After so many the last reading of every series is kept again, whatever the time is: who asks
    how it was goes over all that came since, 12 million a second."""


SIZES: Final = Sizes()

REWRITTEN: Final = 4
"""What is new of an hour goes into one file with what there was, if that is no more than this many
times as much …"""

FEW: Final = 8
"""… or in so many files."""

SNAPSHOT: Final = Millis(600_000)
"""How far apart the instants are at the most of which the last reading of every series is kept."""

SETTLED: Final = Millis(60_000)
"""How long after an instant its snapshot is made: clocks are set back by less."""

DAY: Final = Millis(24 * HOUR)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keep:
    """How much is kept: whole files; those go first of which the last reading came first.

    When a reading was measured does not count: what is played into the twin of last year is new.
    """

    days: float = 30.0
    gb: float | None = None
    """Of the files and the table together."""


@dataclass(slots=True)
class Tally:
    """What happened to files."""

    exported: int = 0
    """Readings that went into files."""
    dropped: int = 0
    """Readings that were older, or more, than is kept."""
    missing: int = 0
    """Files that were not where they should be."""


class Cold:
    """Tends what is not hot, in one thread beside that of the writes.

    A file is whole, on the disk and under its name before the transaction that names it and takes
    its readings out of the table: whenever that ends, each reading is in one of both. A file that
    nobody names is swept away at the start.

    Raises:
        duckdb.Error: The history cannot be read or written.
        OSError: Its folder cannot.
    """

    def __init__(self, tables: Tables, keep: Keep, tally: Tally, sizes: Sizes = SIZES) -> None:
        self._tables = tables
        self._keep = keep
        self._tally = tally
        self._sizes = sizes
        self._folder = folder_of(tables.file)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._look: Look | None = None
        self.stopped = False
        self._leaving: list[Path] = []
        self._due = -1
        self._counted = tables.written
        self._full = sizes.hot
        self._sweep()

    @property
    def due(self) -> bool:
        """Whether there is anything to do, by when the last reading came."""
        now = self._tables.clock
        if now is None:
            return False
        timely = self._due - 2 * SNAPSHOT <= now < self._due
        return not timely or self._many or self._tables.held >= self._full

    @property
    def _many(self) -> bool:
        """Whether much came since the last reading of every series was kept."""
        return self._tables.written - self._counted >= self._sizes.apart

    def tend(self) -> None:
        """Do what is due."""
        now, full = self._tables.clock, self._tables.held >= self._full
        assert now is not None
        for path in self._leaving:  # whoever still saw it named has long read it
            path.unlink(missing_ok=True)
        self._leaving = []
        instant = (now - SETTLED) // SNAPSHOT * SNAPSHOT
        self._remember(instant)
        if self._many:
            self._counted = self._tables.written
            self._remember(now - SETTLED)
        for hour in sorted(self._tables.hours):
            if full or hour + LINGER <= now:
                self._export(hour)
        self._drop(now)
        self._due = instant + SNAPSHOT + SETTLED
        room = self._tables.held + self._sizes.hot
        self._full = room if full else min(self._full, room)

    def stop(self) -> None:
        """End what is being done, in another thread: it is undone, or it was done."""
        self.stopped = True
        look = self._look
        if look is not None:
            look.stop()

    @contextmanager
    def _looking(self) -> Iterator[Look]:
        with Look(self._tables) as look:
            self._look = look
            if self.stopped:
                raise duckdb.InterruptException("stopped")
            yield look

    def _remember(self, instant: int) -> None:
        """Keep the last reading of every series that was known at an instant."""
        with self._looking() as look:
            if look.ask("FROM snapshots WHERE instant = ?", [instant]):
                return
            rows = latest_sql(look, instant)
            look.ask(
                f"INSERT INTO last SELECT {instant}, * FROM ({rows}) ORDER BY series"  # noqa: S608  # a number
            )
            look.ask("INSERT INTO snapshots VALUES (?)", [instant])
            look.cursor.commit()

    def _export(self, hour: int) -> None:
        """Move an hour out of the table; with its files into new ones where those are not large."""
        with self._looking() as look:
            counted = "SELECT count(*) FROM readings WHERE measured_at >= ? AND measured_at < ?"
            ((rows,),) = look.ask(counted, [hour, hour + HOUR])
            if rows < self._sizes.least:
                return
            there = [file for file in look.files if file.hour == hour]
            worth = sum(file.rows for file in there) <= rows * REWRITTEN
            merged = there if worth or len(there) >= FEW else []
            ranges = list(_ranges(look, look.hour(hour, merged), self._sizes.most))
        for first, last in ranges:
            with self._looking() as look:
                self._move(look, hour, (first, last), merged, ends=last == ranges[-1][1])
        self._leaving += [self._folder / file.name for file in merged]
        self._tables.look_again(hour)

    def _move(
        self, look: Look, hour: int, series: tuple[int, int], merged: list[File], *, ends: bool
    ) -> None:
        """Move some series of an hour into a file of their own."""
        first, last = series
        number = 1 + max((file.number for file in look.files), default=0)
        sources = look.hour(hour, merged)
        path = self._folder / File(number, hour, *[0] * 6).name
        part = path.with_suffix(".part")
        sql = (
            f"SELECT {COLUMNS} FROM ({sources}) WHERE series BETWEEN {first} AND {last}"  # noqa: S608  # numbers
            " ORDER BY series, measured_at, part, place"
        )
        rows, since, upto = parquet.write(part, look.cursor.sql(sql).to_arrow_reader(parquet.BATCH))
        part.replace(path)
        sync_folder(self._folder)
        size = path.stat().st_size
        look.ask(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [number, hour, first, last, since, upto, rows, size],
        )
        ((moved,),) = look.ask(
            "DELETE FROM readings WHERE measured_at >= ? AND measured_at < ?"
            " AND series BETWEEN ? AND ?",
            [hour, hour + HOUR, first, last],
        )
        if ends:
            gone = [file.number for file in merged]
            look.ask("DELETE FROM files WHERE number IN (SELECT unnest($1))", [gone])
        look.cursor.commit()
        self._tables.moved(moved)
        self._tally.exported += moved

    def _drop(self, now: Instant) -> None:
        """Let go of what came longer ago, or is more, than is kept."""
        with self._looking() as look:
            cutoff = now - round(self._keep.days * DAY)
            old = {file.number for file in look.files if file.received_to < cutoff}
            if self._keep.gb is not None:
                old |= _too_many(look.files, self._keep.gb * 1e9 - self._tables.size)
            rows = sum(file.rows for file in look.files if file.number in old)
            if old:
                look.ask("DELETE FROM files WHERE number IN (SELECT unnest($1))", [sorted(old)])
            ((hot,),) = look.ask("DELETE FROM readings WHERE received_at < ?", [cutoff])
            for table in ("last", "snapshots"):
                look.ask(f"DELETE FROM {table} WHERE instant < ?", [cutoff])  # noqa: S608
            look.cursor.commit()
            self._leaving += [self._folder / file.name for file in look.files if file.number in old]
        self._tables.moved(hot)
        if rows + hot:
            _log.info("%d readings dropped: older, or more, than is kept", rows + hot)
        self._tally.dropped += rows + hot

    def _sweep(self) -> None:
        """Away with the files that nobody names: their readings are elsewhere, or were let go."""
        with self._looking() as look:
            named = {file.name for file in look.files}
        for path in sorted(self._folder.glob("*.part")):
            path.unlink()
        for path in sorted(self._folder.glob("*.parquet")):
            if path.name not in named:
                _log.info("%s: swept away, it was not named yet or no more", path)
                path.unlink()


def _ranges(look: Look, sources: str, most: int) -> Iterator[tuple[int, int]]:
    """First and last series of each file that ``sources`` are to be put in."""
    counted = f"SELECT series, count(*) FROM ({sources}) GROUP BY series ORDER BY series"  # noqa: S608
    series, rows = np.array(look.ask(counted)).T
    part = (np.cumsum(rows) - 1) // most
    for number in np.unique(part):
        yield int(series[part == number][0]), int(series[part == number][-1])


def _too_many(files: Sequence[File], room: float) -> set[int]:
    """The oldest of ``files``, without which the others have room."""
    size, gone = sum(file.bytes for file in files), set[int]()
    for file in sorted(files, key=lambda file: (file.received_to, file.hour)):
        if size <= room:
            break
        size -= file.bytes
        gone.add(file.number)
    return gone
