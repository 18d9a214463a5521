"""The journal: everything that happened to faults, on the disk before anybody hears of it."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from schemas.acts import act_view
from services.disk.frames import End
from services.disk.growing import GrowingFile, sync_folder
from services.disk.lock import locked
from services.faults.acts import Acts
from services.faults.records import Contents, Record, begun, read, written
from twin.changes import Change, FaultChanged
from twin.faults.engine import Faults
from twin.faults.inhibition import Above
from twin.faults.ledger import Books
from twin.faults.rule import Rules

log = logging.getLogger(__name__)

TAIL: Final = 8_000_000
"""Bytes behind the books, or as many as the books have, whichever is more: then it begins anew."""

RING: Final = 10_000
"""Latest changes that are kept for streams, and that may wait for a disk that is full."""

TEND_S: Final = 1.0
"""How often it is looked whether the journal must be begun anew, or can be written again."""


class Journal:
    """What happened to faults, in order and numbered without a gap; the file of one process.

    Three buffers. The file: begun anew with the books when what is behind them grows over ``TAIL``.
    The ring for streams: the latest ``RING`` changes, the oldest go, and ``since`` says so. What
    waits while nothing can be written: ``RING`` changes, then none, for the books tell it all
    once there is room; ``seq - kept`` shows how many are not on the disk.
    """

    def __init__(self, file: Path, *, tail: int = TAIL, ring: int = RING) -> None:
        """Open the file and read it.

        Raises:
            OSError: It cannot be used, or another process does.
            UnknownFormatError: It is of a version that cannot be read.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = locked(file.with_suffix(".lock"), "the faults")
        self._path = file
        self._bound = tail
        self._found: Contents | None = read(file.read_bytes() if file.exists() else b"")
        found = self._found
        self.acts = Acts(file.with_name(f"{file.stem}-acts.ndjson"))
        self.torn = int(found.end is End.TORN)
        """Records dropped at the start because they were not written to their end."""
        self.damaged = int(found.end is End.DAMAGED)
        """Whether something was not what had been written, at the start."""
        self.failed = 0
        """Times that something could not be written."""
        self.begun_anew = 0
        """Times that the file was begun anew."""
        self.seq = max(found.seq, self.acts.last)
        """Of the latest change."""
        self.kept = self.seq
        """Of the latest change that is on the disk."""
        self.trouble: str | None = None
        """Why changes are not on the disk; None while all is well."""
        self._ring: deque[tuple[int, FaultChanged]] = deque(maxlen=ring)
        self._owed: list[Record] = []
        self._missing = 0
        """The last one that will never be written; the books must be."""
        self._out = GrowingFile(file, found.size)
        self._head = found.head
        self._report(found)

    def restore(self, rules: Rules, above: Above) -> Faults:
        """The engine that told all that is in the file; once, before the first ``keep``.

        Raises:
            OSError: The file was damaged, and cannot be put aside or begun anew.
        """
        found, self._found = self._found, None
        assert found is not None
        changes = [record.change for record in found.records]
        faults = Faults.restore(rules, above, changes, found.books)
        if found.end is End.DAMAGED:
            self._put_aside(found.size)
        if found.end is End.DAMAGED or self.seq != found.seq:  # numbers go on after a gap
            self._write_books(self.seq, faults.books())
            self._switch(self._out.size)
        else:
            self._ring.extend((record.seq, record.change) for record in found.records)
        for record in found.records:
            self._note(record)
        self._write()
        return faults

    # -- while it runs ---------------------------------------------------------------------------

    def keep(self, changes: Iterable[Change], address: str | None = None) -> None:
        """Number the changes of faults and have them on the disk, by one write and one sync.

        Nothing of them may be told to anybody before. Where it cannot be done there is ``trouble``,
        and it is made up for as soon as it can be.

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
            self._write()
        elif len(self._owed) > (self._ring.maxlen or 0):
            self._owed = []
            self._missing = self.seq

    def since(self, seq: int) -> list[tuple[int, FaultChanged]] | None:
        """All changes after the one of that number; None where they are not known any more."""
        wanted = self.seq - seq
        if not 0 <= wanted <= len(self._ring):
            return None
        return [self._ring[place] for place in range(-wanted, 0)]

    async def tend(self, books: Callable[[], Books]) -> None:
        """Begin the file anew when it has grown, and write what could not be, until cancelled.

        Args:
            books: All that is known of faults after what was kept last.
        """
        limit = 0
        while True:
            await asyncio.sleep(TEND_S)
            if self.trouble is not None and not self._missing:
                self._write()
            tail = self._out.size - self._head
            if self._missing or tail > max(self._bound, self._head, limit):
                done = await self.begin_anew(books)
                limit = 0 if done else tail + self._bound

    async def begin_anew(self, books: Callable[[], Books]) -> bool:
        """Replace the file by one that begins with the books of now; whether that was done.

        Where it cannot be done, the file goes on as it is.
        """
        seq, size = self.seq, self._out.size
        try:
            self.acts.write()  # for it was the file that told of them
            await asyncio.to_thread(self._write_books, seq, books())
            self._switch(size)
        except OSError as error:
            self.failed += 1
            if self.trouble is None:
                where = {"file": self._path, "error": str(error)}
                log.warning("The journal of faults cannot be begun anew", extra=where)
            return False
        self._owed = [record for record in self._owed if record.seq > seq]
        if self._missing <= seq:
            self._missing = 0
            self._write()
        return True

    def close(self) -> None:
        """Let go of the files."""
        self._out.close()
        self.acts.close()
        os.close(self._lock)

    # -- within ----------------------------------------------------------------------------------

    def _note(self, record: Record) -> None:
        act = act_view(*record)
        if act is not None:
            self.acts.note(act)

    def _write(self) -> None:
        """Write all that is owed."""
        try:
            self._out.append(b"".join(self._lines()))
            self.kept, self._owed = self.seq, []
            self.acts.write()
        except OSError as error:
            self._fails(error)
            return
        if self.trouble is not None:
            log.info("Faults are on the disk again", extra={"file": self._path, "seq": self.seq})
            self.trouble = None

    def _lines(self) -> Iterator[bytes]:
        """What is owed, behind empty books where there are none."""
        if self._owed and not self._out.size:
            yield from begun(self._owed[0].seq - 1, Books())
        yield from map(written, self._owed)

    def _write_books(self, seq: int, books: Books) -> None:
        with self._beside.open("wb") as out:
            out.writelines(begun(seq, books))
            out.flush()
            os.fsync(out.fileno())

    def _switch(self, size: int) -> None:
        """Go on in the file beside, with what came behind the first ``size`` bytes meanwhile."""
        fresh = GrowingFile(self._beside, self._beside.stat().st_size)
        head = fresh.size
        try:
            fresh.append(self._out.since(size))
            fresh.take_place_of(self._path)
        except OSError:
            fresh.close()
            raise
        self._out.close()
        self._out, self._head = fresh, head
        self.begun_anew += 1

    @property
    def _beside(self) -> Path:
        return self._path.with_suffix(".new")

    def _fails(self, error: OSError) -> None:
        self.failed += 1
        if self.trouble is None:
            log.error("Faults cannot be written", extra={"file": self._path, "error": str(error)})
        self.trouble = f"faults are not on the disk: {error}"

    def _put_aside(self, size: int) -> None:
        """Keep what follows the first ``size`` bytes in a file of its own."""
        aside = next(path for path in map(self._aside, range(1, 1_000_000)) if not path.exists())
        with aside.open("xb") as out:
            out.write(self._path.read_bytes()[size:])
            out.flush()
            os.fsync(out.fileno())
        sync_folder(aside.parent)

    def _aside(self, number: int) -> Path:
        return self._path.with_suffix(f".damaged-{number}")

    def _report(self, found: Contents) -> None:
        where = {"file": self._path, "bytes": found.size, "records": len(found.records)}
        if found.end is End.TORN:
            log.warning("faults: the last write was not done, it is dropped", extra=where)
        elif found.end is End.DAMAGED:
            log.error("faults: damaged, what follows is put aside", extra=where)
