"""The spool: accepted rows on the disk, until every store has them."""

import logging
import os
import secrets
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from services.disk.growing import GrowingFile, sync_folder
from services.disk.lock import locked
from services.history.block import Block, Kept, block_of, decode, tally
from services.history.losses import OTHERS, Losses
from services.history.reader import Reader, Runs, Taken
from services.history.roll import Roll
from services.history.rows import FRESHNESS
from services.history.segment import Record, Segment, found_segments, new_segment, record_of

SEGMENTS: Final = 32
"""In how many parts the room is divided at the least: so much goes at once when it is full."""

LARGEST: Final = 32_000_000
"""Bytes of a segment."""

AT_ONCE: Final = 4
"""Blocks that are written together."""

_log = logging.getLogger(__name__)


class Spool:
    """Rows, numbered one after the other, in segments on the disk; the folder of one process.

    Each run of a process writes segments of its own, under a name of its own: so a number that was
    given and lost with the power is never given twice under one name.

    Two buffers. The files: ``limit`` bytes; when they are full the oldest segment goes, and what a
    reader did not have of it is lost, counted by reader and by point. The latest blocks in memory,
    for readers that keep up and for a disk that takes nothing: ``most`` rows; the oldest go, which
    is a loss, counted in the same way, where they are not on the disk.

    ``number`` and ``write`` are called in one thread at a time, ``take`` in one for each reader.
    """

    def __init__(self, folder: Path, limit: int, most: int, losses: Losses) -> None:
        """Open the folder, or begin it.

        Raises:
            OSError: It cannot be used, or another process does.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder_lock = locked(folder / "lock", "this spool")
        self._folder = folder
        self._limit = limit
        self._most = most
        self._losses = losses
        self.run: Final = secrets.token_hex(8)
        self.readers: list[Reader] = []
        self._segments = found_segments(folder)
        self.upto = self._segments[-1].upto if self._segments else 0
        """Number of the row behind the last."""
        self._drop_empty()
        self.begun = self.upto
        """Where this run's numbers begin."""
        self.synced = self.upto
        """Number of the row behind the last one that is on the disk."""
        self._roll = Roll(FRESHNESS)
        self._memory: deque[Block] = deque()
        self.remembered = 0
        """Rows in memory."""
        self._out: GrowingFile | None = None
        self._tried = 0  # bytes that were to be written last
        self._guard = Lock()  # of all that several threads see
        self.failed = 0
        """Times that it could not be written."""
        self.damaged = 0
        """Times that a reader met bytes which were not what had been written."""
        self.dropped = 0
        """Rows that went from a full disk, had by some readers or not."""
        self.trouble: str | None = None
        """Why rows are not on the disk; None while all is well."""

    @property
    def first(self) -> int:
        """Number of the first row that is still there."""
        with self._guard:
            if self._segments:
                return self._segments[0].first
            return self._memory[0].first if self._memory else self.upto

    @property
    def bytes(self) -> int:
        """What the files have."""
        with self._guard:
            return sum(segment.size for segment in self._segments)

    @property
    def runs(self) -> Runs:
        """Who numbered what there is on the disk."""
        with self._guard:
            runs: dict[str, tuple[int, int]] = {}
            for segment in self._segments:
                first, _ = runs.get(segment.run, (segment.first, 0))
                runs[segment.run] = first, segment.upto
            return runs

    def reader(self, name: str) -> Reader:
        """A reader of that name, which begins with the first row that is there."""
        reader = Reader(name, self._folder, self.first, self.upto)
        with self._guard:
            self.readers.append(reader)
        return reader

    def resume(self, reader: Reader, had: Mapping[str, int]) -> None:
        """Let a reader begin behind what its store has of each run."""
        runs = self.runs
        with self._guard:
            reader.resume(runs, had)

    # -- in ----------------------------------------------------------------------------------------

    def number(self, rows: Sequence[Kept]) -> None:
        """Take rows in; they are in memory alone until the next ``write``."""
        if self._roll.full:
            self._roll = Roll(FRESHNESS)
        block = block_of(rows, self.upto, self._roll)
        with self._guard:
            self._memory.append(block)
            self.remembered += block.rows
            self.upto = block.upto

    def write(self) -> None:
        """Have all that is in memory alone on the disk; where that fails there is ``trouble``.

        Then it waits in memory, where readers have it all the same, for the next ``write``.
        """
        self._try()
        with self._guard:
            lost = self._shrink(self._most)
        self._losses.add(lost)

    def close(self) -> None:
        """Let go of the folder. What is in memory alone is lost; what every reader has, goes."""
        with self._guard:
            lost = self._shrink(0)
        self._losses.add(lost)
        if lost:
            _log.error("Readings in memory are lost", extra={"rows": sum(lost.values())})
        self._shut()
        self.release()
        os.close(self._folder_lock)

    # -- out ---------------------------------------------------------------------------------------

    def take(self, reader: Reader) -> Taken | None:
        """The next block, in a reader's hand from now on; None where it has all.

        Raises:
            OSError: The disk cannot be read.
        """
        while True:
            with self._guard:
                if reader.next >= self.upto:
                    return None
                segment = self._holding(reader.next)
                if segment is None and not self._memory:
                    reader.lose(self.upto)
                    return None
                if segment is None:
                    place = bisect_right(self._memory, reader.next, key=lambda each: each.upto)
                    return reader.takes(self.run, self._memory[place])
            record = self._read(reader, segment)
            block = None if record is None else decode(record.data)
            with self._guard:
                if record is None or block is None:
                    reader.lose(segment.upto)
                    continue
                reader.place = segment.file, record.end
                taken = reader.takes(segment.run, block)
            if taken is not None:
                return taken

    def release(self) -> None:
        """Remove the segments that every reader has; not the one that is being written."""
        done = min((reader.done for reader in self.readers), default=0)
        with self._guard:
            growing = self._segments[-1] if self._out is not None else None
            had = [each for each in self._segments if each.upto <= done and each is not growing]
            self._segments = [each for each in self._segments if each not in had]
        for segment in had:
            segment.file.unlink(missing_ok=True)

    # -- within ------------------------------------------------------------------------------------

    def _try(self) -> None:
        with self._guard:
            alone = takewhile(lambda block: block.first >= self.synced, reversed(self._memory))
            waiting = list(alone)[::-1]
        try:
            for start in range(0, len(waiting), AT_ONCE):
                self._append(waiting[start : start + AT_ONCE])
            if self.trouble is not None:
                self._probe()
        except OSError as error:
            self.failed += 1
            if self.trouble is None:
                where = {"folder": self._folder, "error": str(error)}
                _log.error("History cannot be spooled, readings wait in memory", extra=where)
            self.trouble = f"history is not on the disk: {error}"
            self._shut()  # what it has behind its last whole block is not to be trusted

    def _append(self, blocks: Sequence[Block]) -> None:
        """Put blocks on the disk, by one write and one sync."""
        upto = blocks[-1].upto
        if self.readers and all(reader.done >= upto for reader in self.readers):
            self.synced = upto  # nobody needs them there any more
            return
        data = b"".join(map(record_of, blocks))
        self._tried = len(data)
        self._make_room(len(data))
        out, segment = self._open(blocks[0].first, len(data))
        out.append(data)
        with self._guard:
            segment.size, segment.upto = out.size, upto
            self.synced = upto
        self._recover()

    def _probe(self) -> None:
        """See whether the disk takes as much as it last did not: every store has that by now."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / "probe"
        try:
            probe = GrowingFile(file, 0)
            try:
                probe.append(bytes(self._tried))
            finally:
                probe.close()
        finally:
            file.unlink(missing_ok=True)
        self._recover()

    def _recover(self) -> None:
        if self.trouble is not None:
            _log.info("History is spooled again", extra={"folder": self._folder})
            self.trouble = None

    def _shut(self) -> None:
        """Let go of the segment that is being written; it goes if it has nothing."""
        if self._out is None:
            return
        self._out.close()
        with self._guard:
            self._out = None
            empty = None if self._segments[-1].size else self._segments.pop()
        if empty is not None:
            empty.file.unlink(missing_ok=True)

    def _open(self, first: int, size: int) -> tuple[GrowingFile, Segment]:
        """The segment for the next block: another one when the last is full."""
        if self._out is not None and self._out.size + size > min(LARGEST, self._limit // SEGMENTS):
            self._shut()
        if self._out is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            segment = new_segment(self._folder, self.run, first)
            self._out = GrowingFile(segment.file, 0)
            with self._guard:
                self._segments.append(segment)
        return self._out, self._segments[-1]

    def _make_room(self, size: int) -> None:
        """Let the oldest segments go until there is room."""
        while len(self._segments) > 1 and self.bytes + size > self._limit:
            with self._guard:
                oldest = self._segments.pop(0)
                behind = min((reader.next for reader in self.readers), default=oldest.upto)
                for reader in self.readers:
                    reader.lose(oldest.upto)
            self.dropped += oldest.upto - oldest.first
            self._count_segment(oldest, behind)
            oldest.file.unlink(missing_ok=True)

    def _shrink(self, most: int) -> dict[str, int]:
        """Keep so many rows in memory; what somebody will not have for that, by point."""
        lost: dict[str, int] = {}
        while self.remembered > most:
            block = self._memory.popleft()
            self.remembered -= block.rows
            if block.first < self.synced:
                continue
            self.synced = block.upto
            if any(reader.next < block.upto for reader in self.readers):
                counts = np.bincount(block.point, minlength=len(block.points)).tolist()
                for point, count in zip(block.points, counts, strict=True):
                    lost[point.id] = lost.get(point.id, 0) + count
            for reader in self.readers:
                if reader.next >= block.first:  # any other finds out when it comes there
                    reader.lose(block.upto)
        return lost

    def _holding(self, number: int) -> Segment | None:
        """The segment in which a row is, or the first behind it; None where it is in memory."""
        if self._memory and self._memory[0].first <= number:
            return None
        return next((each for each in self._segments if each.upto > number), None)

    def _read(self, reader: Reader, segment: Segment) -> Record | None:
        """What a reader has not had of a segment; None where there is none of it any more."""
        file, offset = reader.place or (segment.file, 0)
        try:
            record = segment.read(offset if file == segment.file else 0)
            while record is not None and record.upto <= reader.next:
                record = segment.read(record.end)
        except FileNotFoundError:  # it went meanwhile
            return None
        if record is None or record.skipped:
            self.damaged += 1
            _log.error("A part of the spool is damaged, it is passed over", extra=_of(segment))
        return record

    def _count_segment(self, segment: Segment, behind: int) -> None:
        """Count by point what somebody did not have of a segment that goes."""
        missing = segment.upto - max(segment.first, behind)
        try:
            record = segment.read(0)
            while record is not None:
                if record.upto > behind:
                    self._losses.add(tally(record.data))
                    missing -= record.upto - max(record.first, behind)
                record = segment.read(record.end)
        except OSError as error:
            _log.warning("Cannot tell by point what is lost: %s", error, extra=_of(segment))
        self._losses.add({OTHERS: missing} if missing > 0 else {})

    def _drop_empty(self) -> None:
        """Remove a last segment in which nothing came to its end."""
        while self._segments and self._segments[-1].upto == self._segments[-1].first:
            empty = self._segments.pop()
            _log.warning("A spool file with nothing whole in it goes", extra={"file": empty.file})
            empty.file.unlink()
        sync_folder(self._folder)


def _of(segment: Segment) -> dict[str, object]:
    return {"file": segment.file}
