"""The fleet."""

from fastapi import APIRouter, Request, Response

from schemas.api import FleetView
from schemas.views import fleet_view
from services.api.replies import reply, state
from services.api.then import Then

router = APIRouter(tags=["fleet"])


@router.get("/fleet", response_model=FleetView, responses=state())
async def fleet(request: Request, here: Then) -> Response:
    """All racks in a few numbers, and who publishes."""
    await here.board.sync()
    groups = await here.board.groups()
    document = fleet_view(here.deps.fleet, here.now, here.board.totals(), groups)
    # the counters move without any rack changing
    return reply(request, here, document, tag=f"-{here.deps.intake.received}")
