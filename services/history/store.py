"""The port of a store: what the writer and the API know of one, whichever it is."""

from typing import NamedTuple, Protocol

from schemas.history import HistoryError, Query, Series
from services.history.block import Block
from twin.instants import Instant


class Refused(NamedTuple):
    """One row that a store will never take."""

    row: int
    """Its place in the block."""
    why: str


class RefusedError(HistoryError):
    """Some rows were refused for good; all the others of the block are kept."""

    def __init__(self, refused: tuple[Refused, ...]) -> None:
        super().__init__(f"{len(refused)} readings refused: {refused[0].why}")
        self.refused = refused


class NotNowError(HistoryError):
    """The same block may be written again later, as it is."""

    def __init__(self, why: str, *, after_s: float | None = None, held: bool = False) -> None:
        super().__init__(why)
        self.after_s = after_s
        """Not before so many seconds, where the store says so."""
        self.held = held
        """Nothing will change until somebody mends something: a token, a bucket."""


class Store(Protocol):
    """Keeps readings.

    A point has one reading at a millisecond of its source's time: of several the last one written
    stands. So whoever is not sure that rows were kept may write them again.
    """

    @property
    def name(self) -> str:
        """As in the settings; names its cursor, its dead letters and its metrics."""

    async def upto(self, spool: str) -> int | None:
        """Number of the first row of that spool which the store does not have.

        None where it does not remember: whoever writes does. A store that remembers does so in the
        very transaction in which it keeps the rows.

        Raises:
            HistoryError: It cannot say.
        """

    async def write(self, spool: str, block: Block) -> None:
        """Keep a block; on return it outlasts the process.

        Raises:
            RefusedError: Some rows can never be kept; the others are.
            NotNowError: The same block may be written again.
        """

    async def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of entity, metric and point.

        Raises:
            HistoryError: The store could not answer.
        """

    async def latest(self, at: Instant) -> Block:
        """The last reading of every series that was known at an instant, with its text.

        Known is what had been received by then; what a store does not keep of that it takes from
        the source's time. In order of receipt.

        Raises:
            HistoryError: The store could not answer.
        """

    async def close(self) -> None:
        """Let go of everything; nothing may be asked afterwards."""
