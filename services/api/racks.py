"""Racks."""

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.api import (
    PointsPage,
    RacksPage,
    RackSummary,
    RackView,
)
from schemas.balances import BalancesPage
from schemas.cooling import ThermalView, thermal_view
from schemas.faults import FaultsPage
from schemas.power import PowerView, power_view
from schemas.trends import TrendView, trend_view
from schemas.views import rack_points_view, rack_summary, rack_view
from services.api.balances import beat, paged, with_part_of
from services.api.board import Scope
from services.api.context import Context
from services.api.faults import page_of_faults
from services.api.paging import Commas, Key, StateListing, by_id, page
from services.api.replies import missing, reply, state
from services.api.slices import LOOKED_AT, made, picked
from services.api.then import Then
from twin.gist import Gist
from twin.health import rack_in_health
from twin.points import EntityId, Freshness
from twin.racks import Rack
from twin.severity import RANK, Severity
from twin.site import RackPlace
from twin.trends import trend_of

router = APIRouter(prefix="/racks", tags=["racks"])

Sort = Literal[
    "id",
    "load_kw",
    "-load_kw",
    "headroom_kw",
    "-headroom_kw",
    "heat_kw",
    "-heat_kw",
    "severity",
    "-severity",
    "place",
]

SummaryField = Literal[
    "id",
    "name",
    "hall",
    "row",
    "position",
    "model",
    "rated_kw",
    "freshness",
    "severity",
    "load_kw",
    "headroom_kw",
    "redundancy",
    "supply_c",
    "return_c",
    "delta_t_k",
    "flow_lpm",
    "heat_kw",
    "points",
]

_DIGITS: Final = re.compile(r"\d+")
_WIDEST: Final = 12

_VALUES: Final[dict[str, Callable[[Gist], float | None]]] = {
    "id": lambda _: 0.0,
    "place": lambda _: 0.0,
    "load_kw": lambda rack: rack.load.value,
    "headroom_kw": lambda rack: rack.headroom.value,
    "heat_kw": lambda rack: rack.heat.value,
    "severity": lambda rack: RANK[rack.severity],
}


class RacksQuery(StateListing):
    """Which racks, in what order."""

    hall: str | None = Field(None, description="Racks in this hall.")
    row: str | None = Field(None, description="Racks in this row, of any hall if none is named.")
    state: Freshness | None = Field(None, description="Racks of this freshness.")
    severity_min: Severity = Severity.OK
    upstream: str | None = Field(None, description="Racks that this entity feeds or cools.")
    sort: Sort = Field(
        "id",
        description="`-` is descending; `place` is by hall, row and position, where numbers count"
        " as such; racks without a value come last.",
    )
    fields: Annotated[list[SummaryField] | None, Commas] = Field(
        None, description="Only these of each rack, and its id."
    )

    def holds(self, rack: Gist) -> bool:
        """Whether a rack is asked for."""
        return (
            self.hall in (None, rack.place.hall)
            and self.row in (None, rack.place.row)
            and self.state in (None, rack.freshness)
            and Scope(upstream=self.upstream, severity_min=self.severity_min).holds(rack)
        )

    def key(self, rack: Gist) -> Key:
        """Where a rack stands."""
        value = _VALUES[self.sort.removeprefix("-")](rack)
        sign = -1.0 if self.sort.startswith("-") else 1.0
        identity = f"{_where(rack.place)} {rack.id}" if self.sort == "place" else rack.id
        return Key(value is None, sign * (value or 0.0), identity)


@router.get("", response_model=RacksPage, responses=state(400, 422))
async def racks(request: Request, here: Then, query: Annotated[RacksQuery, Query()]) -> Response:
    """Racks in short."""
    await here.board.sync()
    all_racks = [shown.gist for shown in here.board]
    asked = await picked(here.way, all_racks, query.holds)
    placed = await made(here.way, asked, lambda rack: (query.key(rack), rack.id), LOOKED_AT)
    chosen, cursor = page(placed, itemgetter(0), query)
    found = await made(here.way, chosen, lambda each: _summary(here, each[1]))
    document = RacksPage(
        items=tuple(each for each in found if each is not None),  # some may be gone meanwhile
        next_cursor=cursor,
        revision=here.revision,
    )
    if query.fields is None:
        return reply(request, here, document)
    kept = {"id", *query.fields} & RackSummary.model_fields.keys()
    include = {"items": {"__all__": kept}, "next_cursor": True, "revision": True}
    return reply(request, here, document, include=include)


