"""Health: whether the service runs, whether it is of use, and what it says of itself."""

from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from schemas.api import Health
from schemas.problems import Problem
from services.api.context import Here
from services.api.exposition import exposition
from services.api.replies import HTTPResponses, answer, explain, failures

router = APIRouter(tags=["health"])

_TEXT: Final[HTTPResponses] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Whether the process runs."""
    return answer(Health(status="ok"), exclude_none=True)


@router.get("/readyz", response_model=Health, responses=failures(503))
async def readyz(here: Here) -> Response:
    """Whether what it says is worth asking for."""
    reason = here.deps.ready()
    if reason is None:
        health = Health(status="ready", history=here.deps.ailing())
        return answer(health, exclude_none=True)
    return explain(
        Problem(type="urn:racktwin:problem:not-ready", title="Not ready", status=503, detail=reason)
    )


@router.get("/metrics", response_class=Response, responses=_TEXT)
async def metrics(here: Here) -> Response:
    """Figures for Prometheus; those of the racks may be some seconds old in a large fleet."""
    await here.board.refresh()
    await here.tally.sync()
    told = await here.deps.metrics.told(here.way)
    return Response(told, media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/metrics/racks", response_class=Response, responses=_TEXT)
async def rack_metrics(here: Here) -> Response:
    """Figures of every rack, meter and CDU for Prometheus; what is not the truth of now is absent.

    Apart from `/metrics`, so that scraping the service itself stays small.
    """
    return StreamingResponse(exposition(here.board), media_type=CONTENT_TYPE_PLAIN_0_0_4)
