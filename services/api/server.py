"""Serving the API inside a loop that somebody else runs."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from services.api.context import Context

_GRACE_S: Final = 0.5
"""For whatever is still being answered."""


@asynccontextmanager
async def serve(app: FastAPI, host: str, port: int) -> AsyncIterator[int]:
    """Serve ``app`` inside the block, and bring the port it is bound to; 0 is any free one.

    At its end every client of the live stream is told so, and everything is closed within two
    seconds.

    Raises:
        OSError: The address cannot be had.
    """
    context: Context = app.state.context
    with _listener(host, port) as listener:
        server = _Server(app)
        context.streams.hang_up = server.hang_up
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve([listener]))
            await server.up.wait()
            try:
                yield listener.getsockname()[1]
            finally:
                context.deps.hub.end()
                server.should_exit = True
                await asyncio.wait((serving,))  # a cancelled group would not let it end in peace


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket that says it is TCP.

    Only on those asyncio turns Nagle's delay off; else an answer whose headers go first waits some
    40 ms for the other side's acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(2048)
    return listener


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to whoever runs the loop."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                http="httptools",
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
                server_header=False,
            )
        )
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and say so."""
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; a connection that is still open after the grace is cut."""
        cut = asyncio.get_running_loop().call_later(_GRACE_S, self._cut_all)
        await super().shutdown(sockets)
        cut.cancel()

    def _cut_all(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def hang_up(self, client: object) -> None:
        """Cut the connection to an address without waiting for what it still has to read."""
        for connection in list(self.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.abort()
