"""A file that only grows, by whole writes that are on the disk when they are done."""

import os
from pathlib import Path


class GrowingFile:
    """A file at whose end bytes are put: all of them, or none that count.

    What a failed write left is cut off before the next one. It is written anew then, and never
    synced once more: after a failed ``fsync`` Linux takes lost pages for written.
    """

    def __init__(self, file: Path, size: int) -> None:
        """Open it, or begin it.

        Args:
            file: Where it is.
            size: Bytes of it that count; what follows is cut off before the next write.
        """
        self._file = file
        self._named = file.exists()
        self._fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._frayed = os.fstat(self._fd).st_size != size
        self.size = size

    def append(self, data: bytes) -> None:
        """Put ``data`` at the end; they are on the disk on return.

        Raises:
            OSError: They are not, and do not count.
        """
        if self._frayed:
            os.ftruncate(self._fd, self.size)
        self._frayed = True
        left = memoryview(data)
        while left:
            left = left[os.write(self._fd, left) :]
        os.fsync(self._fd)
        if not self._named:
            sync_folder(self._file.parent)
            self._named = True
        self._frayed = False
        self.size += len(data)

    def since(self, start: int) -> bytes:
        """What was put behind the first ``start`` bytes."""
        return os.pread(self._fd, self.size - start, start)

    def take_place_of(self, file: Path) -> None:
        """Be the file of that name from now on; on the disk it is after the next ``append``."""
        self._file.replace(file)
        self._file = file
        self._named = False

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
