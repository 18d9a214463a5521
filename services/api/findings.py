"""Findings: what the balances of the present readings say of the data."""

from fastapi import APIRouter, Request, Response

from schemas.findings import FindingsPage, finding_view
from services.api.context import Here
from services.api.replies import reply, state
from twin.findings import findings_of

router = APIRouter(prefix="/findings", tags=["findings"])


@router.get("", response_model=FindingsPage, responses=state())
async def findings(request: Request, here: Here) -> Response:
    """Readings that cannot be true together, with the one to blame where it can be told.

    A judgement of this instant: a transient shows here as well.
    """
    await here.board.sync()
    found = findings_of(here.deps.fleet, (shown.rack for shown in here.board))
    document = FindingsPage(items=tuple(map(finding_view, found)), revision=here.revision)
    return reply(request, here, document)
