"""Equipment: everything that is no rack."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.api import EquipmentPage, EquipmentView
from schemas.views import equipment_view
from services.api.context import Here
from services.api.paging import MOST, Listing, by_id, made, page
from services.api.replies import missing, reply, state
from twin.entities import RACK
from twin.points import EntityId

router = APIRouter(prefix="/equipment", tags=["equipment"])


class EquipmentQuery(Listing):
    """Which equipment."""

    limit: int = Field(100, ge=1, le=MOST, description="Items in one page.")
    type: str | None = Field(None, description="An object type of the contract, as `CDU`.")


@router.get("", response_model=EquipmentPage, responses=state(400, 422))
async def all_equipment(
    request: Request, here: Here, query: Annotated[EquipmentQuery, Query()]
) -> Response:
    """Equipment with its points."""
    fleet, now = here.deps.fleet, here.now
    asked = (each for each in fleet.equipment() if query.type in (None, each.kind))
    found, cursor = page(asked, lambda each: by_id(each.id), query)
    document = EquipmentPage(
        items=await made(found, lambda each: equipment_view(each, fleet, now)),
        next_cursor=cursor,
        revision=here.revision,
    )
    return reply(request, here, document)


@router.get("/{equipment_id:path}", response_model=EquipmentView, responses=state(404, 422))
async def equipment(request: Request, here: Here, equipment_id: str) -> Response:
    """One piece of equipment with its points."""
    found = here.deps.fleet.entity(EntityId(equipment_id))
    if found is None or found.kind == RACK:
        raise missing("equipment", equipment_id)
    return reply(request, here, equipment_view(found, here.deps.fleet, here.now))
