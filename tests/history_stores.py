"""A store of the history tests that does as it is told, and work that is done at once."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from schemas.history import HistoryError, Query, Series
from services.history.block import Block, Row, block_of
from services.history.losses import Losses
from services.history.spool import Spool
from services.history.store import Refused, RefusedError
from twin.instants import Instant

T = TypeVar("T")


class FakeStore:
    """Keeps rows by spool and number; fails, waits and refuses as a test says."""

    def __init__(self, name: str = "fake", *, remembers: bool = True) -> None:
        self.name = name
        self.remembers = remembers
        self.kept: dict[tuple[str, int], float] = {}
        self.sizes: list[int] = []
        self.attempts: list[float] = []
        self.fails: HistoryError | OSError | None = None
        self.takes_s = 0.0
        self.refuses: frozenset[float] = frozenset()

    @property
    def values(self) -> list[float]:
        """What is kept, in order of number."""
        return [self.kept[key] for key in sorted(self.kept, key=lambda key: key[1])]

    async def upto(self, spool: str) -> int | None:
        await self._answer()
        numbers = [number for run, number in self.kept if run == spool]
        return max(numbers, default=-1) + 1 if self.remembers else None

    async def write(self, spool: str, block: Block) -> None:
        await self._answer()
        self.sizes.append(block.rows)
        refused = []
        for row, value in enumerate(block.value.tolist()):
            if value in self.refuses:
                refused.append(Refused(row, "too old"))
            else:
                self.kept[spool, block.first + row] = value
        if refused:
            raise RefusedError(tuple(refused))

    async def read(self, query: Query) -> list[Series]:
        raise HistoryError(f"only written to: {query}")

    async def latest(self, at: Instant) -> Block:
        raise HistoryError(f"only written to: {at}")

    async def close(self) -> None:
        pass

    async def _answer(self) -> None:
        self.attempts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes_s)
        if self.fails is not None:
            raise self.fails


async def at_once(work: Callable[[], T]) -> T:
    """Work that is done where it is asked for: a virtual clock knows no threads."""
    return work()


def a_spool(folder: Path, *, limit: int = 64_000_000, most: int = 10_000) -> Spool:
    """A spool in a folder, which tells nobody what it lost."""
    return Spool(folder, limit, most, Losses())


def put(spool: Spool, rows: Iterable[Row]) -> Block:
    """Rows into a spool as one block, on the disk if that is possible."""
    block = block_of(list(rows), spool.upto)
    spool.number(list(rows))
    spool.write()
    return block
