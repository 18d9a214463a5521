"""Frames: records one behind the other in a file, each with checks, so that a broken one shows."""

from enum import Enum
from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

_LENGTHS: Final = Struct("<II")
_CHECK: Final = Struct("<I")

HEADER: Final = _LENGTHS.size + _CHECK.size
"""Bytes before each payload: its length, its CRC-32, and the CRC-32 of these two.

The last tells a length that is wrong from a payload that is cut short.
"""


class End(Enum):
    """What follows the last whole frame."""

    WHOLE = "nothing"
    TORN = "the beginning of a frame: a write that did not come to its end"
    DAMAGED = "something else: what was written once is not there any more"


class Frames(NamedTuple):
    """The whole frames that some bytes begin with."""

    payloads: list[bytes]
    sizes: list[int]
    """Where each of them ends."""
    end: End


def frame(payload: bytes) -> bytes:
    """A payload with its checks."""
    lengths = _LENGTHS.pack(len(payload), crc32(payload))
    return b"".join((lengths, _CHECK.pack(crc32(lengths)), payload))


def frames_of(data: bytes) -> Frames:
    """All frames up to the first that is not whole."""
    payloads: list[bytes] = []
    sizes: list[int] = []
    start = 0
    while start < len(data):
        payload = _payload(data, start)
        if isinstance(payload, End):
            return Frames(payloads, sizes, payload)
        start += HEADER + len(payload)
        payloads.append(payload)
        sizes.append(start)
    return Frames(payloads, sizes, End.WHOLE)


def length_of(header: bytes) -> int | None:
    """How long the payload behind a whole header is; None where the header is not what it was."""
    lengths, check = header[: _LENGTHS.size], header[_LENGTHS.size :]
    if len(check) < _CHECK.size or _CHECK.unpack(check)[0] != crc32(lengths):
        return None
    length: int = _LENGTHS.unpack(lengths)[0]
    return length


def fits(header: bytes, payload: bytes) -> bool:
    """Whether a payload is what was framed, by its header."""
    checked: int = _LENGTHS.unpack(header[: _LENGTHS.size])[1]
    return crc32(payload) == checked


def _payload(data: bytes, start: int) -> bytes | End:
    header = data[start : start + HEADER]
    if len(header) < HEADER:
        return End.TORN
    length = length_of(header)
    if length is None:
        # a file system may have made room and not filled it
        return End.DAMAGED if data[start:].strip(b"\0") else End.TORN
    payload = data[start + HEADER : start + HEADER + length]
    if len(payload) < length:
        return End.TORN
    return payload if fits(header, payload) else End.DAMAGED
