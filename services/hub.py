"""Hub: who learns what changed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from heapq import nsmallest
from itertools import islice
from typing import Final

from services.fault_log import FaultLog
from twin.points import EntityId

LIMIT: Final = 1_000_000

LATEST: Final = 2
"""A reader that is further behind than that many changes an id looks through all ids …"""

DEPTH: Final = 1_000
"""… and so does one that is further behind than that many revisions."""


Settled = Callable[[], Awaitable[None]]
"""Back when all that happened to faults so far may be shown."""


async def at_once() -> None:
    """Where no journal is kept nothing has to be waited for."""


class Hub:
    """Which entities changed, for any number of readers, each at its own pace.

    At most ``limit`` ids are kept, each once, with the revision in which it last changed. When
    full, those that changed longest ago go and are counted in ``forgotten``; a reader that has
    not heard of their change is told so, and starts anew. Besides, the latest revisions are kept
    as they were told, for readers that keep up: together at most ``LATEST`` times all ids, and
    ``DEPTH`` revisions.

    Args:
        epoch: A name of this run, without ``:`` and ``"``: revisions start anew with it.
        limit: How many ids are kept.
    """

    def __init__(self, epoch: str, limit: int = LIMIT) -> None:
        self.epoch = epoch
        self.revision = 0
        self.forgotten = 0
        self.ended = asyncio.Event()
        """Set when no more news will come."""
        self.faults = FaultLog()
        """What happened to faults; told before the entities that it alters are published."""
        self.settled: Settled = at_once
        """Readers may look at any time; what they show of it waits for this, looked for after."""
        self._limit = limit
        self._floor = 0
        self._changed: dict[EntityId, int] = {}
        self._latest: deque[dict[EntityId, int]] = deque()
        self._told = 0  # ids in the latest revisions
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._changed)

    def publish(self, ids: Iterable[EntityId]) -> None:
        """Tell that these changed, all in one new revision; also of no id it is one."""
        self.revision += 1
        told = dict.fromkeys(ids, self.revision)
        self._changed.update(told)
        self._latest.append(told)
        self._told += len(told)
        if len(self._changed) > self._limit:
            self._forget(len(self._changed) - self._limit + self._limit // 16)
        while self._told > LATEST * len(self._changed) or len(self._latest) > DEPTH:
            self._told -= len(self._latest.popleft())
        self._news.set()

    def miss(self) -> None:
        """Tell that nobody looked what changed: every reader begins anew."""
        self.revision += 1
        self._floor = self.revision
        self._changed.clear()
        self._latest.clear()
        self._told = 0
        self._news.set()

    def since(self, revision: int) -> list[EntityId] | None:
        """What changed after ``revision``, least recent first; None where that is not known."""
        if not self.knows(revision):
            return None
        behind = self.revision - revision
        if behind > len(self._latest):
            missed = (each for each, changed in self._changed.items() if changed > revision)
            return sorted(missed, key=self._changed.__getitem__)
        found: dict[EntityId, int] = {}
        for told in islice(reversed(self._latest), behind):
            found.update(reversed(told.items()))  # an id keeps the place of its latest change
        return [*reversed(found)]

    def knows(self, revision: int) -> bool:
        """Whether everything that changed after ``revision`` is still known."""
        return self._floor <= revision <= self.revision

    def changed(self, entity: EntityId) -> int:
        """The revision in which an entity last changed; 0 where that is not known."""
        return self._changed.get(entity, 0)

    async def news(self, after: int) -> None:
        """Wait until something changed after revision ``after``, or no more news will come."""
        while self.revision <= after and not self.ended.is_set():
            self._news.clear()
            await self._news.wait()

    def _forget(self, count: int) -> None:
        for each in nsmallest(count, self._changed, key=self._changed.__getitem__):
            self._floor = self._changed.pop(each)
            self.forgotten += 1

    def end(self) -> None:
        """Let every reader know that no more news will come."""
        self.ended.set()
        self._news.set()
        self.faults.end()
