"""Balances: what two ways of knowing one quantity say of each other."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.balances import BalancesPage, balance_view, found_by
from services.api.context import Context
from services.api.paging import StateListing, by_id, page
from services.api.replies import reply, state
from services.api.slices import made
from services.api.tally import drawn_up
from services.api.then import Then
from twin.balance import Balance, Closure
from twin.fleet import Fleet

router = APIRouter(prefix="/balances", tags=["balances"])


class BalancesQuery(StateListing):
    """Which balances."""

    entity: str | None = Field(None, description="In which this takes part.")
    code: str | None = Field(None, description="Of the fault catalogue, as `balance.heat`.")
    closure: Closure | None = Field(None, description="Those that close, or do not.")

    def holds(self, balance: Balance) -> bool:
        """Whether a balance is asked for."""
        return (
            (self.entity is None or with_part_of(balance, self.entity))
            and self.code in (None, balance.code)
            and self.closure in (None, balance.closure)
        )


@router.get("", response_model=BalancesPage, responses=state(400, 422))
async def balances(
    request: Request, here: Then, query: Annotated[BalancesQuery, Query()]
) -> Response:
    """What two ways of knowing one quantity say of each other, by rack, meter and CDU."""
    return await paged(request, here, query, query.holds)


def with_part_of(balance: Balance, entity: str) -> bool:
    """Whether an entity takes part in a balance."""
    return entity == balance.entity or entity in balance.others


async def paged(
    request: Request, here: Context, query: StateListing, holds: Callable[[Balance], bool]
) -> Response:
    """One page of the balances that are asked for, in order of entity and code."""
    fleet, now = here.deps.fleet, here.now
    asked = await drawn_up(fleet, holds, here.way)
    chosen, cursor = page(asked, lambda each: by_id(f"{each.entity} {each.code}"), query)
    found = found_by(fleet.audit.findings())
    document = BalancesPage(
        items=await made(here.way, chosen, lambda each: balance_view(each, found, now)),
        next_cursor=cursor,
        revision=here.revision,
    )
    return reply(request, here, document, tag=beat(fleet))


def beat(fleet: Fleet) -> str:
    """What alters a document of what is drawn up, whether anything else of the fleet changes."""
    return f"-{fleet.audit.next_at}"
