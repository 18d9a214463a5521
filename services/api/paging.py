"""Collections, a page at a time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from heapq import nsmallest
from typing import Final, NamedTuple, TypeVar

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.moments import AnyMoment
from services.api.replies import ProblemError

MOST: Final = 1000

AT: Final = "As it was then: RFC 3339, or milliseconds since 1970. Now, if left out."

T = TypeVar("T")


class Key(NamedTuple):
    """Where an item stands in its order: those without a value last, equals by id."""

    absent: bool
    value: float
    id: str


class AsOf(BaseModel):
    """What any state can be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AnyMoment | None = Field(None, description=AT)


class Listing(BaseModel):
    """What any collection can be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(500, ge=1, le=MOST, description="Items in one page.")
    cursor: str | None = Field(
        None, description="`next_cursor` of the page before, with everything else as it was."
    )

    @property
    def binding(self) -> str:
        """What ties a cursor to its filters and sort."""
        asked = self.model_dump_json(exclude={"limit", "cursor"})
        return sha256(asked.encode()).hexdigest()[:12]


class StateListing(AsOf, Listing):
    """What any collection of the state can be asked."""


def by_id(item: str) -> Key:
    """In order of id."""
    return Key(absent=False, value=0.0, id=item)


def page(
    items: Iterable[T], key: Callable[[T], Key], listing: Listing
) -> tuple[list[T], str | None]:
    """One page of ``items`` in order of ``key``, and the cursor of the next, if there is one.

    The cursor says behind which item a page begins, not how many came before: items that come or
    go meanwhile never make another be skipped or told twice, unless it changes places itself.
    """
    behind = _read(listing) if listing.cursor is not None else None
    left = (item for item in items if behind is None or key(item) > behind)
    found = nsmallest(listing.limit + 1, left, key=key)
    if len(found) <= listing.limit:
        return found, None
    return found[:-1], _write(listing, key(found[-2]))


def split(value: object) -> object:
    """Names given as ``a,b`` or one by one."""
    if not isinstance(value, list | tuple):
        return value
    return [
        name for each in value for name in (each.split(",") if isinstance(each, str) else [each])
    ]


Commas: Final = BeforeValidator(split)


def _write(listing: Listing, key: Key) -> str:
    return urlsafe_b64encode(msgspec.json.encode((listing.binding, *key))).decode().rstrip("=")


def _read(listing: Listing) -> Key:
    cursor = listing.cursor or ""
    try:
        binding, absent, value, identity = _decode(
            urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        )
    except (ValueError, msgspec.MsgspecError) as error:
        raise ProblemError(
            400, "cursor-invalid", "Not a cursor", f"{cursor!r} is no cursor of this API"
        ) from error
    if binding != listing.binding:
        raise ProblemError(
            400,
            "cursor-mismatch",
            "Another request's cursor",
            "a cursor goes on with the filters and the sort it was given for: begin without one",
        )
    return Key(absent, value, identity)


_decode: Final = msgspec.json.Decoder(tuple[str, bool, float, str]).decode
