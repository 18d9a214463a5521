"""Fault log: what happened to faults, for any number of readers, each at its own pace."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from twin.changes import Change, FaultChanged

RING: Final = 10_000
"""Latest changes that are kept: as many as a hall that falls silent makes."""


class FaultLog:
    """The latest changes of faults, numbered from 1 without a gap.

    At most ``ring`` are kept. When full the oldest go, and are counted in ``forgotten``; a reader
    that has not heard of them is told so. What was only about to be raised is left out.
    """

    def __init__(self, ring: int = RING) -> None:
        self.seq = 0
        """Of the latest change."""
        self.called = 0
        """How often an operator was to be called."""
        self._ring: deque[FaultChanged] = deque(maxlen=ring)
        self._news = asyncio.Event()
        self._ended = False

    @property
    def forgotten(self) -> int:
        """Changes that are not known any more."""
        return self.seq - len(self._ring)

    def publish(self, changes: Iterable[Change]) -> None:
        """Tell what happened; what is not about a fault that was raised is passed over."""
        before = self.seq
        for change in changes:
            if type(change) is FaultChanged and change.fault.id:
                self.seq += 1
                self.called += change.annunciates
                self._ring.append(change)
        if self.seq > before:
            self._news.set()

    def knows(self, seq: int) -> bool:
        """Whether everything after that number is still known."""
        return self.forgotten <= seq <= self.seq

    def since(self, seq: int) -> list[tuple[int, FaultChanged]] | None:
        """What happened after that number, each with its own; None where that is not known."""
        if not self.knows(seq):
            return None
        return [(self.seq + 1 + place, self._ring[place]) for place in range(seq - self.seq, 0)]

    async def news(self, after: int) -> None:
        """Wait until something happened after that number, or nothing more will."""
        while self.seq <= after and not self._ended:
            self._news.clear()
            await self._news.wait()

    def end(self) -> None:
        """Let every reader know that nothing more will happen."""
        self._ended = True
        self._news.set()
