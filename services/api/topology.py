"""Topology: who serves whom."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from schemas.api import ConnectedView, EdgesView, TopologyPage
from schemas.views import reach_view
from services.api.context import Context, Here
from services.api.paging import Listing, by_id, page
from services.api.replies import missing, reply, state
from twin.points import EntityId
from twin.topology import Domain

router = APIRouter(prefix="/topology", tags=["topology"])


class TopologyQuery(Listing):
    """Which edges."""

    domain: Domain | None = None


class ReachQuery(BaseModel):
    """What may flow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: Domain | None = None


@router.get("", response_model=TopologyPage, responses=state(400, 422))
async def topology(
    request: Request, here: Here, query: Annotated[TopologyQuery, Query()]
) -> Response:
    """Everything that serves something, with whom it serves directly."""
    edges = [
        EdgesView(domain=domain, id=source, serves=tuple(sorted(served)))
        for domain in _domains(query.domain)
        for source, served in here.deps.fleet.topology.serves(domain).items()
    ]
    found, cursor = page(edges, lambda each: by_id(f"{each.id} {each.domain}"), query)
    document = TopologyPage(items=tuple(found), next_cursor=cursor, revision=here.revision)
    return reply(request, here, document)


@router.get("/{entity_id:path}/upstream", response_model=ConnectedView, responses=state(404, 422))
async def upstream(
    request: Request, here: Here, entity_id: str, query: Annotated[ReachQuery, Query()]
) -> Response:
    """Everything that serves an entity, nearest first."""
    return reply(request, here, _connected(here, entity_id, query, up=True))


@router.get("/{entity_id:path}/downstream", response_model=ConnectedView, responses=state(404, 422))
async def downstream(
    request: Request, here: Here, entity_id: str, query: Annotated[ReachQuery, Query()]
) -> Response:
    """Everything that an entity serves, nearest first."""
    return reply(request, here, _connected(here, entity_id, query, up=False))


def _connected(here: Context, identity: str, query: ReachQuery, *, up: bool) -> ConnectedView:
    fleet, entity = here.deps.fleet, EntityId(identity)
    known = fleet.entity(entity) or any(fleet.topology.feeders(entity, each) for each in Domain)
    if not known:  # nobody's point, and nobody serves it
        raise missing("entity", identity)
    reach = reach_view(fleet.topology, entity, _domains(query.domain), up=up)
    return ConnectedView(id=entity, power=reach.power, liquid=reach.liquid, air=reach.air)


def _domains(asked: Domain | None) -> tuple[Domain, ...]:
    return tuple(Domain) if asked is None else (asked,)
