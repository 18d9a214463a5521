"""The embedded store: DuckDB in one file, on threads of its own."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from schemas.history import HistoryError, Query, Series
from services.history import asking
from services.history.backup import back_up
from services.history.block import Block
from services.history.cold import SIZES, Cold, Keep, Sizes, Tally
from services.history.look import Look
from services.history.store import NotNowError
from services.history.tables import Tables
from twin.instants import Instant

FILE: Final = "history.duckdb"

READERS: Final = 2
"""Queries at a time; the cores are the fold's first."""

PATIENCE_S: Final = 30.0
"""How long one query may take."""

BACKUP_S: Final = 3_600.0
"""How long a backup may take."""

KEEP: Final = Keep()

_Answer = TypeVar("_Answer")

_log = logging.getLogger(__name__)


class DuckStore:
    """Keeps readings in ``history.duckdb`` and the files beside it; one process at a time.

    A block is on the disk, whole or not at all, when ``write`` returns, and with it how far its
    spool has come. After a failure the file is opened anew by the next write. Bound: one write,
    ``READERS`` queries and one thing of ``Cold`` run at a time, and wait for none of each other; a
    further query waits in line for as long as its caller does, and ends after ``PATIENCE_S``.
    """

    name = "duckdb"

    def __init__(self, folder: Path, keep: Keep = KEEP, sizes: Sizes = SIZES) -> None:
        self._file = folder / FILE
        self._keep = keep
        self._sizes = sizes
        self.tally = Tally()
        self._named: set[Path] = set()
        self._tables: Tables | None = None
        self._cold: Cold | None = None
        self._writing = ThreadPoolExecutor(1, "history-write")
        self._reading = ThreadPoolExecutor(READERS, "history-read")
        self._tending = ThreadPoolExecutor(1, "history-tend")
        self._tended: Future[None] | None = None

    @classmethod
    async def open(
        cls, folder: Path, keep: Keep = KEEP, sizes: Sizes = SIZES, *, must: bool = True
    ) -> "DuckStore":
        """The store in ``folder``, made where there is none.

        Args:
            folder: Where the file is.
            keep: How much is kept.
            sizes: How many readings are worth what.
            must: Whether it is of no use unless it is open: else every write tries again.

        Raises:
            HistoryError: It cannot be opened: another process has it, or it is no history.
        """
        store = cls(folder, keep, sizes)
        try:
            await store.upto("")
        except HistoryError as error:
            if must:
                await store.close()
                raise
            _log.error("%s; readings wait for it in the spool, the other stores go on", error)
        return store

    async def upto(self, spool: str) -> int:
        """Number of the first row of that spool which is not here.

        Raises:
            NotNowError: The file cannot be opened.
        """
        return await self._in(self._writing, lambda: self._do(lambda tables: tables.upto(spool)))

    async def write(self, spool: str, block: Block) -> None:
        """Keep a block; what of it is here already is left out.

        Raises:
            NotNowError: The same block may be written again.
        """
        await self._in(self._writing, lambda: self._do(lambda tables: tables.write(spool, block)))

    async def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of entity, metric and point.

        Raises:
            HistoryError: The file is not open, cannot be read, or it took too long.
        """
        return await self._in(
            self._reading, lambda: self._look(lambda look: asking.read(look, query))
        )

    async def latest(self, at: Instant) -> Block:
        """The last reading of every series that was known at an instant, in order of receipt.

        Raises:
            HistoryError: The file is not open, cannot be read, or it took too long.
        """
        return await self._in(
            self._reading, lambda: self._look(lambda look: asking.latest(look, at))
        )

    async def back_up(self, folder: Path) -> None:
        """Copy all that there is to a folder that is not there yet; writes go on meanwhile.

        Raises:
            HistoryError: It could not be copied.
        """
        await self._in(
            self._tending,
            lambda: self._look(lambda look: back_up(look, self._file, folder), BACKUP_S),
        )

    async def close(self) -> None:
        """Close the file when the write and the reads under way are through."""
        await self._in(self._writing, self._shut)
        self._writing.shutdown(wait=False)
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._tending.shutdown(wait=False, cancel_futures=True)

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _do(self, work: Callable[[Tables], _Answer]) -> _Answer:
        """Work with the tables, opened where they are not; and see whether anything is due."""
        try:
            if self._tables is None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._tables = Tables(self._file)
            if self._cold is None:
                self._cold = Cold(self._tables, self._keep, self.tally, self._sizes)
            answer = work(self._tables)
        except (duckdb.Error, OSError) as error:
            self._shut()
            raise NotNowError(f"{self._file}: {error}") from error
        if self._cold.due and (self._tended is None or self._tended.done()):
            self._tended = self._tending.submit(self._tend, self._cold)
        return answer

    def _tend(self, cold: Cold) -> None:
        try:
            while cold.due:  # and what fell due meanwhile
                cold.tend()
        except (duckdb.Error, OSError) as error:
            if not cold.stopped:
                _log.error("%s: older hours are not put away: %s", self._file, error)

    def _look(self, work: Callable[[Look], _Answer], patience_s: float = PATIENCE_S) -> _Answer:
        tables = self._tables
        if tables is None:
            raise HistoryError(f"{self._file}: not open")
        try:
            with Look(tables) as look, _in_time(look, patience_s):
                answer = work(look)
        except duckdb.InterruptException as error:
            raise HistoryError(f"{self._file}: no answer within {patience_s:g} s") from error
        except (duckdb.Error, OSError) as error:
            raise HistoryError(f"{self._file}: {error}") from error
        for path in look.missing:
            if path not in self._named:
                _log.error("%s: not there, what it held is not answered", path)
                self._named.add(path)
        self.tally.missing = len(self._named)
        return answer

    def _shut(self) -> None:
        cold, self._cold = self._cold, None
        if cold is not None:
            cold.stop()
        if self._tended is not None:
            self._tended.result()
        tables, self._tables = self._tables, None
        if tables is not None:
            tables.close()


@contextmanager
def _in_time(look: Look, patience_s: float) -> Iterator[None]:
    timer = threading.Timer(patience_s, look.stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