@router.get("/{rack_id:path}/power", response_model=PowerView, responses=state(404, 422))
async def rack_power(request: Request, here: Then, rack_id: str) -> Response:
    """What a rack draws, and through which feeds."""
    return reply(request, here, power_view(_rack(here, rack_id).power, here.now))


@router.get("/{rack_id:path}/thermal", response_model=ThermalView, responses=state(404, 422))
async def rack_thermal(request: Request, here: Then, rack_id: str) -> Response:
    """What the liquid brings to a rack and takes away."""
    return reply(request, here, thermal_view(_rack(here, rack_id).thermal, here.now))


@router.get("/{rack_id:path}/trend", response_model=TrendView, responses=state(404, 422))
async def rack_trend(request: Request, here: Then, rack_id: str) -> Response:
    """Where the coolant of a rack is going, and when it would be beyond a critical limit."""
    fleet = here.deps.fleet
    trend = trend_of(fleet.audit.steady(_rack(here, rack_id).id))
    return reply(request, here, trend_view(trend, here.now), tag=beat(fleet))


@router.get("/{rack_id:path}/balances", response_model=BalancesPage, responses=state(400, 404, 422))
async def rack_balances(
    request: Request, here: Then, rack_id: str, query: Annotated[StateListing, Query()]
) -> Response:
    """Whether what the sensors of a rack, and the meters that feed it, say fits together."""
    identity = _rack(here, rack_id).id
    return await paged(request, here, query, lambda each: with_part_of(each, identity))


@router.get("/{rack_id:path}/faults", response_model=FaultsPage, responses=state(400, 404, 422))
async def rack_faults(
    request: Request, here: Then, rack_id: str, query: Annotated[StateListing, Query()]
) -> Response:
    """A rack's faults that are not over and noted, or are masked; most urgent first."""
    faults = here.deps.fleet.faults.of(_rack(here, rack_id).id)
    return await page_of_faults(request, here, faults, query)


@router.get("/{rack_id:path}/points", response_model=PointsPage, responses=state(400, 404, 422))
async def rack_points(
    request: Request, here: Then, rack_id: str, query: Annotated[StateListing, Query()]
) -> Response:
    """Everything measured at a rack."""
    entity = here.deps.fleet.entity(_rack(here, rack_id).id)
    assert entity is not None
    points = rack_points_view(entity, here.now)
    found, cursor = page(points, lambda p: by_id(f"{p.id} {p.cluster or ''}"), query)
    document = PointsPage(items=tuple(found), next_cursor=cursor, revision=here.revision)
    return reply(request, here, document)


@router.get("/{rack_id:path}", response_model=RackView, responses=state(404, 422))
async def rack(request: Request, here: Then, rack_id: str) -> Response:
    """One rack, whole."""
    found = _rack(here, rack_id)
    faults = [each.id for each in here.deps.fleet.faults.of(found.id)]
    return reply(request, here, rack_view(found, here.now, faults))


def _summary(here: Context, identity: EntityId) -> RackSummary | None:
    rack = rack_in_health(here.deps.fleet, identity)
    return None if rack is None else rack_summary(rack, here.now)


def _where(place: RackPlace) -> str:
    """A text that sorts as the place does: unknown parts last, 2 before 10."""
    parts = (place.hall, place.row, place.position)
    return "\0".join("\U0010ffff" if part is None else _padded(part) for part in parts)


def _padded(text: str) -> str:
    return _DIGITS.sub(lambda found: found[0].zfill(_WIDEST), text)


def _rack(here: Context, identity: str) -> Rack:
    found = rack_in_health(here.deps.fleet, EntityId(identity))
    if found is None:
        raise missing("rack", identity)
    return found
