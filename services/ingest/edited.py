"""Files that somebody edits while we run: read at the start, and anew whenever they change."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0

_T = TypeVar("_T")
_Stamp = tuple[int, int, int]


def read(file: Path, parse: Callable[[str], _T], refusal: type[ValueError]) -> _T:
    """What a file says.

    Args:
        file: Where it is.
        parse: Reads its text, and raises ``refusal`` where that cannot be used.
        refusal: Raised too where there is no text, with the file's name before each reason.
    """
    try:
        return parse(file.read_text(encoding="utf-8"))
    except refusal as error:
        reasons = str(error).splitlines()
        raise refusal("\n".join(f"{file}: {reason}" for reason in reasons)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise refusal(f"{file}: {error}") from error


class Edited(Generic[_T]):
    """A file that may change while we run.

    A version that cannot be used is logged once and counted; what was there before stays.

    Args:
        file: Where it is.
        name: What it is called in the log.
        parse: As of ``read``.
        refusal: As of ``read``.
    """

    def __init__(
        self, file: Path, name: str, parse: Callable[[str], _T], refusal: type[ValueError]
    ) -> None:
        self.file = file
        self.refused = 0
        """Versions that could not be used."""
        self._name = name
        self._parse = parse
        self._refusal = refusal
        self._seen: _Stamp | None = None

    def load(self) -> _T:
        """What it says now, or the refusal raised."""
        self._seen = self._stamp()
        return read(self.file, self._parse, self._refusal)

    def look(self) -> _T | None:
        """What it says, where it changed since last time and can be used."""
        before = self._seen
        if self._stamp() == before:
            return None
        try:
            return self.load()
        except self._refusal as error:
            self.refused += 1
            log.warning(
                "%s not used: what was there stays", self._name, extra={"error": str(error)}
            )
            return None

    async def versions(self) -> AsyncIterator[_T]:
        """Every version that can be used, as it comes."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            said = await asyncio.to_thread(self.look)
            if said is not None:
                yield said

    def _stamp(self) -> _Stamp | None:
        """What tells two versions of it apart; None where it cannot be looked at."""
        try:
            stat = self.file.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
