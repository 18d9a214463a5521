"""History."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas import history
from schemas.api import HistoryView
from schemas.history import MOST_POINTS, POINTS, HistoryError, Mode
from schemas.moments import Moment
from schemas.views import history_view
from services.api.context import Here
from services.api.replies import ProblemError, answer, failures
from twin.instants import Instant, Millis, after

SPAN: Final = Millis(15 * 60 * 1000)
"""How far back it goes where nobody says."""

router = APIRouter(tags=["history"])


class HistoryQuery(BaseModel):
    """What is asked of the past."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: str = Field(description="Id of a rack or a piece of equipment.")
    metric: str = Field(
        description="A point type of the contract, as `RackPower`; a number that the twin worked"
        " out, as `heat_kw`; or the code of a finding, as `balance.heat`, which is 1 while it"
        " counts and 0 after."
    )
    start: Moment | None = Field(None, alias="from", description="15 minutes before `to`.")
    end: Moment | None = Field(None, alias="to", description="Now.")
    mode: Mode = Mode.MINMAX
    points: int = Field(POINTS, ge=1, le=MOST_POINTS, description="Buckets, at the most.")

    def at(self, now: Instant) -> history.Query:
        """What that means at ``now``.

        Raises:
            ProblemError: The range is empty.
        """
        end = now if self.end is None else self.end
        start = Instant(max(0, after(end, Millis(-SPAN)))) if self.start is None else self.start
        if start >= end:
            raise ProblemError(422, "empty-range", "The range is empty", "from is not before to")
        return history.Query(self.entity, self.metric, start, end, self.mode, self.points)


@router.get("/history", response_model=HistoryView, responses=failures(422, 503))
async def history_(here: Here, query: Annotated[HistoryQuery, Query()]) -> Response:
    """How a metric went: every reading, or min, max, mean and last of each of many spans."""
    asked = query.at(here.now)
    if here.deps.store is None:
        raise ProblemError(503, "no-history", "No history", "no store is set up")
    try:
        series = await here.deps.store.read(asked)
    except HistoryError as error:
        raise ProblemError(503, "history-failed", "The store cannot answer", str(error)) from error
    return answer(history_view(asked, series), {"cache-control": "no-cache"})
