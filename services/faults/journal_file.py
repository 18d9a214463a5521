"""The file of the journal of faults, and that of acts beside it: written by any thread."""

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from services.disk.growing import GrowingFile, sync_folder
from services.disk.lock import locked
from services.faults.acts import Acts
from services.faults.records import Contents, Record, begun, read, written
from twin.faults.ledger import Books


class JournalFile:
    """A journal as it is on the disk: books, and what happened since.

    Whoever writes waits for the disk, and for whoever writes already.
    """

    def __init__(self, file: Path) -> None:
        """Open the file and read it.

        Raises:
            OSError: It cannot be used, or another process does.
            UnknownFormatError: It is of a version that cannot be read.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = locked(file.with_suffix(".lock"), "the faults")
        self.path = file
        found = read(file.read_bytes() if file.exists() else b"")
        self.found: Contents | None = found
        """What was in it; None once somebody has it."""
        self.acts = Acts(file.with_name(f"{file.stem}-acts.ndjson"))
        self.kept = max(found.seq, self.acts.last)
        """Number of the latest change that is on the disk, its act in both files."""
        self._written = self.kept
        self.begun_anew = 0
        """Times that it was begun anew."""
        self._out = GrowingFile(file, found.size)
        self._head = found.head
        self._turn = Lock()

    @property
    def size(self) -> int:
        """Bytes of it that count."""
        return self._out.size

    @property
    def head(self) -> int:
        """Bytes that its books take."""
        return self._head

    def write(self, records: Sequence[Record]) -> None:
        """Put records at the end, by one write and one sync, and the acts among them into theirs.

        What is there already is passed over.

        Raises:
            OSError: They are not on the disk, or their acts are not.
        """
        with self._turn:
            fresh = [record for record in records if record.seq > self._written]
            head = b"".join(begun(fresh[0].seq - 1, Books())) if fresh and not self.size else b""
            self._out.append(b"".join([head, *map(written, fresh)]))
            self._head = self._head or len(head)
            self._written = fresh[-1].seq if fresh else self._written
            self.acts.write(self._written)
            self.kept = self._written

    def begin_anew(self, seq: int, books: Books, size: int) -> None:
        """Replace the file by one that begins with books, which take long to write.

        Others may write meanwhile.

        Args:
            seq: Of the last thing that the books know of.
            books: All that was known of faults after it.
            size: Of the file then, or before: what is behind is taken along.

        Raises:
            OSError: It goes on as it was.
        """
        with self._turn:
            self.acts.write(seq)  # for it was the file that told of them
        with self._beside.open("wb") as out:
            out.writelines(begun(seq, books))
            out.flush()
            os.fsync(out.fileno())
        with self._turn:
            self._switch(size)
            self._written = max(self._written, seq)
            self.kept = max(self.kept, seq)

    def put_aside(self) -> None:
        """Keep what follows the bytes that count in a file of its own.

        Raises:
            OSError: It cannot be kept.
        """
        aside = next(path for path in map(self._aside, range(1, 1_000_000)) if not path.exists())
        with aside.open("xb") as out:
            out.write(self.path.read_bytes()[self.size :])
            out.flush()
            os.fsync(out.fileno())
        sync_folder(aside.parent)

    def close(self) -> None:
        """Let go of the files."""
        self._out.close()
        self.acts.close()
        os.close(self._lock)

    def _switch(self, size: int) -> None:
        """Go on in the file beside, with what came behind the first ``size`` bytes meanwhile."""
        fresh = GrowingFile(self._beside, self._beside.stat().st_size)
        head = fresh.size
        try:
            fresh.append(self._out.since(max(size, self._head)))
            fresh.take_place_of(self.path)
        except OSError:
            fresh.close()
            raise
        self._out.close()
        self._out, self._head = fresh, head
        self.begun_anew += 1

    @property
    def _beside(self) -> Path:
        return self.path.with_suffix(".new")

    def _aside(self, number: int) -> Path:
        return self.path.with_suffix(f".damaged-{number}")
