"""Records: what a journal of faults consists of, and how it is read back.

A journal begins with its books: a head, then the faults in parts. Behind them comes one record for
each thing that happened since. All of it is MessagePack, which keeps every number as it is; fields
have no names, so new ones are put at the end and have a default, and all else is a new version.
"""

import operator
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from services.disk.frames import HEADER, End, Frames, frame, frames_of
from twin.changes import FaultChanged
from twin.fault import Fault
from twin.faults.ledger import Books

VERSION: Final = 1

PART: Final = 64
"""Faults that are written at once, so that others can go on meanwhile."""


class UnknownFormatError(Exception):
    """What is written there is whole, and not of a version that can be read."""


class Head(NamedTuple):
    """What a journal begins with."""

    version: int
    seq: int
    """Of the last thing that the books know of."""
    books: Books
    """Without the faults."""
    live: int
    """So many that live follow …"""
    closed: int
    """… and so many that are over."""


class Record(NamedTuple):
    """One thing that happened to a fault."""

    seq: int
    """Counts them without a gap, across restarts."""
    change: FaultChanged
    address: str | None = None
    """Whence somebody acted."""


class Contents(NamedTuple):
    """What can be read of a journal."""

    books: Books
    records: list[Record]
    """Those that came after the books, without a gap."""
    seq: int
    """Of the last of them; never one that was told already, even where records are lost."""
    head: int
    """Bytes that the books take."""
    size: int
    """Bytes that all of it takes."""
    end: End
    """What comes then."""


_encode: Final = msgspec.msgpack.Encoder().encode
_head: Final = msgspec.msgpack.Decoder(Head).decode
_part: Final = msgspec.msgpack.Decoder(tuple[Fault, ...]).decode
_record: Final = msgspec.msgpack.Decoder(Record).decode


def written(record: Record) -> bytes:
    """A record as it is put at the end of a journal."""
    return frame(_encode(record))


def begun(seq: int, books: Books) -> Iterator[bytes]:
    """The beginning of a journal, in parts.

    Args:
        seq: Of the last thing that happened.
        books: All that is known of faults after it.
    """
    slim = books._replace(live=(), closed=())
    yield frame(_encode(Head(VERSION, seq, slim, len(books.live), len(books.closed))))
    faults = books.live + books.closed
    for start in range(0, len(faults), PART):
        yield frame(_encode(faults[start : start + PART]))


def read(data: bytes) -> Contents:
    """A journal as far as it is whole.

    Raises:
        UnknownFormatError: It is of another version.
    """
    frames = frames_of(data)
    try:
        return _read(frames, len(data))
    except msgspec.DecodeError as error:
        raise UnknownFormatError(f"not a journal of version {VERSION}: {error}") from error


def _read(frames: Frames, size: int) -> Contents:
    if not frames.payloads:
        lost = _at_most(size) if frames.end is End.DAMAGED else 0
        return Contents(Books(), [], lost, 0, 0, frames.end)
    payloads = iter(frames.payloads)
    head = _head(next(payloads))
    if head.version != VERSION:
        raise UnknownFormatError(f"a journal of version {head.version}, not {VERSION}")
    faults: list[Fault] = []
    end = frames.end
    while len(faults) < head.live + head.closed:
        payload = next(payloads, None)
        if payload is None:
            end = End.DAMAGED  # the books are whole before there is a record
            break
        faults += _part(payload)
    head_size = frames.sizes[len(frames.payloads) - operator.length_hint(payloads) - 1]
    live, closed = tuple(faults[: head.live]), tuple(faults[head.live :])
    books = head.books._replace(live=live, closed=closed)
    records: list[Record] = []
    seq = head.seq
    for record in map(_record, payloads):
        if record.seq > seq:  # else it was written while the books were, which know of it
            assert record.seq == seq + 1, record.seq
            records.append(record)
            seq = record.seq
    whole = frames.sizes[-1]
    if end is End.DAMAGED:
        seq += _at_most(size - whole)
    return Contents(books, records, seq, head_size, whole, end)


def _at_most(lost: int) -> int:
    """More records than so many bytes can have been."""
    return lost // HEADER + 1
