"""What the handlers of the API work with."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

from schemas.acts import ActView
from schemas.history import Query, Series
from services.api.board import Board
from services.api.frames import Frames
from services.api.tally import Tally
from services.hub import Hub
from services.intake import Intake
from services.metrics import Metrics
from services.way import Way
from twin.changes import Change
from twin.fleet import Fleet
from twin.instants import Instant
from twin.steps import Steps


class Store(Protocol):
    """Whatever can be asked for the past."""

    async def read(self, query: Query) -> list[Series]:
        """The series that ``query`` asks for; none where nothing is known.

        Raises:
            HistoryError: It cannot answer.
        """


class Past(Protocol):
    """Whatever knows how the fleet was."""

    async def fleet(self, at: Instant) -> Steps[Fleet] | None:
        """How to make the fleet as it was at an instant; None where nothing is known of then.

        Raises:
            HistoryError: It cannot answer.
        """


class Backups(Protocol):
    """Whatever makes backups of the history."""

    async def make(self, name: str) -> Path:
        """One backup more, and the folder that it is in.

        Raises:
            HistoryError: None was made.
        """


class Desk(Protocol):
    """Whatever keeps what operators do to faults, and tells everybody.

    What is told is kept, or there is trouble, once the hub is ``settled``.
    """

    @property
    def trouble(self) -> str | None:
        """Why nothing can be kept, or None."""

    def emit(self, changes: Sequence[Change], address: str | None = None) -> None:
        """Tell what changed.

        Args:
            changes: In order.
            address: Whence somebody acted.
        """

    def acts(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        entity: str | None = None,
        by: str | None = None,
    ) -> Iterator[ActView]:
        """What operators did, oldest first; it may be asked in any thread."""


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
    desk: Desk | None = None
    """None where nobody may do anything to faults."""
    backups: Backups | None = None
    """None where no embedded history is."""
    past: Past | None = None
    """None where nothing is kept of the past."""
    way: Way = field(default_factory=Way)
    """Given to the fold by whatever is long work."""
    ailing: Callable[[], str | None] = _ready
    """What history suffers from, while nothing live does, or None."""

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
    tally: Tally
    at: Instant | None = None
    """Of which instant the fleet is; None is the live one."""
    one_whatif: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one that is worked out: each puts aside what changes meanwhile."""

    @property
    def way(self) -> Way:
        """Given to the fold by whatever is long work."""
        return self.deps.way

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
    board = Board(deps.fleet, deps.hub, deps.way)
    tally = Tally(deps.fleet, deps.way)
    return Context(deps, board, Frames(board, deps.clock), Streams(), tally)


async def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Here = Annotated[Context, Depends(_context)]
"""A handler's argument that brings its context."""
