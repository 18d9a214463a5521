"""Problems: what the API answers when it cannot (RFC 9457)."""

from typing import Final

from pydantic import Field

from schemas.documents import Document, absent

MEDIA_TYPE: Final = "application/problem+json"


class Mistake(Document):
    """One thing that is wrong with a request."""

    pointer: str
    """Where, as ``#/query/limit``."""
    detail: str


class Problem(Document):
    """Why a request was not answered."""

    type: str = "about:blank"
    """What kind of problem, to be told apart by programs; ``about:blank`` is the status alone."""
    title: str
    status: int
    detail: str | None = Field(None, exclude_if=absent)
    errors: tuple[Mistake, ...] | None = Field(None, exclude_if=absent)
