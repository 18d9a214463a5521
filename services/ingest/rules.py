"""The rules file on disk."""

import logging
from collections.abc import Callable
from pathlib import Path

from schemas.rules_file import RulesFileError, parse
from services.ingest import edited
from services.ingest.edited import Edited
from twin.faults.thresholds import SiteRules

log = logging.getLogger(__name__)


def read(file: Path) -> SiteRules:
    """What is judged by a rules file.

    Raises:
        RulesFileError: It cannot be read or used, and why, with its name before each reason.
    """
    return edited.read(file, parse, RulesFileError)


class RulesFile(Edited[SiteRules]):
    """A rules file that may change while we run; what it said last is held by whoever judges."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, "rules file", parse, RulesFileError)

    async def watch(self, take: Callable[[SiteRules], None]) -> None:
        """Have every new version taken, until cancelled."""
        async for rules in self.versions():
            take(rules)
            log.info("rules file read anew", extra={"rules": len(rules.rules.by_code)})
