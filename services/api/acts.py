"""Acts: what an operator does to a fault, and what was done."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.acts import ActView
from schemas.faults import FaultView
from schemas.handling import Act, ActsPage, Reasoned, Saying, Shelving
from schemas.moments import Moment
from services.api import desk
from services.api.context import Here
from services.api.paging import Key, Listing, page
from services.api.replies import HTTPResponses, ProblemError, answer, failures

router = APIRouter(tags=["faults"])

NOBODY: Final = Act()
_FAILS: Final[HTTPResponses] = failures(400, 404, 409, 422, 503)


class ActsQuery(Listing):
    """Which acts."""

    since: Moment | None = Field(None, description="At that instant or later.")
    until: Moment | None = Field(None, description="Before that instant.")
    entity: str | None = Field(None, description="On this rack or piece of equipment.")
    by: str | None = Field(None, description="By somebody.")


@router.post("/faults/{fault_id}/ack", response_model=FaultView, responses=_FAILS)
async def ack(request: Request, here: Here, fault_id: str, body: Act = NOBODY) -> Response:
    """Take note of a fault."""
    return await desk.one(request, here, fault_id, desk.to_ack(body))


@router.post("/faults/{fault_id}/reset", response_model=FaultView, responses=_FAILS)
async def reset(request: Request, here: Here, fault_id: str, body: Act = NOBODY) -> Response:
    """Let go of what is latched, when it is over and noted."""
    return await desk.one(request, here, fault_id, desk.to_reset(body))


@router.post("/faults/{fault_id}/shelve", response_model=FaultView, responses=_FAILS)
async def shelve(request: Request, here: Here, fault_id: str, body: Shelving) -> Response:
    """Keep a fault quiet for a while, or say anew for how long and why."""
    return await desk.one(request, here, fault_id, desk.to_shelve(body))


@router.post("/faults/{fault_id}/unshelve", response_model=FaultView, responses=_FAILS)
async def unshelve(request: Request, here: Here, fault_id: str, body: Act = NOBODY) -> Response:
    """Take a fault off the shelf before its time."""
    return await desk.one(request, here, fault_id, desk.to_unshelve(body))


@router.post("/faults/{fault_id}/out-of-service", response_model=FaultView, responses=_FAILS)
async def out_of_service(request: Request, here: Here, fault_id: str, body: Reasoned) -> Response:
    """Let a fault count for nobody's health, and call nobody, until it is put back."""
    return await desk.one(request, here, fault_id, desk.to_take_out(body))


@router.post("/faults/{fault_id}/return", response_model=FaultView, responses=_FAILS)
async def put_back(request: Request, here: Here, fault_id: str, body: Act = NOBODY) -> Response:
    """Put a fault back into service."""
    return await desk.one(request, here, fault_id, desk.to_return(body))


@router.post("/faults/{fault_id}/comment", response_model=FaultView, responses=_FAILS)
async def comment(request: Request, here: Here, fault_id: str, body: Saying) -> Response:
    """Have something to say of a fault."""
    return await desk.one(request, here, fault_id, desk.to_comment(body))


@router.get("/audit", response_model=ActsPage, responses=failures(400, 422, 503))
async def audit(here: Here, query: Annotated[ActsQuery, Query()]) -> Response:
    """Who did what to which fault, when, whence, and what that changed; oldest first."""
    kept = here.deps.desk
    if kept is None:
        raise ProblemError(503, "read-only", "Nothing is kept here", "ask the process that is live")
    found = kept.acts(query.since, query.until, query.entity, query.by)
    items, cursor = await asyncio.to_thread(page, found, _number, query)
    document = ActsPage(items=tuple(items), next_cursor=cursor, revision=here.revision)
    return answer(document, {"cache-control": "no-cache"})


def _number(act: ActView) -> Key:
    return Key(absent=False, value=act.seq, id="")
