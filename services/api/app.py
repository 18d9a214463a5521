"""The API as one application."""

from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.staticfiles import StaticFiles

from schemas.problems import Problem
from services.api import (
    acts,
    annotations,
    backup,
    balances,
    bulk,
    energy,
    equipment,
    faults,
    findings,
    fleet,
    health,
    history,
    racks,
    stream,
    topology,
    whatif,
)
from services.api.context import Deps, create_context
from services.api.figures import show_faults_of, show_racks
from services.api.replies import explain_all
from services.api.settled import Settled
from services.api.then import Moments
from services.metrics import show_streams

PAGE: Final = Path(__file__).parent / "page"
PREFIX: Final = "/api/v1"

_PAGE_HEADERS: Final = {
    "content-security-policy": "default-src 'self'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


def create_app(deps: Deps, page: Path = PAGE) -> FastAPI:
    """The API over live objects, and the page in the folder ``page`` if there is one."""
    app = Twin()
    app.add_middleware(Settled, hub=deps.hub)
    app.state.context = context = create_context(deps)
    app.state.moments = Moments(deps)
    streams = context.streams
    show_streams(
        deps.metrics, lambda: streams.clients, lambda: streams.slow, lambda: streams.refused
    )
    show_racks(deps.metrics, context.board, context.tally)
    show_faults_of(deps.metrics, deps.fleet, deps.hub.faults, context.tally)
    explain_all(app)
    v1 = APIRouter(prefix=PREFIX)
    state = (fleet, racks, equipment, topology, findings, balances)
    for each in (*state, bulk, acts, faults, whatif, backup, history, annotations, energy, stream):
        v1.include_router(each.router)
    app.include_router(v1)
    app.include_router(health.router)
    if page.is_dir():
        _serve_page(app, page)
    return app


class Twin(FastAPI):
    """The application, described without what its framework says by itself."""

    def __init__(self) -> None:
        super().__init__(
            title="racktwin",
            summary="The live state of an AI rack fleet",
            version="1",
            docs_url=None,  # both would load their scripts from elsewhere
            redoc_url=None,
            generate_unique_id_function=_operation_id,
        )
        self.openapi_version = "3.2.0"  # of which ``itemSchema`` is

    def openapi(self) -> dict[str, Any]:
        """The description of the API, its problems included."""
        if self.openapi_schema is None:
            described = super().openapi()
            _, problems = models_json_schema(
                [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
            )
            schemas = described["components"]["schemas"]
            schemas |= problems["$defs"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
        assert self.openapi_schema is not None
        return self.openapi_schema


def _operation_id(route: APIRoute) -> str:
    return route.name.strip("_")


def _serve_page(app: FastAPI, folder: Path) -> None:
    """Serve files behind all routes, so that another method there still meets its own 405."""
    files = StaticFiles(directory=folder, html=True)

    async def page(request: Request) -> Response:
        response = await files.get_response(files.get_path(request.scope), request.scope)
        response.headers.update(_PAGE_HEADERS)
        return response

    app.add_route("/{path:path}", page, methods=["GET"], include_in_schema=False)
