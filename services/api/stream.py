"""The live stream as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from schemas.stream import COLUMNS, MESSAGES, STANDARD, Column
from services.api.board import ALL, Scope
from services.api.context import Here, Streams
from services.api.follow import MAX_HZ, follow
from services.api.frames import Position, View
from services.api.paging import Commas
from services.api.replies import HTTPResponses, ProblemError, failures
from services.hub import Hub
from twin.severity import Severity

_log: Final = logging.getLogger(__name__)

BURST: Final = 4
"""Frames sent before others have their turn: of more asyncio warns, where the client is gone."""

router = APIRouter(tags=["stream"])


class StreamQuery(BaseModel):
    """What a client wants to hear."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rack: Annotated[list[str], Commas] = Field([], description="These racks only.")
    upstream: str | None = Field(None, description="Racks that this entity feeds or cools.")
    fields: Annotated[list[Column], Commas] = Field(
        list(STANDARD), min_length=1, description="Columns to send; all but hall and row if none."
    )
    severity_min: Severity = Severity.OK
    max_hz: float = Field(MAX_HZ, ge=0.01, le=MAX_HZ, description="Deltas a second, at the most.")
    max_events: int | None = Field(None, ge=1, description="End after so many events.")

    @property
    def view(self) -> View:
        """What it wants to see."""
        fields = tuple(column for column in COLUMNS if column in self.fields)
        scope = Scope(frozenset(self.rack), self.upstream, self.severity_min)
        return View(ALL if scope == ALL else scope, fields)


_STREAM: Final[HTTPResponses] = {
    200: {
        "description": "Server-sent events, for as long as both sides live",
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "properties": {
                        "event": {"enum": list(MESSAGES)},
                        "id": {"type": "string", "description": "epoch:rev:seq"},
                        "data": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "The message, as asyncapi.json describes it",
                        },
                        "retry": {"type": "integer"},
                    },
                }
            }
        },
    },
    **failures(422, 503),
}


@router.get("/stream", response_class=Response, responses=_STREAM)
async def stream(
    here: Here,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Every change as it happens: `hello`, `snapshot`, then `delta`, `fault`, `bookmark`, `bye`.

    Racks are conflated: the latest of each. Faults are not: each thing that happens to one is told,
    at once. With `Last-Event-ID`, and the filters of before, only what was missed is sent, if it
    is known; a `gap` says which faults are not, and a whole snapshot follows.
    """
    streams = here.streams
    if streams.clients >= streams.limit:
        streams.refused += 1
        raise ProblemError(
            503, "too-many-streams", "Too many streams", f"{streams.limit} clients are listening"
        )
    streams.served += 1
    come_back_ms = 500 + streams.served * 617 % 2500  # spread, so that not all come at once
    had = resume(here.deps.hub, last_event_id)
    frames = follow(here.frames, query.view, query.max_hz, had, come_back_ms)
    return Stream(at_most(frames, query.max_events), streams)


def resume(hub: Hub, last_event_id: str | None) -> Position | None:
    """What a client has of this run, if it was here before."""
    epoch, _, rest = (last_event_id or "").partition(":")
    revision, _, seq = rest.partition(":")
    if epoch != hub.epoch or not (_is_number(revision) and _is_number(seq)):
        return None
    had = Position(int(revision), int(seq))
    return had if had.revision <= hub.revision and had.seq <= hub.faults.seq else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 20  # noqa: PLR2004  # digits of 2**63


async def at_most(frames: AsyncGenerator[bytes], most: int | None) -> AsyncGenerator[bytes]:
    """The first ``most`` frames; all without."""
    async with aclosing(frames):
        async for frame in frames:
            yield frame
            if most is not None:
                most -= 1
                if most == 0:
                    return


class Stream(Response):
    """Sends frames for as long as the client takes them.

    Nothing is buffered here: the next frame is made when the one before is out.
    """

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes], streams: Streams) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames
        self._streams = streams

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Send until the frames end, the client goes, or it is too slow."""
        self._streams.clients += 1
        try:
            async with aclosing(self._frames), asyncio.TaskGroup() as tasks:
                gone = tasks.create_task(_gone(receive))
                sent = tasks.create_task(self._send(send, gone))
                await asyncio.wait((gone, sent), return_when=asyncio.FIRST_COMPLETED)
                if sent.done() and not sent.cancelled() and not sent.result():
                    await self._hang_up(scope.get("client"), gone)
                await _cancelled(gone, sent)
        finally:
            self._streams.clients -= 1

    async def _send(self, send: Send, gone: asyncio.Task[None]) -> bool:
        """Send everything, or all until the client is gone; False where it does not take it."""
        left = BURST
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for frame in self._frames:
            try:
                async with asyncio.timeout(self._streams.slow_s):
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
            except TimeoutError:
                return False
            left -= 1
            if left == 0:
                left = BURST
                await asyncio.sleep(0)  # or nobody sees that it is gone while there is more to send
                if gone.done():
                    return True
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return True

    async def _hang_up(self, client: object, gone: asyncio.Task[None]) -> None:
        self._streams.slow += 1
        _log.warning("client of the live stream closed: it takes nothing", extra={"client": client})
        self._streams.hang_up(client)
        await asyncio.wait((gone,), timeout=1)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
