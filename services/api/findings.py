"""Findings: what readings say of one another for longer than any transient lasts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.findings import FindingsPage, finding_view
from services.api.balances import beat
from services.api.paging import AsOf
from services.api.replies import reply, state
from services.api.then import Then
from twin.held import Standing

router = APIRouter(prefix="/findings", tags=["findings"])


class FindingsQuery(AsOf):
    """Which findings."""

    entity: str | None = Field(None, description="Of this rack or piece of equipment.")
    code: str | None = Field(None, description="Of the fault catalogue, as `balance.heat`.")

    def holds(self, standing: Standing) -> bool:
        """Whether a finding is asked for."""
        finding = standing.finding
        return self.entity in (None, finding.entity) and self.code in (None, finding.code)


@router.get("", response_model=FindingsPage, responses=state(422))
async def findings(
    request: Request, here: Then, query: Annotated[FindingsQuery, Query()]
) -> Response:
    """Readings that cannot be true together, with the one to blame where it can be told.

    Each has lasted: a transient does not show here. None goes before it is gone for a minute.
    """
    audit = here.deps.fleet.audit
    items = tuple(finding_view(each) for each in audit.findings() if query.holds(each))
    document = FindingsPage(items=items, revision=here.revision)
    return reply(request, here, document, tag=beat(here.deps.fleet))
