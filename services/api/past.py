"""The past: what is asked of the store, and what of it cannot be answered."""

import asyncio
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.history import MOST_SAMPLES, HistoryError, Mode, Query, Series
from schemas.moments import AnyMoment
from services.api.context import Context
from services.api.lttb import RATIO, extremes, thinned
from services.api.replies import ProblemError
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis, after

SPAN: Final = Millis(15 * 60 * 1000)
"""How far back it goes where nobody says."""


class Range(BaseModel):
    """Which part of the past."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: AnyMoment | None = Field(
        None, alias="from", description="15 minutes before `to`. Milliseconds since 1970, too."
    )
    end: AnyMoment | None = Field(None, alias="to", description="Now; not included.")

    def between(self, now: Instant) -> tuple[Instant, Instant]:
        """Its begin and its end, where it is now ``now``.

        Raises:
            ProblemError: The range is empty.
        """
        end = now if self.end is None else self.end
        start = Instant(max(0, after(end, Millis(-SPAN)))) if self.start is None else self.start
        if start >= end:
            raise ProblemError(422, "empty-range", "The range is empty", "from is not before to")
        return start, end


async def series_of(here: Context, query: Query) -> list[Series]:
    """What the store has to say, in whichever mode.

    Raises:
        ProblemError: There is none, or it cannot answer.
    """
    if here.deps.store is None:
        raise ProblemError(503, "no-history", "No history", "no store is set up")
    try:
        if query.mode is not Mode.LTTB:
            return await here.deps.store.read(query)
        found = await here.deps.store.read(replace(query, mode=Mode.RAW))
        if not any(each.truncated for each in found):
            return await asyncio.to_thread(_thinned, found, query, STALE_AFTER)
        finer = replace(query, mode=Mode.MINMAX, points=query.points * RATIO // 2)
        found = await here.deps.store.read(finer)
    except HistoryError as error:
        raise failed(error) from error
    width = Millis(finer.bucket_ms)
    made = [extremes(each, width) for each in found]
    return await asyncio.to_thread(_thinned, made, query, Millis(max(STALE_AFTER, 2 * width)))


def failed(error: HistoryError) -> ProblemError:
    """It is the store that could not."""
    return ProblemError(503, "history-failed", "The store cannot answer", str(error))


def truncated() -> ProblemError:
    """There is more than one answer holds, in a form that could not say so."""
    return ProblemError(
        422,
        "too-many-readings",
        "Too many readings",
        f"more than {MOST_SAMPLES} readings: ask for less time, or in another mode",
    )


def _thinned(series: list[Series], query: Query, silence: Millis) -> list[Series]:
    return [thinned(each, query.points, silence) for each in series]
