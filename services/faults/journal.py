"""The journal: everything that happened to faults, on the disk before anybody is shown it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from schemas.acts import act_view
from services.disk.frames import End
from services.disk.off import InThreads, Off
from services.faults.acts import Acts
from services.faults.journal_file import JournalFile
from services.faults.records import Contents, Record
from services.metrics import Durations
from twin.changes import Change, FaultChanged
from twin.faults.engine import Faults
from twin.faults.inhibition import Above
from twin.faults.ledger import Books
from twin.faults.rule import Rules

log = logging.getLogger(__name__)

TAIL: Final = 8_000_000
"""Bytes behind the books, or as many as the books have, whichever is more: then it begins anew."""

RING: Final = 10_000
"""Latest changes that are kept for streams, and that may wait for a disk that is slow or full."""

TEND_S: Final = 1.0
"""How often it is looked whether the journal must be begun anew, or can be written again."""

PATIENCE_S: Final = 10.0
"""A disk that takes longer for one write than that stands in the way of all who are to be shown."""


class Journal:
    """What happened to faults, in order and numbered without a gap; the file of one process.

    While it ``run``s, what is kept is written beside the loop, all that came meanwhile by the next
    write: so the fold goes on, and whoever shows something waits until it is ``settled``. Before
    and after, ``keep`` writes itself.

    Four buffers. The file: begun anew with the books when what is behind them grows over ``TAIL``.
    The ring for streams: the latest ``RING`` changes, the oldest go, and ``since`` says so. What
    waits for a disk that is slow: ``RING`` changes, then whoever asks for ``room`` has to wait,
    counted in ``paused``. What waits while nothing can be written: ``RING`` changes, then none,
    for the books tell it all once there is room; ``seq - kept`` shows how many are not on the disk.
    """

    def __init__(
        self, file: Path, *, tail: int = TAIL, ring: int = RING, off: Off | None = None
    ) -> None:
        """Open the file and read it.

        Args:
            file: Where it is.
            tail: Bytes behind the books.
            ring: Changes that are kept for streams, and that may wait.
            off: Where it is written while it runs, and begun anew; threads of its own if None.

        Raises:
            OSError: It cannot be used, or another process does.
            UnknownFormatError: It is of a version that cannot be read.
        """
        self._file = JournalFile(file)
        found = self._file.found
        assert found is not None
        self._bound = tail
        self.torn = int(found.end is End.TORN)
        """Records dropped at the start because they were not written to their end."""
        self.damaged = int(found.end is End.DAMAGED)
        """Whether something was not what had been written, at the start."""
        self.failed = 0
        """Times that something could not be written."""
        self.paused = 0
        """Times that somebody had to wait for room."""
        self.seq = self._file.kept
        """Of the latest change."""
        self.trouble: str | None = None
        """Why changes are not on the disk; None while all is well."""
        self.syncs = Durations()
        """How long writes took beside the loop."""
        self._ring: deque[tuple[int, FaultChanged]] = deque(maxlen=ring)
        self._most = ring
        self._owed: list[Record] = []
        self._missing = 0
        """The last one that will never be written; the books must be."""
        self._threads = ThreadPoolExecutor(2, "journal")
        self._off: Off = off or InThreads(self._threads)
        self._running = False
        self._some = asyncio.Event()
        self._round = asyncio.Event()
        """Set, and another one, after each write."""
        self._began_at: float | None = None
        """When the write under way began, by the loop's clock."""
        self._report(found)

    @property
    def kept(self) -> int:
        """Number of the latest change that is on the disk."""
        return self._file.kept

    @property
    def begun_anew(self) -> int:
        """Times that the file was begun anew."""
        return self._file.begun_anew

    @property
    def acts(self) -> Acts:
        """What operators did, as far as it is on the disk."""
        return self._file.acts

    @property
    def stuck(self) -> str | None:
        """What whoever is to be shown something waits for, for long; or None."""
        if self._began_at is None or (took_s := _now() - self._began_at) < PATIENCE_S:
            return None
        return f"the disk has had faults to write for {took_s:.0f} s"

    def restore(self, rules: Rules, above: Above) -> Faults:
        """The engine that told all that is in the file; once, before the first ``keep``.

        Raises:
            OSError: The file was damaged, and cannot be put aside or begun anew.
        """
        found, self._file.found = self._file.found, None
        assert found is not None
        changes = [record.change for record in found.records]
        faults = Faults.restore(rules, above, changes, found.books)
        if found.end is End.DAMAGED:
            self._file.put_aside()
        for record in found.records:
            self._note(record)
        if found.end is End.DAMAGED or self.seq != found.seq:  # numbers go on after a gap
            self._file.begin_anew(self.seq, faults.books(), self._file.size)
        else:
            self._ring.extend((record.seq, record.change) for record in found.records)
        self._write()
        return faults

    # -- while it runs ---------------------------------------------------------------------------

    def keep(self, changes: Iterable[Change], address: str | None = None) -> None:
        """Number the changes of faults, and have them on the disk as soon as that is possible.

        Nobody is to be shown anything of them before they are ``settled``. Where they cannot be
        written there is ``trouble``, and it is made up for as soon as it can be.

        Args:
            changes: What happened, in order; what is not about faults is passed over.
            address: Whence somebody acted.
        """
        count = self.seq
        for change in changes:
            if type(change) is FaultChanged:
                self.seq += 1
                record = Record(self.seq, change, address)
                self._owed.append(record)
                self._ring.append((self.seq, change))
                self._note(record)
        if self.seq == count:
            return
        if self.trouble is None:
            self._have_written()
        elif len(self._owed) > self._most:
            self._owed = []
            self._missing = self.seq

    async def settled(self) -> None:
        """Wait until all that was kept so far may be shown: it is on the disk, or there is trouble.

        At once where nothing waits for the disk.
        """
        upto = self.seq
        while self.kept < upto and self.trouble is None:
            await self._round.wait()

    async def room(self) -> None:
        """Wait while as much waits for the disk as may; not while there is trouble."""
        if self._full:
            self.paused += 1
        while self._full:
            await self._round.wait()

    def since(self, seq: int) -> list[tuple[int, FaultChanged]] | None:
        """All changes after the one of that number; None where they are not known any more."""
        wanted = self.seq - seq
        if not 0 <= wanted <= len(self._ring):
            return None
        return [self._ring[place] for place in range(-wanted, 0)]

    async def run(self) -> None:
        """Write what is kept beside the loop, in order, until cancelled; then the rest."""
        self._running = True
        try:
            while True:
                await self._some.wait()
                self._some.clear()
                self._began_at = began_at = _now()
                with self._outcome():
                    await self._off(partial(self._file.write, tuple(self._owed)))
                self._began_at = None
                self.syncs.note(_now() - began_at)
                if self._owed and self.trouble is None:
                    self._some.set()
        finally:
            self._running = False
            self._write()

    async def tend(self, books: Callable[[], Books]) -> None:
        """Begin the file anew when it has grown, and write what could not be, until cancelled.

        Args:
            books: All that is known of faults after what was kept last.
        """
        limit = 0
        while True:
            await asyncio.sleep(TEND_S)
            if self.trouble is not None and not self._missing:
                self._have_written()
            tail = self._file.size - self._file.head
            if self._missing or tail > max(self._bound, self._file.head, limit):
                done = await self.begin_anew(books)
                limit = 0 if done else tail + self._bound

    async def begin_anew(self, books: Callable[[], Books]) -> bool:
        """Replace the file by one that begins with the books of now; whether that was done.

        Where it cannot be done, the file goes on as it is.
        """
        seq, size = self.seq, self._file.size
        try:
            await self._off(partial(self._file.begin_anew, seq, books(), size))
        except OSError as error:
            self.failed += 1
            if self.trouble is None:
                where = {"file": self._file.path, "error": str(error)}
                log.warning("The journal of faults cannot be begun anew", extra=where)
            return False
        if self._missing <= seq:
            self._missing = 0
            self._have_written()
        return True

    def close(self) -> None:
        """Let go of the files."""
        self._threads.shutdown()
        self._file.close()

    # -- within ----------------------------------------------------------------------------------

    @property
    def _full(self) -> bool:
        return self.trouble is None and len(self._owed) >= self._most

    def _note(self, record: Record) -> None:
        act = act_view(*record)
        if act is not None:
            self.acts.note(act)

    def _have_written(self) -> None:
        """Have all that is owed written: beside the loop while it runs, else at once."""
        if self._running:
            self._some.set()
        else:
            self._write()

    def _write(self) -> None:
        with self._outcome():
            self._file.write(self._owed)

    @contextmanager
    def _outcome(self) -> Iterator[None]:
        """Take note of what comes of a write, and let those know who wait for it."""
        try:
            yield
        except OSError as error:
            self._fails(error)
        else:
            if self.trouble is not None and not self._missing:
                where = {"file": self._file.path, "seq": self.kept}
                log.info("Faults are on the disk again", extra=where)
                self.trouble = None
        self._owed = [record for record in self._owed if record.seq > self.kept]
        self._round.set()
        self._round = asyncio.Event()

    def _fails(self, error: OSError) -> None:
        self.failed += 1
        if self.trouble is None:
            where = {"file": self._file.path, "error": str(error)}
            log.error("Faults cannot be written", extra=where)
        self.trouble = f"faults are not on the disk: {error}"

    def _report(self, found: Contents) -> None:
        where = {"file": self._file.path, "bytes": found.size, "records": len(found.records)}
        if found.end is End.TORN:
            log.warning("faults: the last write was not done, it is dropped", extra=where)
        elif found.end is End.DAMAGED:
            log.error("faults: damaged, what follows is put aside", extra=where)


def _now() -> float:
    return asyncio.get_running_loop().time()
