"""A process that takes rows into a spool and a store as fast as it can: ``taking.py FOLDER``."""

import asyncio
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from history_rows import a_point, taken
from history_stores import FakeStore
from services.disk.off import InThreads
from services.history.block import Block
from services.history.losses import Losses
from services.history.refused import RefusedRows
from services.history.rows import Rows
from services.history.shipper import Shipper
from services.history.spool import Spool
from services.history.writer import Writer
from services.settings import HistorySettings
from twin.fleet import Fleet

POINTS = [a_point(f"R{number}") for number in range(50)]
SETTINGS = HistorySettings(batch=200, flush_ms=5, queue=50_000)


class SqliteStore(FakeStore):
    """Keeps the value of every row it is given, doubled ones twice, and how far it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__("sqlite")
        self._db = sqlite3.connect(folder / "store.sqlite")
        self._db.execute("CREATE TABLE IF NOT EXISTS rows (value REAL)")
        self._db.execute("CREATE TABLE IF NOT EXISTS places (spool TEXT PRIMARY KEY, upto INTEGER)")

    def all(self) -> list[float]:
        """Every value, in order."""
        return [value for (value,) in self._db.execute("SELECT value FROM rows ORDER BY rowid")]

    async def upto(self, spool: str) -> int:
        found = self._db.execute("SELECT upto FROM places WHERE spool = ?", [spool]).fetchone()
        return 0 if found is None else int(found[0])

    async def write(self, spool: str, block: Block) -> None:
        known = max(0, await self.upto(spool) - block.first)
        await asyncio.sleep(0)
        with self._db:
            values = block.value[known:].tolist()
            self._db.executemany("INSERT INTO rows VALUES (?)", [(value,) for value in values])
            self._db.execute("REPLACE INTO places VALUES (?, ?)", [spool, block.upto])

    async def close(self) -> None:
        self._db.close()


async def take(folder: Path, count: int) -> None:
    """Take rows that count on from where the spool is; say how many are on the disk."""
    store, losses = SqliteStore(folder), Losses()
    spool = Spool(folder / "spool", 64_000_000, SETTINGS.queue, losses)
    with ThreadPoolExecutor(2) as threads:
        off = InThreads(threads)
        shipper = Shipper(store, spool, RefusedRows(folder / "refused.ndjson"), off)
        writer = Writer(spool, [shipper], SETTINGS, losses, off, Rows(Fleet()))
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            begin = max([*store.all(), *_spooled(spool)], default=-1.0) + 1
            number = 0
            while number < count:
                writer.take(
                    taken(POINTS[n % len(POINTS)], begin + n) for n in range(number, number + 50)
                )
                number += 50
                while writer.unsynced > SETTINGS.queue // 2:  # noqa: ASYNC110  # a disk tells no loop
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0)
                print(int(begin) + number - writer.unsynced, flush=True)  # noqa: T201  # to a test
            task.cancel()
        spool.close()
    await store.close()


def _spooled(spool: Spool) -> list[float]:
    """The values that are in a spool."""
    reader = spool.reader("looking")
    values: list[float] = []
    while (hand := spool.take(reader)) is not None:
        values += hand.block.value.tolist()
        reader.settle(0)
    spool.readers.remove(reader)
    return values


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]), int(sys.argv[2])))
