"""Real servers for tests, which end with the block: in this process, or each one of its own."""

import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import web


@asynccontextmanager
async def serving(app: web.Application, *, auto_decompress: bool = True) -> AsyncIterator[str]:
    """The address of ``app`` while it is served on a free port."""
    runner = web.AppRunner(
        app, shutdown_timeout=0.1, handler_cancellation=True, auto_decompress=auto_decompress
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@contextmanager
def a_server(command: Sequence[str | Path], port: int, log: Path) -> Iterator[str]:
    """The address of a server that listens on ``port``; what it says goes to ``log``."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out) as process,
    ):
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())
