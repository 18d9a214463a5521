"""Topology: who serves whom."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from schemas.topology import (
    ConnectedView,
    FateView,
    TopologyPage,
    connected_view,
    cycles_view,
    dangling_view,
    edges_view,
    fate_view,
)
from services.api.context import Context
from services.api.paging import AsOf, StateListing, by_id, page
from services.api.replies import missing, reply, state
from services.api.then import Then
from twin.points import EntityId
from twin.topology import Domain

router = APIRouter(prefix="/topology", tags=["topology"])


class TopologyQuery(StateListing):
    """Which edges."""

    domain: Domain | None = None


class ReachQuery(AsOf):
    """What may flow."""

    domain: Domain | None = None


@router.get("", response_model=TopologyPage, responses=state(400, 422))
async def topology(
    request: Request, here: Then, query: Annotated[TopologyQuery, Query()]
) -> Response:
    """Everything that serves something, with whom it serves directly.

    The first page also tells which ids are served and were never described, and who serves itself,
    through others or at all.
    """
    fleet, domains, first = here.deps.fleet, _domains(query.domain), query.cursor is None
    sources = ((source, each) for each in domains for source in fleet.topology.serves(each))
    found, cursor = page(sources, lambda pair: by_id(" ".join(pair)), query)
    document = TopologyPage(
        items=tuple(edges_view(fleet.topology, *pair) for pair in found),
        next_cursor=cursor,
        revision=here.revision,
        dangling=dangling_view(fleet, domains) if first else None,
        cycles=cycles_view(fleet.topology, domains) if first else None,
    )
    return reply(request, here, document)


@router.get("/{entity_id:path}/upstream", response_model=ConnectedView, responses=state(404, 422))
async def upstream(
    request: Request, here: Then, entity_id: str, query: Annotated[ReachQuery, Query()]
) -> Response:
    """Everything that serves an entity, nearest first."""
    return reply(request, here, _connected(here, entity_id, query, up=True))


@router.get("/{entity_id:path}/downstream", response_model=ConnectedView, responses=state(404, 422))
async def downstream(
    request: Request, here: Then, entity_id: str, query: Annotated[ReachQuery, Query()]
) -> Response:
    """Everything that an entity serves, nearest first."""
    return reply(request, here, _connected(here, entity_id, query, up=False))


@router.get("/{entity_id:path}/fate", response_model=FateView, responses=state(404, 422))
async def fate(
    request: Request, here: Then, entity_id: str, query: Annotated[ReachQuery, Query()]
) -> Response:
    """What is lost with an entity, with what it is lost, and who else serves the same.

    Who is fed from several sides falls only with all of them, so with none of them alone.
    """
    entity = _known(here, entity_id)
    return reply(request, here, fate_view(here.deps.fleet.topology, entity, _domains(query.domain)))


def _connected(here: Context, identity: str, query: ReachQuery, *, up: bool) -> ConnectedView:
    entity = _known(here, identity)
    return connected_view(here.deps.fleet.topology, entity, _domains(query.domain), up=up)


def _known(here: Context, identity: str) -> EntityId:
    fleet, entity = here.deps.fleet, EntityId(identity)
    if fleet.entity(entity) is None and entity not in fleet.topology:
        raise missing("entity", identity)
    return entity


def _domains(asked: Domain | None) -> tuple[Domain, ...]:
    return tuple(Domain) if asked is None else (asked,)
