"""News: of which faults something is new for one who is told how they stand."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from twin.changes import FaultChanged
from twin.fault import Key

LIMIT: Final = 10_000
"""As many faults as a hall that falls silent makes."""


class News:
    """Keys of faults to be told of; how each stands is asked when it is told, so that none is old.

    Bound: ``limit`` keys, each once. Overflow: they go, and everything is told anew instead,
    counted in ``overflowed``: nothing is lost.

    Args:
        everything: All keys that there is something to tell of, the most urgent first.
        limit: How many keys are kept.
    """

    def __init__(self, everything: Callable[[], Iterable[Key]], limit: int = LIMIT) -> None:
        self.overflowed = 0
        self._everything = everything
        self._limit = limit
        self._fresh: dict[Key, None] = {}
        self._again: dict[Key, None] = {}
        self._all = False
        self._some = asyncio.Event()

    def __len__(self) -> int:
        return len(self._fresh) + len(self._again)

    def note(self, changes: Iterable[FaultChanged]) -> None:
        """Something happened to these."""
        for change in changes:
            self._fresh[change.fault.key] = None
        if len(self._fresh) > self._limit:
            self._fresh.clear()
            self.overflowed += 1
            self._all = True
        self._some.set()

    def repeat(self) -> None:
        """Tell everything anew, behind what is new."""
        self._all = True
        self._some.set()

    async def some(self, most: int) -> list[Key]:
        """Wait for news; then at most so many keys, new ones first. It may be none after all."""
        await self._some.wait()
        if self._all:
            self._all = False
            self._again = dict.fromkeys(self._everything())
        source = self._fresh or self._again
        taken = [key for key, _ in zip(source, range(most), strict=False)]
        for key in taken:
            del source[key]
        if not len(self):
            self._some.clear()
        return taken
