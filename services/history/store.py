"""The port of a store: what the writer and the API know of one, whichever it is."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from schemas.history import HistoryError, Query, Series
from twin.instants import Instant
from twin.points import Point


class Row(NamedTuple):
    """One reading to be kept, with the point as it was described when the reading came.

    Or a number of the twin's own, measured and received at the instant of which it speaks.
    """

    point: Point
    value: float | None
    quality: int
    """Fits in 32 bits."""
    measured_at: Instant
    received_at: Instant


class RefusedError(HistoryError):
    """Some rows were refused for good; all the others of the batch are kept."""

    def __init__(self, rows: int, why: str) -> None:
        super().__init__(f"{rows} readings refused: {why}")
        self.rows = rows


class Store(Protocol):
    """Keeps readings.

    A point has one reading at a millisecond of its source's time: of several the last one written
    stands. So whoever is not sure that rows were kept may write them again.
    """

    async def write(self, rows: Sequence[Row]) -> None:
        """Keep ``rows``; on return they outlast the process.

        Raises:
            RefusedError: Some can never be kept; the others are.
            HistoryError: Not now; the same rows may be written again.
        """

    async def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of point; none is no error.

        Raises:
            HistoryError: The store could not answer.
        """

    async def close(self) -> None:
        """Let go of everything; nothing may be asked afterwards."""
