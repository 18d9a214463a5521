"""Equipment: everything that is no rack."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.api import EquipmentPage, EquipmentView
from schemas.balances import BalancesPage
from schemas.views import equipment_view
from services.api.balances import paged, with_part_of
from services.api.context import Context
from services.api.paging import MOST, StateListing, by_id, page
from services.api.replies import missing, reply, state
from services.api.slices import made
from services.api.then import Then
from twin.entities import RACK, Entity
from twin.points import EntityId

router = APIRouter(prefix="/equipment", tags=["equipment"])


class EquipmentQuery(StateListing):
    """Which equipment."""

    limit: int = Field(100, ge=1, le=MOST, description="Items in one page.")
    type: str | None = Field(None, description="An object type of the contract, as `CDU`.")


@router.get("", response_model=EquipmentPage, responses=state(400, 422))
async def all_equipment(
    request: Request, here: Then, query: Annotated[EquipmentQuery, Query()]
) -> Response:
    """Equipment with its points."""
    fleet, now = here.deps.fleet, here.now
    asked = (each for each in fleet.equipment() if query.type in (None, each.kind))
    found, cursor = page(asked, lambda each: by_id(each.id), query)
    document = EquipmentPage(
        items=await made(here.way, found, lambda each: equipment_view(each, fleet, now)),
        next_cursor=cursor,
        revision=here.revision,
    )
    return reply(request, here, document)


@router.get(
    "/{equipment_id:path}/balances", response_model=BalancesPage, responses=state(400, 404, 422)
)
async def equipment_balances(
    request: Request, here: Then, equipment_id: str, query: Annotated[StateListing, Query()]
) -> Response:
    """Whether what a piece of equipment says fits what it serves, and what serves it."""
    identity = _equipment(here, equipment_id).id
    return await paged(request, here, query, lambda each: with_part_of(each, identity))


@router.get("/{equipment_id:path}", response_model=EquipmentView, responses=state(404, 422))
async def equipment(request: Request, here: Then, equipment_id: str) -> Response:
    """One piece of equipment with its points."""
    found = _equipment(here, equipment_id)
    return reply(request, here, equipment_view(found, here.deps.fleet, here.now))


def _equipment(here: Context, identity: str) -> Entity:
    found = here.deps.fleet.entity(EntityId(identity))
    if found is None or found.kind == RACK:
        raise missing("equipment", identity)
    return found
