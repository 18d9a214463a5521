"""``racktwin`` as a child process of a test, and what it answers."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 40.0


class Racktwin:
    """A running command that said where its API is."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self.process = process
        self.address = address.rstrip("/")

    async def get(self, path: str) -> httpx.Response:
        """Answer of the API, or of the root where the path begins with a slash."""
        base = self.address if path.startswith("/") else f"{self.address}/api/v1/"
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            return await client.get(f"{base}{path}")

    async def document(self, path: str) -> Any:  # noqa: ANN401  # JSON is any
        """The JSON of an answer."""
        return (await self.get(path)).json()

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as a person or an init system would; its exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


def environment(**more: str) -> dict[str, str]:
    """The environment of a child, without settings that are not the test's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RACKTWIN_")}
    return {**kept, **more}


@asynccontextmanager
async def racktwin(*arguments: str, data: Path, **settings: str) -> AsyncIterator[Racktwin]:
    """A command that serves, for the length of a block; killed at its end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", *arguments),
        stdout=asyncio.subprocess.PIPE,
        env=environment(RACKTWIN_DATA=str(data), **settings),
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
        yield Racktwin(process, line.decode().split()[-1])
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)  # so that its coverage is written
            await process.wait()


async def done(*arguments: str, **settings: str) -> tuple[int, bytes]:
    """Run a command to its end: exit code and stdout."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", *arguments),
        stdout=asyncio.subprocess.PIPE,
        env=environment(**settings),
    )
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out


async def said(*command: str | Path) -> bytes:
    """What any program says before it ends well."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out


async def until(reached: Callable[[], Awaitable[object]]) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(PATIENCE_S):
        while not await reached():  # noqa: ASYNC110  # what is outside sets no event
            await asyncio.sleep(0.05)
