"""Bulk: what an operator does to several faults at once; the answer tells of each."""

from typing import Final

from fastapi import APIRouter, Request, Response

from schemas.handling import (
    ResultsView,
    Several,
    SeveralReasoned,
    SeveralSaying,
    SeveralShelving,
)
from services.api import desk
from services.api.context import Here
from services.api.replies import HTTPResponses, failures

router = APIRouter(prefix="/faults", tags=["faults"])

_FAILS: Final[HTTPResponses] = failures(400, 422, 503)


@router.post("/ack", status_code=207, response_model=ResultsView, responses=_FAILS)
async def ack_several(request: Request, here: Here, body: Several) -> Response:
    """Take note of several faults."""
    return await desk.several(request, here, body.ids, desk.to_ack(body))


@router.post("/reset", status_code=207, response_model=ResultsView, responses=_FAILS)
async def reset_several(request: Request, here: Here, body: Several) -> Response:
    """Let go of what is latched of several faults."""
    return await desk.several(request, here, body.ids, desk.to_reset(body))


@router.post("/shelve", status_code=207, response_model=ResultsView, responses=_FAILS)
async def shelve_several(request: Request, here: Here, body: SeveralShelving) -> Response:
    """Keep several faults quiet for a while."""
    return await desk.several(request, here, body.ids, desk.to_shelve(body))


@router.post("/unshelve", status_code=207, response_model=ResultsView, responses=_FAILS)
async def unshelve_several(request: Request, here: Here, body: Several) -> Response:
    """Take several faults off the shelf."""
    return await desk.several(request, here, body.ids, desk.to_unshelve(body))


@router.post("/out-of-service", status_code=207, response_model=ResultsView, responses=_FAILS)
async def several_out_of_service(request: Request, here: Here, body: SeveralReasoned) -> Response:
    """Take several faults out of service."""
    return await desk.several(request, here, body.ids, desk.to_take_out(body))


@router.post("/return", status_code=207, response_model=ResultsView, responses=_FAILS)
async def put_back_several(request: Request, here: Here, body: Several) -> Response:
    """Put several faults back into service."""
    return await desk.several(request, here, body.ids, desk.to_return(body))


@router.post("/comment", status_code=207, response_model=ResultsView, responses=_FAILS)
async def comment_several(request: Request, here: Here, body: SeveralSaying) -> Response:
    """Have the same to say of several faults."""
    return await desk.several(request, here, body.ids, desk.to_comment(body))
