"""The fleet file on disk."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from schemas.fleet_file import FleetFileError, parse
from services.ingest import edited
from services.ingest.edited import Edited
from twin.fleet import Fleet
from twin.points import EntityId
from twin.site import Site

log = logging.getLogger(__name__)

Touched = Callable[[Iterable[EntityId]], None]
"""Told whose documents changed."""


def read(file: Path) -> Site:
    """What a fleet file says.

    Raises:
        FleetFileError: It cannot be read or used, and why, with its name before each reason.
    """
    return edited.read(file, parse, FleetFileError)


class SiteFile(Edited[Site]):
    """A fleet file that may change while we run; what it said last is held by the fleet."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, "fleet file", parse, FleetFileError)

    async def watch(self, fleet: Fleet, touched: Touched) -> None:
        """Configure ``fleet`` anew whenever the file changes, until cancelled."""
        async for site in self.versions():
            found = fleet.configure(site)
            touched(found)
            log.info("fleet file read anew", extra={"entities": len(found)})
