"""The stand-in for InfluxDB in a process of its own, which suffers from what it is told."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from influx_server import BUCKET, TOKEN, InfluxServer

ROOT = Path(__file__).parents[1]
PATIENCE_S = 20.0


class InfluxProcess:
    """The other process, as a test sees it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    @property
    def settings(self) -> dict[str, str]:
        """As environment of who writes to it."""
        return {
            "RACKTWIN_HISTORY__STORE": "influx2",
            "RACKTWIN_HISTORY__URL": f"http://127.0.0.1:{self.port}",
            "RACKTWIN_HISTORY__TOKEN": TOKEN,
        }

    async def suffer(self, **what: Any) -> None:  # noqa: ANN401  # attributes of the server
        """Be so from now on; ``up`` says whether it listens."""
        await self._say(what)

    async def heal(self) -> None:
        """Be well again."""
        await self.suffer(up=True, fault=None, bucket=BUCKET, retry_after=None, delay_s=0.0)

    async def values(self) -> list[float]:
        """Every value of ``RackPower`` that is kept, in order of its time."""
        return list((await self._say({}))["values"])

    async def statuses(self) -> dict[str, int]:
        """How often it answered what."""
        return dict((await self._say({}))["statuses"])

    async def _say(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            told: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return told


@asynccontextmanager
async def influx_process() -> AsyncIterator[InfluxProcess]:
    """A server that listens, for the length of a block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "tests" / "influx_process.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        limit=2**24,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            port = int(await process.stdout.readline())
        yield InfluxProcess(process, port)
    finally:
        process.kill()
        await process.wait()


class _Listening:
    """Listens, or is as dead as a process that ended, but for what it keeps."""

    def __init__(self, server: InfluxServer) -> None:
        self._server = server
        self._port = 0
        self._runner: web.AppRunner | None = None

    async def be(self, *, up: bool) -> int:
        if up and self._runner is None:
            self._runner = web.AppRunner(
                self._server.application(), shutdown_timeout=0.05, handler_cancellation=True
            )
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
            self._port = self._runner.addresses[0][1]
        elif not up and self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
        return self._port


async def serve() -> None:
    """Serve, and do what each line says, until there is none."""
    server = InfluxServer()
    listening = _Listening(server)
    async with AsyncExitStack() as stack:
        print(await listening.be(up=True), flush=True)  # noqa: T201  # how it answers
        stack.push_async_callback(listening.be, up=False)
        while line := await asyncio.to_thread(sys.stdin.readline):
            what = json.loads(line)
            if "up" in what:
                await listening.be(up=what.pop("up"))
            vars(server).update(what)
            kept = sorted(
                (at, fields["RackPower"])
                for (name, _, at), fields in server.points.items()
                if name == "Rack"
            )
            values = [value for _, value in kept]
            print(json.dumps({"values": values, "statuses": server.statuses}), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(serve())
