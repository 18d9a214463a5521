"""History: what was read and what the twin said, as series or as one flat table."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from schemas import history
from schemas.history import (
    MOST_BUCKETS,
    MOST_ENTITIES,
    MOST_METRICS,
    MOST_POINTS,
    POINTS,
    Mode,
    Series,
)
from schemas.history_table import names_of, rows_of
from schemas.history_views import HistoryView, history_json
from services.api.context import Context, Here
from services.api.formats import ENDING, MEDIA, Format, encoded
from services.api.past import Range, series_of, truncated
from services.api.replies import HTTPResponses, ProblemError, failures
from twin.instants import Instant

router = APIRouter(prefix="/history", tags=["history"])

_SAVED: Final[dict[str, object]] = {
    MEDIA[form].partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
    for form in ENDING
}

Rows = list[dict[str, str | float | bool | None]]

RESPONSES: Final[HTTPResponses] = {
    200: {
        "description": "With `shape=rows` a flat list; the other formats hold the same rows",
        "content": _SAVED,
    },
    **failures(422, 503),
}


class Shape(StrEnum):
    """How JSON is laid out."""

    SERIES = "series"
    ROWS = "rows"


class HistoryQuery(Range):
    """What is asked of the past."""

    entity: tuple[str, ...] = Field(
        min_length=1,
        max_length=MOST_ENTITIES,
        description="Ids of racks or pieces of equipment; may be repeated.",
    )
    metric: tuple[str, ...] = Field(
        min_length=1,
        max_length=MOST_METRICS,
        description="A point type of the contract, as `RackPower`; a number that the twin worked"
        " out, as `heat_kw`; or the code of a finding, as `balance.heat`, which is 1 while it"
        " counts and 0 after. May be repeated.",
    )
    mode: Mode = Field(
        Mode.MINMAX,
        description="`minmax`: min, max, mean, last, number and share of good readings of each of"
        " many spans; `lttb`: the readings that show the shape; `raw`: every reading, in order of"
        f" time, {history.MOST_SAMPLES} at the most.",
    )
    points: int | None = Field(
        None,
        ge=1,
        le=MOST_POINTS,
        description=f"Spans, or readings that show the shape, of each series. {POINTS}, or fewer"
        f" where all entities and metrics together would have more than {MOST_BUCKETS}.",
    )
    format: Format = Format.JSON
    shape: Shape = Field(Shape.SERIES, description="Of JSON; the other formats are rows.")

    @property
    def flat(self) -> bool:
        """Whether it is answered by one table."""
        return self.shape is Shape.ROWS or self.format is not Format.JSON

    def at(self, now: Instant) -> history.Query:
        """What that means at ``now``.

        Raises:
            ProblemError: The range is empty, or it is too much.
        """
        start, end = self.between(now)
        entities, metrics = (tuple(dict.fromkeys(names)) for names in (self.entity, self.metric))
        most = MOST_BUCKETS // (len(entities) * len(metrics))
        points = max(1, min(POINTS, most)) if self.points is None else self.points
        if self.mode is not Mode.RAW and points > most:
            many = f"{len(entities)} entities, {len(metrics)} metrics and {points} points"
            detail = f"{many} are more than {MOST_BUCKETS} spans: ask for fewer of any"
            raise ProblemError(422, "too-many-points", "Too many points", detail)
        return history.Query(entities, metrics, start, end, self.mode, points)


@router.get("", response_model=HistoryView | Rows, responses=RESPONSES)
async def history_(here: Here, query: Annotated[HistoryQuery, Query()]) -> Response:
    """How metrics went: spans with their extremes, the shape, or every reading."""
    return await _answer(here, query)


@router.post("/search", response_model=HistoryView | Rows, responses=RESPONSES | failures(400))
async def history_of_many(here: Here, query: HistoryQuery) -> Response:
    """The same, for more names than an address holds."""
    return await _answer(here, query)


async def _answer(here: Context, query: HistoryQuery) -> Response:
    asked = query.at(here.now)
    series = await series_of(here, asked)
    if query.flat and any(each.truncated for each in series):
        raise truncated()
    headers = {"cache-control": "no-cache"}
    if query.format in ENDING:
        name = f"history.{ENDING[query.format]}"
        headers["content-disposition"] = f'attachment; filename="{name}"'
    # an iterator that is none of the loop's is gone through in a thread
    parts = _parts(query, asked, series)
    return StreamingResponse(parts, media_type=MEDIA[query.format], headers=headers)


def _parts(query: HistoryQuery, asked: history.Query, series: list[Series]) -> Iterator[bytes]:
    if query.flat:
        return encoded(query.format, names_of(asked.mode), rows_of(series))
    return history_json(asked, series)
