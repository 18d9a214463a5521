"""A file of lines that never grows over its bound: the older half goes."""

from collections.abc import Sequence
from pathlib import Path


class RollingFile:
    """Lines at the end of a file.

    Bound: ``most`` bytes, and as many in the file before it (``.1``). Overflow: that one goes,
    counted in ``forgotten``.
    """

    def __init__(self, file: Path, most: int) -> None:
        self._file = file
        self._most = most
        self.forgotten = 0
        """Files that went."""

    def append(self, lines: Sequence[bytes]) -> None:
        """Put lines, each with its end, behind the others.

        Raises:
            OSError: They could not be written, or not all.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._file.exists() and self._file.stat().st_size > self._most:
            before = earlier(self._file)
            self.forgotten += before.exists()
            self._file.replace(before)
        with self._file.open("ab") as out:
            out.writelines(lines)


def earlier(file: Path) -> Path:
    """The file that was full before this one."""
    return file.with_name(f"{file.name}.1")
