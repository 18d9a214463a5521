"""Refused: rows that a store will never take, in a file for whoever looks after it."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from schemas.documents import finite
from schemas.rfc3339 import format_instant
from services.disk.rolling import RollingFile
from services.history.block import Block
from services.history.store import Refused
from twin.instants import Instant

MOST: Final = 16_000_000
"""Bytes of the file: some 60,000 rows."""

_log = logging.getLogger(__name__)


class RefusedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row that was refused."""

    why: str
    point: str
    value: float | None
    quality: int
    measured_at: str | int
    """Milliseconds since 1970 where there is no calendar for it."""
    received_at: str | int
    text: str = ""


class RefusedRows:
    """A line of JSON for each row that was refused.

    Bound and overflow as of a ``RollingFile``. On a full disk rows go, counted in ``lost``.
    """

    def __init__(self, file: Path, most: int = MOST) -> None:
        self._path = file
        self._file = RollingFile(file, most)
        self.kept = 0
        self.lost = 0

    @property
    def forgotten(self) -> int:
        """Files that went."""
        return self._file.forgotten

    def keep(self, block: Block, refused: Iterable[Refused]) -> None:
        """Put refused rows of a block at the end of the file."""
        lines = [msgspec.json.encode(row) + b"\n" for row in _told(block, refused)]
        try:
            self._file.append(lines)
        except OSError as error:
            self.lost += len(lines)
            _log.error("Refused readings are lost: %s", error, extra={"file": self._path})
            return
        self.kept += len(lines)


def _told(block: Block, refused: Iterable[Refused]) -> Iterator[RefusedRow]:
    for row, why in refused:
        yield RefusedRow(
            why,
            block.points[block.point[row]].id,
            finite(float(block.value[row])),
            int(block.quality[row]),
            _moment(int(block.measured_at[row])),
            _moment(int(block.received_at[row])),
            block.texts.get(row, ""),
        )


def _moment(at: int) -> str | int:
    try:
        return format_instant(Instant(at))
    except (ValueError, OverflowError):
        return at
