"""What the handlers of the API work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request

from schemas.history import Query, Series
from services.api.board import Board
from services.api.frames import Frames
from services.hub import Hub
from services.intake import Intake
from services.metrics import Metrics
from twin.fleet import Fleet
from twin.instants import Instant


class Store(Protocol):
    """Whatever can be asked for the past."""

    async def read(self, query: Query) -> list[Series]:
        """The series that ``query`` asks for; none where nothing is known.

        Raises:
            HistoryError: It cannot answer.
        """


def _ready() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Deps:
    """What the API is given by whoever starts it."""

    intake: Intake
    hub: Hub
    clock: Callable[[], Instant]
    store: Store | None = None
    ready: Callable[[], str | None] = _ready
    """Why the service is not ready, or None."""
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def fleet(self) -> Fleet:
        """The live model."""
        return self.intake.fleet


@dataclass(slots=True)
class Streams:
    """Clients of the live stream: at most ``limit``; more are refused, and counted."""

    limit: int = 500
    slow_s: float = 10.0
    """A client that takes nothing for so long is closed."""
    clients: int = 0
    served: int = 0
    slow: int = 0
    """Closed because they did not read."""
    refused: int = 0
    hang_up: Callable[[object], None] = lambda _: None
    """Cuts the connection to an address at once; given by the server."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler works with."""

    deps: Deps
    board: Board
    frames: Frames
    streams: Streams

    @property
    def now(self) -> Instant:
        """The present instant."""
        return self.deps.clock()

    @property
    def revision(self) -> str:
        """Of the live state: ``epoch:number``."""
        return f"{self.deps.hub.epoch}:{self.deps.hub.revision}"


def create_context(deps: Deps) -> Context:
    """The context of one API."""
    board = Board(deps.fleet, deps.hub)
    return Context(deps, board, Frames(board, deps.clock), Streams())


async def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(_context)]
"""A handler's argument that brings its context."""
