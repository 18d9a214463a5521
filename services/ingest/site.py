"""The fleet file on disk: read at the start, and anew whenever it changes."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from schemas.fleet_file import FleetFileError, parse
from twin.fleet import Fleet
from twin.points import EntityId
from twin.site import Site

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0

Touched = Callable[[Iterable[EntityId]], None]
"""Told whose documents changed."""

_Stamp = tuple[int, int, int]


def read(file: Path) -> Site:
    """What a fleet file says.

    Raises:
        FleetFileError: It cannot be read or used, and why, with its name before each reason.
    """
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FleetFileError as error:
        reasons = str(error).splitlines()
        raise FleetFileError("\n".join(f"{file}: {reason}" for reason in reasons)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise FleetFileError(f"{file}: {error}") from error


class SiteFile:
    """A fleet file that may change while we run; what it said last is held by the fleet.

    A version that cannot be used is logged once and counted; what was there before stays.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.refused = 0
        """Versions that could not be used."""
        self._seen: _Stamp | None = None

    def load(self) -> Site:
        """What it says now.

        Raises:
            FleetFileError: It cannot be used.
        """
        self._seen = self._stamp()
        return read(self.file)

    def look(self) -> Site | None:
        """What it says, where it changed since last time and can be used."""
        before = self._seen
        if self._stamp() == before:
            return None
        try:
            return self.load()
        except FleetFileError as error:
            self.refused += 1
            log.warning("fleet file not used: what was there stays", extra={"error": str(error)})
            return None

    async def watch(self, fleet: Fleet, touched: Touched) -> None:
        """Configure ``fleet`` anew whenever the file changes, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            site = await asyncio.to_thread(self.look)
            if site is not None:
                found = fleet.configure(site)
                touched(found)
                log.info("fleet file read anew", extra={"entities": len(found)})

    def _stamp(self) -> _Stamp | None:
        """What tells two versions of it apart; None where it cannot be looked at."""
        try:
            stat = self.file.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
