"""Segments: the files of a spool, each of blocks one behind the other."""

import re
from io import BufferedReader
from itertools import pairwise
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from services.disk.frames import HEADER, fits, frame, length_of
from services.history.block import Block, encode

_MAGIC: Final = b"RTB1"
_HEAD: Final = Struct("<4sQI")
"""Before each block: a mark by which it is found behind damage, its first row, its rows."""

_NAME: Final = re.compile(r"(\d{20})-([0-9a-f]{16})\.spool")


class Record(NamedTuple):
    """One block as it lies in a segment."""

    first: int
    upto: int
    data: bytes
    """What ``services.history.block.decode`` reads."""
    end: int
    """Where in the file the next one begins."""
    skipped: int
    """Bytes before it that were not what had been written."""


class Segment:
    """A file of one run of a process, which alone writes it, and only at its end."""

    def __init__(self, file: Path, run: str, first: int, size: int = 0) -> None:
        self.file = file
        self.run = run
        """Who wrote it: names its rows together with their numbers."""
        self.first = first
        self.upto = first
        """Number of the row behind its last."""
        self.size = size
        """Bytes of it that are on the disk."""

    def read(self, offset: int) -> Record | None:
        """The first whole block at ``offset`` or behind it; None where there is none.

        Raises:
            OSError: It cannot be read, or is gone.
        """
        with self.file.open("rb") as file:
            start = offset
            while start < self.size:
                record = _at(file, start, self.size)
                if record is not None:
                    return record._replace(skipped=start - offset)
                start = _next(file, start, self.size)
        return None


def new_segment(folder: Path, run: str, first: int) -> Segment:
    """A segment that has nothing yet, not even a file."""
    return Segment(folder / f"{first:020}-{run}.spool", run, first)


def found_segments(folder: Path) -> list[Segment]:
    """What earlier runs left, in order of number; each ends where the next one begins.

    Raises:
        OSError: It cannot be read.
    """
    found = [
        Segment(file, match[2], int(match[1]), file.stat().st_size)
        for file in sorted(folder.iterdir())
        if (match := _NAME.fullmatch(file.name)) is not None
    ]
    for segment, following in pairwise(found):
        segment.upto = following.first
    for segment in found[-1:]:
        _find_end(segment)
    return found


def record_of(block: Block) -> bytes:
    """A block as it is put at the end of a segment."""
    return frame(_HEAD.pack(_MAGIC, block.first, block.rows) + encode(block))


def _find_end(segment: Segment) -> None:
    """Look through the last one: what was not written to its end never counted."""
    record = segment.read(0)
    while record is not None:
        segment.upto = record.upto
        record = segment.read(record.end)


def _at(file: BufferedReader, start: int, size: int) -> Record | None:
    """The block at a place; None where no whole one is there."""
    file.seek(start)
    header = file.read(HEADER)
    length = length_of(header)
    end = start + HEADER + (length or 0)
    if length is None or length < _HEAD.size or end > size:
        return None
    payload = file.read(length)
    if not fits(header, payload):
        return None
    _, first, rows = _HEAD.unpack(payload[: _HEAD.size])
    return Record(first, first + rows, payload[_HEAD.size :], end, 0)


def _next(file: BufferedReader, start: int, size: int) -> int:
    """Where another block may begin behind a place at which there is none."""
    behind = start + HEADER + 1
    file.seek(behind)
    mark = file.read(size - behind).find(_MAGIC) if behind < size else -1
    return size if mark < 0 else behind + mark - HEADER
