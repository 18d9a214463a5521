"""Processes that a benchmark starts: asked by lines, and watched for what they take."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

_LINE: Final = 2**20
"""Bytes of the longest answer."""

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE_MIB: Final = os.sysconf("SC_PAGE_SIZE") / 2**20
_PPID, _UTIME, _STIME = 1, 11, 12  # behind the name in /proc/PID/stat, see proc(5)


class Usage(NamedTuple):
    """What a process took so far."""

    cpu_s: float
    resident_mib: float


class Running:
    """A process that said its first line."""

    def __init__(self, process: asyncio.subprocess.Process, said: str) -> None:
        self.said = said
        self.pid = process.pid
        self._process = process

    async def ask(self, order: bytes = b"") -> bytes:
        """Its answer, a line, to a line.

        Raises:
            RuntimeError: It has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order + b"\n")
        answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"process {self.pid} has ended")
        return answer

    async def end(self) -> None:
        """End it in good order."""
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Running]:
    """A module as a process that has said its first line; nothing that is set here counts there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE,
        env={},
    )
    assert process.stdout is not None
    begun = Running(process, "")
    try:
        begun.said = (await process.stdout.readline()).decode()
        if not begun.said:
            raise RuntimeError(f"it did not start: {' '.join(arguments)}")
        yield begun
    finally:
        await begun.end()


async def orders() -> asyncio.StreamReader:
    """What a process of these is asked, line by line."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def usage(pid: int) -> Usage:
    """What a process took so far; only Linux tells."""
    stat, pages = _stat(Path(f"/proc/{pid}")), Path(f"/proc/{pid}/statm").read_text().split()[1]
    return Usage((int(stat[_UTIME]) + int(stat[_STIME])) / _TICKS, int(pages) * _PAGE_MIB)


def child(*names: str) -> int:
    """The process of our own that runs one of these programs.

    Raises:
        LookupError: There is none.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, stat = (folder / "comm").read_text().strip(), _stat(folder)
        except OSError:  # it has ended
            continue
        if name in names and int(stat[_PPID]) == os.getpid():
            return int(folder.name)
    raise LookupError(f"no child process named {' or '.join(names)}")


def _stat(folder: Path) -> list[str]:
    return (folder / "stat").read_text().rpartition(")")[2].split()
