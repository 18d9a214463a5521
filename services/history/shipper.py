"""Shipper: what is in the spool into one store, in order, for as long as it takes."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from schemas.history import HistoryError
from services.broker.backoff import Jitter, waits
from services.disk.off import Off
from services.history.reader import Taken
from services.history.refused import RefusedRows
from services.history.spool import Spool
from services.history.store import NotNowError, Refused, RefusedError, Store

ATTEMPT_S: Final = 60.0
"""A store that has not answered by then hangs."""

REMEMBER_S: Final = 1.0
"""How often at the most it is written down how far a store is that does not say so itself, while
there is more for it: that takes as long as to ship a thousand rows."""

HELD_S: Final = 30.0
"""Between attempts while nothing changes until somebody mends something."""

PATIENT_S: Final = 120.0
"""How long a store may take nothing before that is trouble: it may be started anew meanwhile."""

LONGEST_AFTER_S: Final = 600.0
"""How long a store may tell us to stay away."""

_log = logging.getLogger(__name__)


class Shipper:
    """Writes the blocks of the spool to one store, each until the store has it.

    It has one block in hand; all others are the spool's.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        letters: RefusedRows,
        off: Off,
        *,
        jitter: Jitter = random.uniform,
    ) -> None:
        self.name = store.name
        self.reader = spool.reader(store.name)
        self.letters = letters
        self._store = store
        self._spool = spool
        self._off = off
        self._jitter = jitter
        self._more = asyncio.Event()
        self._begun = False
        self._forgets = False
        self._remembered_at = 0.0
        self.retries = 0
        self.failed = 0
        """Blocks that the store did not take at the first attempt."""
        self.held = False
        """Whether somebody must mend something first."""
        self.last_error: str | None = None
        """Why the last attempt failed; None while all is well."""
        self._ill_since = 0.0

    @property
    def trouble(self) -> str | None:
        """What has kept the store from taking anything for minutes; None where nothing has."""
        ill_s = asyncio.get_running_loop().time() - self._ill_since
        if self.last_error is None or ill_s < PATIENT_S:
            return None
        return f"{self.name} takes no readings, they wait: {self.last_error}"

    def notice(self) -> None:
        """There is more in the spool."""
        self._more.set()

    async def run(self) -> None:
        """Ship until cancelled."""
        while True:
            await self.drain()
            await self._more.wait()
            self._more.clear()

    async def drain(self) -> None:
        """Ship until the store has all that there is."""
        if not self._begun:
            await self._insist(self._begin)
        hand = self.reader.hand or await self._next()
        while hand is not None:
            await self._ship(hand)
            hand = await self._next()

    async def _begin(self) -> None:
        """Ask the store how far it is, or look where it was left."""
        had: dict[str, int] = {}
        for run in (self._spool.run, *reversed(self._spool.runs)):
            upto = await self._store.upto(run)
            if upto is None:
                self._forgets = True
                had = self.reader.remembered()
                break
            had[run] = upto
        self._spool.resume(self.reader, had)
        self._begun = True

    async def _next(self) -> Taken | None:
        """The next block, once the disk can be read."""
        found: list[Taken | None] = []

        async def take() -> None:
            found.append(await self._off(lambda: self._spool.take(self.reader)))

        await self._insist(take)
        return found[0]

    async def _ship(self, hand: Taken) -> None:
        refused: list[Refused] = []

        async def write() -> None:
            try:
                await self._store.write(hand.run, hand.block)
            except RefusedError as error:
                refused.extend(error.refused)

        await self._insist(write)
        self.reader.settle(len(refused))
        now = asyncio.get_running_loop().time()
        due = now >= self._remembered_at + REMEMBER_S or self.reader.next >= self._spool.upto
        if due:
            self._remembered_at = now
        await self._off(lambda: self._note(hand, refused, due=due))

    def _note(self, hand: Taken, refused: list[Refused], *, due: bool) -> None:
        """Write down what became of a block."""
        if refused:
            where = {"store": self.name, "rows": len(refused), "why": refused[0].why}
            _log.error("The store refuses readings", extra=where)
            self.letters.keep(hand.block, refused)
        if self._forgets and due:
            try:
                self.reader.remember(hand.run, hand.block.upto)
            except OSError as error:
                _log.warning("Cannot write down what %s has: %s", self.name, error)
        self._spool.release()

    async def _insist(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Try until it is done."""
        delays = waits(self._jitter)
        tries = 0
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    await attempt()
            except NotNowError as error:
                wait_s = self._longer(next(delays), error)
                self._fails(str(error), held=error.held)
            except TimeoutError:
                wait_s = next(delays)
                self._fails("it does not answer", held=False)
            except (HistoryError, OSError) as error:
                wait_s = next(delays)
                self._fails(str(error), held=False)
            else:
                self._well()
                return
            self.failed += not tries
            tries += 1
            await asyncio.sleep(wait_s)
            self.retries += 1

    def _longer(self, wait_s: float, error: NotNowError) -> float:
        """How long to stay away; the jitter is on top, so that not everybody comes at once."""
        if error.held:
            return HELD_S + wait_s
        return min(error.after_s or 0.0, LONGEST_AFTER_S) + wait_s

    def _fails(self, why: str, *, held: bool) -> None:
        if self.last_error is None:
            self._ill_since = asyncio.get_running_loop().time()
        if why != self.last_error:
            level = logging.ERROR if held else logging.WARNING
            where = {"store": self.name, "why": why}
            _log.log(level, "The store does not take readings, they wait", extra=where)
        self.last_error = why
        self.held = held

    def _well(self) -> None:
        if self.last_error is not None:
            _log.info("The store takes readings again", extra={"store": self.name})
        self.last_error = None
        self.held = False
