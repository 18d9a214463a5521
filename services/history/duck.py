"""The embedded store: DuckDB in one file, on threads of its own."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import duckdb

from schemas.history import HistoryError, Query, Series
from services.history.store import Row
from services.history.tables import Tables

FILE: Final = "history.duckdb"

READERS: Final = 2
"""Queries at a time; the cores are the fold's first."""


class DuckStore:
    """Keeps readings in ``history.duckdb``; opened by one process at a time.

    A batch is on the disk, whole or not at all, when ``write`` returns. After a failure the file
    is opened anew by the next write. Bound: one write and ``READERS`` queries run at a time; a
    further one waits in line for as long as its caller does.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._tables: Tables | None = None
        self._writing = ThreadPoolExecutor(1, "history-write")
        self._reading = ThreadPoolExecutor(READERS, "history-read")

    @classmethod
    async def open(cls, folder: Path) -> "DuckStore":
        """The store in ``folder``, made where there is none.

        Raises:
            HistoryError: It cannot be opened: another process has it, or it is no history.
        """
        store = cls(folder)
        try:
            await store.write(())
        except HistoryError:
            await store.close()
            raise
        return store

    async def write(self, rows: Sequence[Row]) -> None:
        """Keep ``rows``.

        Raises:
            HistoryError: Not now.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writing, self._write, rows)

    async def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of point.

        Raises:
            HistoryError: The file is not open, or cannot be read.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._read, query)

    async def close(self) -> None:
        """Close the file when the write and the reads under way are through."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writing, self._shut)
        self._writing.shutdown(wait=False)
        self._reading.shutdown(wait=False, cancel_futures=True)

    def _write(self, rows: Sequence[Row]) -> None:
        try:
            if self._tables is None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._tables = Tables(self._file)
            if rows:
                self._tables.write(rows)
        except (duckdb.Error, OSError) as error:
            self._shut()
            raise HistoryError(f"{self._file}: {error}") from error

    def _read(self, query: Query) -> list[Series]:
        if self._tables is None:
            raise HistoryError(f"{self._file}: not open")
        try:
            return self._tables.read(query)
        except duckdb.Error as error:
            raise HistoryError(f"{self._file}: {error}") from error

    def _shut(self) -> None:
        tables, self._tables = self._tables, None
        if tables is not None:
            tables.close()
