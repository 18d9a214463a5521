"""How documents and problems are answered."""

from collections.abc import Sequence
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from schemas.problems import MEDIA_TYPE, Mistake, Problem
from schemas.rfc3339 import format_instant
from services.api.context import Context

HTTPResponses = dict[int | str, dict[str, object]]


class ProblemError(Exception):
    """A request that cannot be answered, and why.

    Args:
        status: Of the answer.
        kind: To be told apart by programs, as ``cursor-mismatch``.
        title: The same for every problem of this kind.
        detail: What it was this time.
    """

    def __init__(self, status: int, kind: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(
            type=f"urn:racktwin:problem:{kind}", title=title, status=status, detail=detail
        )


def missing(what: str, identity: str) -> ProblemError:
    """There is nothing of that id."""
    return ProblemError(404, "unknown-id", "No such thing", f"there is no {what} {identity!r}")


def reply(
    request: Request, context: Context, document: BaseModel, *, tag: str = "", **dump: object
) -> Response:
    """A document of the state, or 304 where the client has it already.

    Args:
        request: What was asked.
        context: Of the handler.
        document: The answer.
        tag: What else than the revision alters this document.
        dump: How the document is turned into JSON.
    """
    epoch, revision = context.revision.split(":")
    etag = f'W/"{epoch}-{revision}{tag}"'
    headers = {"etag": etag, "twin-revision": context.revision} | _of_when(context)
    if _has(request.headers.getlist("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return answer(document, headers, **dump)  # type: ignore[arg-type]  # pydantic's own


def fresh(context: Context, document: BaseModel) -> Response:
    """A document of the state that alters without the revision: by time alone."""
    return answer(document, _of_when(context))


def answer(
    document: BaseModel,
    headers: dict[str, str] | None = None,
    *,
    status: int = 200,
    **dump: object,
) -> Response:
    """A document as JSON."""
    content = document.model_dump_json(by_alias=True, **dump)  # type: ignore[arg-type]
    return Response(content, status, media_type="application/json", headers=headers)


def explain(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as the answer."""
    return Response(
        problem.model_dump_json(), problem.status, media_type=MEDIA_TYPE, headers=headers
    )


def failures(*statuses: int) -> HTTPResponses:
    """The statuses of problems that a handler may answer with, for the description of the API."""
    return {status: PROBLEM | {"description": _PHRASES[status]} for status in statuses}


def state(*statuses: int) -> HTTPResponses:
    """The same for a document of the state, live or of the past."""
    return live(*sorted({*statuses, *_OF_THE_PAST}))


def live(*statuses: int) -> HTTPResponses:
    """The same for a document of the live state."""
    return {304: {"description": "As it was at the ETag of If-None-Match"}, **failures(*statuses)}


PROBLEM: Final[dict[str, object]] = {
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
}

_OF_THE_PAST: Final = (404, 422, 503)
"""Nothing is known of then, it is still to come, or the store cannot answer."""

_PHRASES: Final = {
    400: "The cursor or the body cannot be used",
    404: "No such thing",
    409: "Not as things stand",
    422: "The request is wrong",
    503: "Not now",
}


def explain_all(app: FastAPI) -> None:
    """Let every error be answered as a problem."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _of_when(context: Context) -> dict[str, str]:
    """Headers that say whether a document is of now."""
    headers = {"cache-control": "no-cache"}
    if context.at is None:
        return headers | {"twin-mode": "live"}
    return headers | {"twin-mode": "historic", "twin-at": format_instant(context.at)}


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return explain(error.problem)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return explain(Problem(title=error.detail, status=error.status_code), headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = tuple(
        Mistake(pointer="#/" + "/".join(map(str, one["loc"])), detail=one["msg"])
        for one in error.errors()
    )
    return explain(Problem(title=_PHRASES[422], status=422, errors=errors))


async def _unexpected(_: Request, __: Exception) -> Response:
    return explain(Problem(title="Internal Server Error", status=500))


def _has(tags: Sequence[str], etag: str) -> bool:
    """Whether If-None-Match names a tag, compared weakly."""
    named = {tag.strip().removeprefix("W/") for line in tags for tag in line.split(",")}
    return bool({"*", etag.removeprefix("W/")} & named)
