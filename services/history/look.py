"""Looks: all that there is at one instant, in the hot table and in the files of older hours.

What is put into SQL here are numbers, and paths of our own.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby, pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import duckdb

from services.history.tables import HOUR, Tables

COLUMNS: Final = "series, measured_at, received_at, value, quality, text"

HOT: Final = 2**31 - 1
"""In place of the number of a file: what is in the table was written last."""


class File(NamedTuple):
    """Readings of one hour, by series and time, each once; never changed."""

    number: int
    """Of several files of an hour, the one of the highest number was written last."""
    hour: int
    first: int
    """The lowest series in it …"""
    last: int
    """… and the highest."""
    received_from: int
    received_to: int
    rows: int
    bytes: int

    @property
    def name(self) -> str:
        """As it is called in its folder."""
        return f"{self.hour // HOUR}-{self.number}.parquet"


def folder_of(file: Path) -> Path:
    """Where the files of the history in ``file`` lie."""
    return file.with_suffix("")


class Look:
    """One look at everything that there is at one instant; to be used in one thread.

    Raises:
        duckdb.Error: It cannot be read.
    """

    def __init__(self, tables: Tables) -> None:
        self.register = tables.register
        self.cursor = tables.db.cursor()
        self.missing: list[Path] = []
        self._folder = folder_of(tables.file)
        before = tables.hours
        self.cursor.begin()
        self.files = [File(*row) for row in self.ask("FROM files ORDER BY hour, number")]
        self.hot = before | tables.hours
        """What leaves the table meanwhile was there before, and what comes is there now."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cursor.close()

    def stop(self) -> None:
        """End what is asked, from another thread; nothing where nothing is."""
        with suppress(duckdb.Error):
            self.cursor.interrupt()

    def ask(self, sql: str, given: object = None) -> list[tuple[Any, ...]]:
        """All that ``sql`` says."""
        return self.cursor.execute(sql, given).fetchall()

    @property
    def present(self) -> list[File]:
        """All files that are there."""
        return self._there(self.files)

    def rows(self, series: Sequence[int] | None, start: int, end: int) -> str:
        """SQL of all readings of these series, or of all, in a range of source time, each once.

        Args:
            series: In order.
            start: The first millisecond.
            end: The one behind the last.
        """
        which = _which(series, start, end)
        plain: list[File] = []
        mixed: list[File] = []
        near = (file for file in self.files if start < file.hour + HOUR and file.hour < end)
        wanted = [file for file in self._there(near) if series is None or _any(file, series)]
        for hour, group in groupby(wanted, lambda file: file.hour):
            files = sorted(group, key=lambda file: file.first)
            alone = hour not in self.hot and not _overlap(files)
            (plain if alone else mixed).extend(files)
        parts = [f"SELECT {COLUMNS} FROM readings WHERE false"]  # noqa: S608
        if plain:
            parts.append(f"SELECT {COLUMNS} FROM {self._parquet(plain)} WHERE {which}")  # noqa: S608
        if mixed or any(start < hour + HOUR and hour < end for hour in self.hot):
            parts.append(_last_written(self._sources(mixed, which)))
        return " UNION ALL ".join(parts)

    def received(self, since: int, upto: int) -> tuple[str, str]:
        """SQL of what was received after ``since`` and not after ``upto``, as ``_sources``.

        First of what is in the table, then of what is in files, all of whose rows are gone over.
        """
        near = (
            file for file in self.files if file.received_from <= upto and file.received_to > since
        )
        which = f"received_at > {since} AND received_at <= {upto}"
        cold = self._cold(self._there(near), which)
        return _hot(which), " UNION ALL ".join([_hot("false"), *cold])

    def hour(self, hour: int, files: Sequence[File]) -> str:
        """SQL of all that the table holds of an hour, and that is in these files of it."""
        return self._sources(files, _which(None, hour, hour + HOUR))

    def _sources(self, files: Iterable[File], which: str) -> str:
        """SQL of readings; of those at one millisecond the highest ``part``, ``place`` stands."""
        return " UNION ALL ".join([_hot(which), *self._cold(files, which)])

    def _cold(self, files: Iterable[File], which: str) -> Iterator[str]:
        for file in files:
            yield f"SELECT {COLUMNS}, {file.number}, 0 FROM {self._parquet([file])} WHERE {which}"  # noqa: S608

    def _there(self, files: Iterable[File]) -> list[File]:
        """Those that are there; what is not is noted, and the others still answer."""
        found = []
        for file in files:
            path = self._folder / file.name
            if path.exists():
                found.append(file)
            else:
                self.missing.append(path)
        return found

    def _parquet(self, files: Sequence[File]) -> str:
        paths = (str(self._folder / file.name).replace("'", "''") for file in files)
        return "read_parquet([" + ", ".join(f"'{path}'" for path in paths) + "])"


def _hot(which: str) -> str:
    return f"SELECT {COLUMNS}, {HOT} AS part, rowid AS place FROM readings WHERE {which}"  # noqa: S608


def _last_written(sources: str) -> str:
    return (
        f"SELECT {COLUMNS} FROM ({sources}) QUALIFY row_number() OVER"  # noqa: S608
        " (PARTITION BY series, measured_at ORDER BY part DESC, place DESC) = 1"
    )


def _which(series: Sequence[int] | None, start: int, end: int) -> str:
    """Written out, for only so are the parts of a file that hold none of it left alone."""
    time = f"measured_at >= {start} AND measured_at < {end}"
    if series is None:
        return time
    listed = ", ".join(map(str, series))
    return f"series BETWEEN {series[0]} AND {series[-1]} AND series IN ({listed}) AND {time}"


def _any(file: File, series: Sequence[int]) -> bool:
    """Whether any of ``series``, in order, may be in ``file``."""
    place = bisect_left(series, file.first)
    return place < len(series) and series[place] <= file.last


def _overlap(files: Sequence[File]) -> bool:
    """Whether any series may be in two of ``files``, in order of their first."""
    return any(after.first <= before.last for before, after in pairwise(files))
