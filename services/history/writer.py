"""Writer: what happened into the spool and on to the stores; nobody ever waits for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from services.broker.backoff import waits
from services.disk.off import Off
from services.history.block import Kept
from services.history.losses import Losses
from services.history.rows import Rows
from services.history.shipper import Shipper
from services.history.spool import AT_ONCE, Spool
from services.hub import Settled, at_once
from services.settings import HistorySettings
from twin.changes import Change

LAST_FLUSH_S: Final = 2.0
"""How long the end of a process may wait for the stores; the rest waits in the spool."""

TELL_S: Final = 60.0
"""How often it is told at the most who lost what."""

_log = logging.getLogger(__name__)


class Writer:
    """Puts readings and what the twin says into the spool, from which each store is served.

    Bound: ``settings.queue`` rows that are not taken in by the spool yet, beside what that has in
    memory. Overflow: the oldest go, counted in ``lost`` and by point. For each store at any time
    ``accepted + found == shipped + refused + lost + waiting``.
    """

    def __init__(
        self,
        spool: Spool,
        shippers: Sequence[Shipper],
        settings: HistorySettings,
        losses: Losses,
        off: Off,
        rows: Rows,
    ) -> None:
        self.spool = spool
        self.shippers = tuple(shippers)
        self.losses = losses
        self.rows = rows
        self._batch = min(settings.batch, max(1, settings.queue // 2))  # a whole one has room
        self._flush_s = settings.flush_ms / 1000
        self._most = settings.queue
        self._off = off
        self._queue: deque[Kept] = deque()
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._round = asyncio.Event()
        self._told = (0, 0.0)
        self.settled: Settled = at_once
        """Waited for before rows go to the disk: what they say of faults may be shown."""
        self.accepted = 0
        self.lost = 0
        """Rows that no store will have, for there was no room for them in memory."""

    @property
    def unsynced(self) -> int:
        """Rows that are in memory alone: so many are lost if the process is killed now."""
        return self.accepted - self.lost - (self.spool.synced - self.spool.begun)

    @property
    def trouble(self) -> str | None:
        """What somebody should look at: a disk or a store that takes nothing; or None."""
        told = (self.spool.trouble, *(shipper.trouble for shipper in self.shippers))
        return "; ".join(filter(None, told)) or None

    def waiting(self, shipper: Shipper) -> int:
        """Rows that a store does not have yet."""
        reader = shipper.reader
        ended = reader.shipped + reader.refused + reader.lost + self.lost
        return self.accepted + reader.found - ended

    def take(self, changes: Iterable[Change]) -> None:
        """Queue what is kept of ``changes``; returns at once, always."""
        queue, rows = self._queue, self.rows.all_of(changes)
        queue.extend(rows)
        self.accepted += len(rows)
        if len(queue) > self._most:
            self._lose(len(queue) - self._most)
        self._signal()

    async def kept(self, *, whatever_comes: bool) -> None:
        """Wait until all rows that were taken so far are on the disk, synced, or counted as lost.

        They are written at once, and not when a batch or its time is full.

        Args:
            whatever_comes: Wait also while the disk takes nothing; else rows that are in memory
                will do for as long as that lasts.
        """
        upto = self.accepted
        while self.accepted - self.unsynced < upto:
            if not whatever_comes and self.spool.trouble is not None:
                return
            self._some.set()
            self._enough.set()
            await self._round.wait()

    async def run(self) -> None:
        """Write until cancelled; then what is queued, for as long as ``LAST_FLUSH_S`` allows."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for shipper in self.shippers:
                    tasks.create_task(shipper.run())
                tasks.create_task(self._gather())
        finally:
            await self._finish()

    def _lose(self, count: int) -> None:
        rows: dict[str, int] = {}
        for _ in range(count):
            point = self._queue.popleft().point.id
            rows[point] = rows.get(point, 0) + 1
        self.lost += count
        self.losses.add(rows)

    def _signal(self) -> None:
        if self._queue:
            self._some.set()
        if len(self._queue) >= self._batch:
            self._enough.set()

    async def _gather(self) -> None:
        delays = waits()
        while True:
            if self.spool.trouble is None:
                delays = waits()
                await self._due()
            else:
                await asyncio.sleep(next(delays))
            await self._keep()
            self._tell()

    async def _due(self) -> None:
        """Wait for a whole batch, or for the time that a part of one may be held back."""
        await self._some.wait()
        try:
            async with asyncio.timeout(self._flush_s):
                await self._enough.wait()
        except TimeoutError:
            pass

    async def _keep(self) -> None:
        """Put what is queued into the spool: some batches, by one write and one sync."""
        queue, batches, upto = self._queue, list[list[Kept]](), self.accepted
        await self.settled()
        while len(batches) < AT_ONCE and (ripe := len(queue) - (self.accepted - upto)) > 0:
            batches.append([queue.popleft() for _ in range(min(self._batch, ripe))])
        self._some.clear()
        self._enough.clear()
        self._signal()
        await self._off(lambda: self._put(batches))
        for shipper in self.shippers:
            shipper.notice()
        self._round.set()
        self._round = asyncio.Event()

    def _put(self, batches: Sequence[Sequence[Kept]]) -> None:
        for rows in batches:
            self.spool.number(rows)
        self.spool.write()

    def _tell(self) -> None:
        """Name the points that lost most, now and then."""
        told, at = self._told
        now = asyncio.get_running_loop().time()
        total = self.losses.total
        if total > told and (not told or now >= at + TELL_S):
            self._told = total, now
            _log.error("History lost rows", extra={"rows": total, "by": self.losses.worst(5)})

    async def _finish(self) -> None:
        await self._keep()
        while self._queue:
            await self._keep()
        try:
            async with asyncio.timeout(LAST_FLUSH_S), asyncio.TaskGroup() as tasks:
                for shipper in self.shippers:
                    tasks.create_task(shipper.drain())
        except TimeoutError:
            for shipper in self.shippers:
                where = {"store": shipper.name, "rows": self.waiting(shipper)}
                _log.warning("Readings wait in the spool for the next start", extra=where)
