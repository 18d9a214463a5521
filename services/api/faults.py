"""Faults: what is wrong, most urgent first."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from schemas.faults import FaultsPage, FaultView, StatisticsView, fault_view, statistics_view
from schemas.moments import Moment
from schemas.rules import RulesView, rule_views
from services.api.context import Context, Here
from services.api.paging import Key, StateListing, page
from services.api.replies import fresh, live, missing, reply, state
from services.api.slices import made, picked
from services.api.then import Then
from twin.fault import Condition, Fault, State
from twin.faults.picture import Picture
from twin.faults.rule import Rules
from twin.severity import RANK, Severity

router = APIRouter(prefix="/faults", tags=["faults"])

Sort = Literal["urgency", "raised_at", "-raised_at"]


class FaultsQuery(StateListing):
    """Which faults, in what order."""

    entity: str | None = Field(None, description="On this rack or piece of equipment.")
    code: str | None = Field(None, description="Of the catalogue, as `leak.detected`.")
    severity_min: Severity = Severity.OK
    state: State | None = Field(
        None, description="What is shown of it. Only with `NORM` those that are over and noted."
    )
    priority: int | None = Field(None, ge=1, le=4)
    condition: Condition | None = Field(None, description="Whether it is so.")
    annunciated: bool | None = Field(None, description="Whether it is put before an operator.")
    suppressed: bool | None = Field(None, description="Whether another one explains it.")
    since: Moment | None = Field(
        None, description="Raised at that instant or later; those that are over as well."
    )
    sort: Sort = Field("urgency", description="By priority, severity and age; or by age alone.")

    def among(self, faults: Picture) -> Iterable[Fault]:
        """The faults among which are those that are asked for."""
        over = self.since is not None or self.state is State.NORM
        return faults.occurrences() if over else faults.standing()

    def holds(self, fault: Fault, rules: Rules) -> bool:
        """Whether a fault is asked for."""
        return (
            self.entity in {None, fault.key.entity}
            and self.code in {None, fault.key.code}
            and RANK[fault.severity_now] >= RANK[self.severity_min]
            and self.state in {None, fault.state}
            and self.priority in {None, rules[fault.key.code].priority}
            and self.condition in {None, fault.condition}
            and self.annunciated in {None, fault.annunciated}
            and self.suppressed in {None, bool(fault.suppressed_by)}
            and (self.since is None or fault.raised_at >= self.since)
        )

    def key(self, fault: Fault, rules: Rules) -> Key:
        """Where a fault stands."""
        if self.sort == "urgency":
            return urgency(fault, rules)
        sign = -1.0 if self.sort.startswith("-") else 1.0
        return Key(absent=False, value=sign * fault.raised_at, id="\0".join(fault.key))


@router.get("", response_model=FaultsPage, responses=state(400, 422))
async def faults(request: Request, here: Then, query: Annotated[FaultsQuery, Query()]) -> Response:
    """Faults that are not over and noted, or are masked: most urgent and worst first."""
    rules = here.deps.fleet.faults.rules
    found = query.among(here.deps.fleet.faults)
    asked = await picked(here.way, found, lambda each: query.holds(each, rules))
    chosen, cursor = page(asked, lambda each: query.key(each, rules), query)
    return await _page(request, here, chosen, cursor)


@router.get("/statistics", response_model=StatisticsView)
async def fault_statistics(here: Here) -> Response:
    """How often operators were called in the last day, and what for."""
    return fresh(here, statistics_view(here.deps.fleet.faults, here.now))


@router.get("/rules", response_model=RulesView, responses=live())
async def fault_rules(request: Request, here: Here) -> Response:
    """What is judged a fault: every row with its limits, its delays and where they come from."""
    views = rule_views(here.deps.fleet.faults.rules)
    return reply(request, here, RulesView(items=tuple(views), revision=here.revision))


@router.get("/{fault_id}", response_model=FaultView, responses=state(404, 422))
async def fault(request: Request, here: Then, fault_id: str) -> Response:
    """One occurrence, also one that is over while it is remembered."""
    found = here.deps.fleet.faults.get(fault_id)
    if found is None:
        raise missing("fault", fault_id)
    return reply(request, here, fault_view(found, here.deps.fleet))


async def page_of_faults(
    request: Request, here: Context, found: Iterable[Fault], query: StateListing
) -> Response:
    """One page of faults, most urgent first."""
    rules = here.deps.fleet.faults.rules
    return await _page(request, here, *page(found, lambda each: urgency(each, rules), query))


def urgency(fault: Fault, rules: Rules) -> Key:
    """Where a fault stands among others: by priority, how bad it is, and when it was raised."""
    priority = rules[fault.key.code].priority
    how = priority * len(RANK) - RANK[fault.severity_now]
    return Key(absent=False, value=how, id="\0".join((f"{fault.raised_at:020}", *fault.key)))


async def _page(
    request: Request, here: Context, found: Iterable[Fault], cursor: str | None
) -> Response:
    fleet = here.deps.fleet
    document = FaultsPage(
        items=await made(here.way, found, lambda each: fault_view(each, fleet)),
        next_cursor=cursor,
        revision=here.revision,
    )
    return reply(request, here, document)
