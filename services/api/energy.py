"""Energy over a range of time."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from schemas import history
from schemas.energy import EnergyView, energy_view
from schemas.history import MOST_BUCKETS, Mode, Series
from services.api.context import Context, Here
from services.api.past import Range, series_of
from services.api.replies import ProblemError, answer, failures
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis, after

MOST: Final = 100
"""Entities at once."""

METRICS: Final = ("RackPower", "ActivePower")
"""Of a rack and of a meter. The contract has no counter of energy."""

_MINUTE: Final = 60_000

router = APIRouter(prefix="/energy", tags=["history"])


class EnergyQuery(Range):
    """Whose energy, and when."""

    entity: tuple[str, ...] = Field(
        min_length=1,
        max_length=MOST,
        description="Ids of racks or meters; may be repeated.",
    )


@router.get("", response_model=EnergyView, responses=failures(422, 503))
async def energy(here: Here, query: Annotated[EnergyQuery, Query()]) -> Response:
    """What racks and meters drew, and for how much of the time that is known.

    A power holds until the next reading, 250 s at the most; a bad one does not hold. Of more than
    100,000 readings the means of minutes are taken.
    """
    now = here.now
    start, end = query.between(now)
    before = Instant(max(0, after(start, Millis(-STALE_AFTER))))
    entities = tuple(dict.fromkeys(query.entity))
    asked = history.Query(entities, METRICS, before, end, Mode.RAW)
    series = await _powers(here, asked)
    document = await asyncio.to_thread(energy_view, asked, start, series, now, STALE_AFTER)
    return answer(document, {"cache-control": "no-cache"})


async def _powers(here: Context, asked: history.Query) -> list[Series]:
    series = await series_of(here, asked)
    if not any(each.truncated for each in series):
        return series
    minutes = -(-(asked.end - asked.start) // _MINUTE)
    if len(asked.entities) * minutes > MOST_BUCKETS:
        detail = f"{len(asked.entities)} entities for {minutes} minutes: ask for fewer of either"
        raise ProblemError(422, "too-many-minutes", "Too many minutes", detail)
    means = history.Query(
        asked.entities, METRICS, asked.start, asked.end, Mode.MINMAX, points=minutes
    )
    return await series_of(here, means)
