"""Acts: what operators did, in a file that is only ever added to, a line of JSON each."""

import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from schemas.acts import ActView
from schemas.rfc3339 import format_instant
from services.disk.growing import GrowingFile
from twin.instants import Instant

log = logging.getLogger(__name__)


class Acts:
    """The audit journal.

    The file grows with every act and is never rewritten: some 400 bytes each. What waits to be
    written is as much as people do while nothing can be written, when the API refuses them; it may
    be written by another thread while more is noted.
    """

    def __init__(self, file: Path) -> None:
        """Open the file.

        Raises:
            OSError: It cannot be used.
        """
        self._path = file
        self.refused = 0
        """Lines that could not be read at the start."""
        self.last = 0
        """The highest number that is in the file or waits to be."""
        size = self._look_through()
        self._file = GrowingFile(file, size)
        self._owed: list[ActView] = []

    def note(self, act: ActView) -> None:
        """Have an act written next time, if it was not written yet."""
        if act.seq > self.last:
            self.last = act.seq
            self._owed.append(act)

    def write(self, upto: int) -> None:
        """Write what was noted, up to a number; it is on the disk on return.

        Raises:
            OSError: It is not, and is written next time.
        """
        lines = [
            each.model_dump_json().encode() + b"\n" for each in [*self._owed] if each.seq <= upto
        ]
        if lines:
            self._file.append(b"".join(lines))
            del self._owed[: len(lines)]

    def __call__(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        entity: str | None = None,
        by: str | None = None,
    ) -> Iterator[ActView]:
        """The acts from ``since`` on and before ``until``, on a thing, by somebody; oldest first.

        It reads the file, and can do so in any thread.
        """
        first = "" if since is None else format_instant(since)
        last = "~" if until is None else format_instant(until)  # behind every instant's text
        with self._path.open("rb") as lines:
            for line in lines:
                act = _act(line)
                if (
                    act is not None
                    and first <= act.at < last
                    and entity in {None, act.entity}
                    and by in {None, act.by}
                ):
                    yield act

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _look_through(self) -> int:
        """Find the last act; returns how many bytes are whole lines."""
        if not self._path.exists():
            return 0
        size = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # a write that did not come to its end
                size += len(line)
                act = _act(line)
                if act is None:
                    self.refused += 1
                else:
                    self.last = max(self.last, act.seq)
        if self.refused:
            log.error("acts: lines not read", extra={"file": self._path, "lines": self.refused})
        return size


def _act(line: bytes) -> ActView | None:
    try:
        return ActView.model_validate_json(line)
    except ValidationError:
        return None
