"""Locks: one process at a time has a file or a folder."""

import fcntl
import os
from pathlib import Path


def locked(file: Path, what: str) -> int:
    """Be the only process that has ``file``; returns what holds it, to be closed by ``os.close``.

    Args:
        file: Made where there is none, and never removed: whoever waits for it may have it open.
        what: It stands for, as said to whoever comes second.

    Raises:
        OSError: Another process has it.
    """
    fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise OSError(f"{file}: another process keeps {what}") from error
    return fd
