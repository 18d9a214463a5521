"""Annotations: faults as marks on charts."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import Field, RootModel

from schemas import history
from schemas.annotations import AnnotationView, Kept, Told, kept, marks
from schemas.faults import fault_view
from schemas.history import MOST_ENTITIES, HistoryError, Mode, Series
from services.api.context import Context, Here
from services.api.past import Range, failed, series_of, truncated
from services.api.replies import answer, failures
from services.api.slices import made
from twin.fault import Fault
from twin.instants import Instant, Millis, after
from twin.severity import Severity

OBJECT: Final = "Fault"
"""Object type of the series in which history keeps what happened to faults."""

BACK: Final = Millis(24 * 3_600_000)
"""How long before the range history is searched for faults that stood in it."""

router = APIRouter(prefix="/annotations", tags=["history"])


class AnnotationsQuery(Range):
    """Which faults."""

    entity: tuple[str, ...] = Field(
        (), max_length=MOST_ENTITIES, description="On these; may be repeated. All if none is named."
    )
    severity_min: Severity = Field(Severity.OK, description="That they have reached.")


class Annotations(RootModel[tuple[AnnotationView, ...]]):
    """Marks, by time."""


@router.get("", response_model=Annotations, responses=failures(422, 503))
async def annotations(here: Here, query: Annotated[AnnotationsQuery, Query()]) -> Response:
    """Faults that were there at any time of the range, as a flat list.

    They are those that the twin remembers, and those of which history tells in the range or in the
    day before. Who is suppressed or shelved is here as well.
    """
    start, end = query.between(here.now)
    faults = here.deps.fleet.faults
    back = Instant(max(0, after(start, Millis(-BACK))))
    asked = history.Query(
        query.entity, tuple(sorted({*faults.rules.by_code, *faults.rules.off})), back, end, Mode.RAW
    )
    series = await series_of(here, asked)
    if any(each.truncated for each in series):
        raise truncated()
    try:
        told = await asyncio.to_thread(_kept, series)
    except msgspec.MsgspecError as error:
        raise failed(HistoryError(f"a fault's document cannot be read: {error}")) from error
    now = await _remembered(here, query, start, end)
    found = await asyncio.to_thread(marks, [*told, *now], start, end, query.severity_min)
    return answer(Annotations(tuple(found)), {"cache-control": "no-cache"})


def _kept(series: Iterable[Series]) -> list[Kept]:
    """In order of each fault's own changes."""
    texts = (
        sample.text for each in series if each.object_type == OBJECT for sample in each.samples
    )
    return [kept(text) for text in texts if text]


async def _remembered(
    here: Context, query: AnnotationsQuery, start: Instant, end: Instant
) -> Sequence[Told]:
    fleet = here.deps.fleet
    found = [
        fault
        for fault in fleet.faults.occurrences()
        if not query.entity or fault.key.entity in query.entity
    ]
    return await made(here.way, _there(found, start, end), lambda each: fault_view(each, fleet))


def _there(faults: Iterable[Fault], start: Instant, end: Instant) -> Iterator[Fault]:
    for fault in faults:
        over = fault.closed_at if fault.cleared_at is None else fault.cleared_at
        if fault.raised_at < end and over >= start:
            yield fault
