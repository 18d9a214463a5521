"""Letters: what could not be delivered, in a file for whoever looks after it."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from schemas.rfc3339 import format_instant
from services.disk.rolling import RollingFile, earlier
from twin.instants import Instant

MOST: Final = 4_000_000
"""Bytes of the file: some 3,000 letters."""

FILE: Final = "notify-dead.ndjson"
"""Behind the role, in the data folder."""

_log = logging.getLogger(__name__)


class Letter(msgspec.Struct, frozen=True):
    """One notice that was given up."""

    at: str
    id: str
    tries: int
    error: str
    body: msgspec.Raw
    """As it would have been delivered."""


class DeadLetters:
    """A line of JSON for each notice that was given up.

    Bound: ``most`` bytes, and as many in the file before it (``.1``). Overflow: that one goes,
    counted in ``forgotten``. On a full disk letters go, counted in ``lost``.
    """

    def __init__(self, file: Path, most: int = MOST) -> None:
        self._file = RollingFile(file, most)
        self.kept = 0
        self.lost = 0

    @property
    def forgotten(self) -> int:
        """Files that went."""
        return self._file.forgotten

    def keep(self, letters: Iterable[Letter]) -> None:
        """Put letters at the end of the file."""
        lines = [msgspec.json.encode(letter) + b"\n" for letter in letters]
        try:
            self._file.append(lines)
        except OSError as error:
            self.lost += len(lines)
            _log.error("Notices are lost: %s", error)
            return
        self.kept += len(lines)


class Unread(NamedTuple):
    """What lies in a file of dead letters."""

    letters: int
    last: Letter | None
    """The latest that can be read."""


def letter(at: Instant, identity: str, tries: int, error: str, body: bytes) -> Letter:
    """A notice that is given up."""
    return Letter(format_instant(at), identity, tries, error, msgspec.Raw(body))


def unread(file: Path) -> Unread:
    """What was put in a file and the one before it, and is there still.

    Raises:
        OSError: They cannot be read.
    """
    count, last = 0, b""
    for each in (earlier(file), file):
        if each.exists():
            with each.open("rb") as lines:
                for line in lines:
                    count, last = count + 1, line
    try:
        return Unread(count, msgspec.json.decode(last, type=Letter))
    except msgspec.MsgspecError:
        return Unread(count, None)
