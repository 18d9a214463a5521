"""Settled: nothing is answered before what it tells of faults is on the disk."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.hub import Hub

OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Says nothing of faults, and has to be answered also while the disk hangs."""


class Settled:
    """An application whose answers begin when what they may tell of faults may be shown.

    An answer is worked out before it begins. The live stream, which goes on, sees to each of its
    frames itself; what else is sent in pieces tells of readings, or what was read before.
    """

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or wait and answer."""

        async def held(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._hub.settled()
            await send(message)

        free = scope["type"] != "http" or scope["path"] in OPEN
        await self._app(scope, receive, send if free else held)
