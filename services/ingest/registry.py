"""The registry: every point's metadata on disk, because the bus may not have it any more.

Retained metadata is dropped, capped and not carried between clusters by the DSX event bus. What was
described once is known after a restart; values come by themselves within one republish.
"""

import asyncio
import logging
import os
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from schemas import bms
from schemas.drift import Drift
from schemas.envelope import Envelope
from schemas.errors import DecodeError
from twin.fleet import Fleet
from twin.instants import Instant

log = logging.getLogger(__name__)

SAVE_EVERY_S: Final = 5.0

_decode: Final = msgspec.json.Decoder(tuple[str, str]).decode


class Registry:
    """The last metadata message of every topic, kept in one file.

    Bounded by the number of points. The file is replaced as a whole, so a crash leaves the last
    whole one, at most ``SAVE_EVERY_S`` old.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, bytes] = {}
        self._changed = False

    def note(self, envelope: Envelope) -> None:
        """Keep a metadata message; an empty one takes the topic's back."""
        self._changed = True
        if envelope.payload:
            self._kept[envelope.topic] = envelope.payload
        else:
            self._kept.pop(envelope.topic, None)

    def restore(self, fleet: Fleet, at: Instant) -> int:
        """Describe every kept point to ``fleet``; returns how many lines could not be used."""
        if not self._file.exists():
            return 0
        refused = 0
        for line in self._file.read_bytes().splitlines():
            try:
                topic, payload = _decode(line)
                point = bms.decode(topic, payload.encode(), Counter[Drift]())
            except (msgspec.DecodeError, DecodeError):
                refused += 1
                continue
            fleet.apply(point, at)
            self._kept[topic] = payload.encode()
        if refused:
            log.warning("registry: lines not used", extra={"file": self._file, "lines": refused})
        return refused

    async def keep(self) -> None:
        """Save whenever something changed, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(SAVE_EVERY_S)
                if self._changed:
                    await asyncio.to_thread(self._write, self._taken())
        finally:
            self.save()

    def save(self) -> None:
        """Replace the file, if anything changed since it was written."""
        if self._changed:
            self._write(self._taken())

    def _taken(self) -> list[tuple[str, bytes]]:
        """What is to be written, apart from what goes on changing meanwhile."""
        self._changed = False
        return list(self._kept.items())

    def _write(self, kept: list[tuple[str, bytes]]) -> None:
        lines = (msgspec.json.encode((topic, payload.decode())) for topic, payload in sorted(kept))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        with fresh.open("wb") as out:
            out.writelines(line + b"\n" for line in lines)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._file)
