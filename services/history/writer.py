"""Writer: what happened into a store, in batches, without anybody ever waiting for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Final

from schemas.history import HistoryError
from services.broker.backoff import waits
from services.history.rows import Rows
from services.history.store import RefusedError, Row, Store
from services.settings import HistorySettings
from twin.changes import Change

LAST_FLUSH_S: Final = 2.0
"""How long the end of a process may wait for the store."""

_log = logging.getLogger(__name__)


class Writer:
    """Batches readings and what the twin says, and writes them in order until the store has them.

    Bound: ``settings.queue`` waiting rows, and one batch in hand. Overflow: the oldest waiting
    ones go, counted in ``lost``. At any time ``accepted == written + lost + queued``.
    """

    def __init__(self, store: Store, settings: HistorySettings) -> None:
        self._store = store
        self._batch = settings.batch
        self._flush_s = settings.flush_ms / 1000
        self._rows = Rows()
        self._queue: deque[Row] = deque(maxlen=settings.queue)
        self._hand: list[Row] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self.accepted = 0
        self.written = 0
        self.lost = 0
        self.retries = 0
        self.failed = 0
        """Batches that the store did not take at the first attempt."""
        self.last_error: str | None = None
        """Why the last attempt failed; ``None`` while all is well."""

    @property
    def queued(self) -> int:
        """Rows that the store does not have yet."""
        return len(self._queue) + len(self._hand)

    def take(self, changes: Iterable[Change]) -> None:
        """Queue what is kept of ``changes``; returns at once, always."""
        queue, row_of = self._queue, self._rows.of
        before, taken = len(queue), 0
        for change in changes:
            row = row_of(change)
            if row is not None:
                queue.append(row)
                taken += 1
        self.accepted += taken
        self.lost += before + taken - len(queue)
        self._signal()

    async def run(self) -> None:
        """Write until cancelled; then what is queued, for as long as ``LAST_FLUSH_S`` allows."""
        try:
            while True:
                await self._due()
                await self._write()
        finally:
            await self._finish()

    def _signal(self) -> None:
        if self._queue:
            self._some.set()
        if len(self._queue) >= self._batch:
            self._enough.set()

    async def _due(self) -> None:
        """Wait for a whole batch, or for the time that a part of one may be held back."""
        await self._some.wait()
        try:
            async with asyncio.timeout(self._flush_s):
                await self._enough.wait()
        except TimeoutError:
            pass

    async def _write(self) -> None:
        """Write one batch: the one in hand, or the next."""
        if not self._hand:
            size = min(self._batch, len(self._queue))
            self._hand = [self._queue.popleft() for _ in range(size)]
            self._some.clear()
            self._enough.clear()
            self._signal()
        await self._attempt()
        self.failed += bool(self._hand)
        delays = waits()
        while self._hand:
            await asyncio.sleep(next(delays))
            self.retries += 1
            await self._attempt()

    async def _attempt(self) -> None:
        """Write what is in hand; the hand is empty when the store is done with it."""
        refused = 0
        try:
            await self._store.write(self._hand)
        except RefusedError as error:
            refused = error.rows
            _log.error("%s", error)
        except HistoryError as error:
            if str(error) != self.last_error:
                _log.warning("The store does not take readings, they wait: %s", error)
            self.last_error = str(error)
            return
        if self.last_error is not None:
            _log.info("The store takes readings again")
            self.last_error = None
        self.lost += refused
        self.written += len(self._hand) - refused
        self._hand = []

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(LAST_FLUSH_S):
                while self.queued:
                    await self._write()
        except TimeoutError:
            _log.error("%d readings lost: the store did not take them", self.queued)
        finally:
            self.lost += self.queued
            self._queue.clear()
            self._hand = []
