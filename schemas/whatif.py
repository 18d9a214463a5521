"""What-if cases and what would become of the fleet, as documents."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Annotated, TypeVar

from pydantic import Field

from schemas.api import ReachView
from schemas.documents import Document, MeasuredView, measured_view
from schemas.power import CarriedView, carried_view
from schemas.views import reach_of
from twin.affected import Affected, Case
from twin.instants import Instant
from twin.limits import Breach, Of
from twin.points import EntityId
from twin.redundancy import Redundancy
from twin.ripples import Burdened
from twin.severity import Severity
from twin.topology import Domain
from twin.whatif import Outcome

T = TypeVar("T")

Factor = Annotated[float, Field(ge=0, le=10, strict=True)]
Celsius = Annotated[float, Field(ge=-50, le=100, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=512)]

AT_MOST = 10_000
"""Ids in one case."""


class CaseView(Document):
    """What is assumed; whatever is left out stays as it is."""

    lose: tuple[Name, ...] = Field((), max_length=AT_MOST)
    """Ids of meters, CDUs, pumps, racks, rows, halls: whatever has one."""
    supply_offset_k: float = Field(0.0, ge=-50, le=50, strict=True)
    """Of every rack's supply."""
    supply_c: Celsius | None = None
    """Of every rack, instead of what it is and of an offset."""
    flow_factor: Factor = 1.0
    load_factor: Factor = 1.0
    load_factors: dict[str, Factor] = Field({}, max_length=AT_MOST)
    """Of single racks by id, instead of the one of all."""
    budget_kw: float | None = Field(None, ge=0, le=1e9, strict=True)
    """What all racks may draw together."""


class BreachView(Document):
    """A limit that a number is beyond."""

    of: Of
    entity: str
    value: MeasuredView
    limit: float
    severity: Severity


class AffectedView(Document):
    """One rack that the case alters, as it would be."""

    id: str
    loses: tuple[Domain, ...]
    """Where no source reaches it any more."""
    without_power: bool
    without_cooling: bool
    load_before_kw: MeasuredView
    load_kw: MeasuredView
    capacity_kw: MeasuredView
    """What the feeds that are left could carry."""
    headroom_kw: MeasuredView
    feeds: tuple[CarriedView, ...]
    """Those that are left."""
    lost_feeds: tuple[str, ...]
    redundancy_before: Redundancy
    redundancy: Redundancy
    redundancy_lost: bool
    """Whether it could bear the loss of a feed, and cannot any more."""
    supply_c: MeasuredView
    return_c: MeasuredView
    delta_t_k: MeasuredView
    flow_lpm: MeasuredView
    ride_through_s: MeasuredView
    """From the loss of cooling on; null where it is cooled."""
    breaches: tuple[BreachView, ...]


class BurdenedView(Document):
    """One meter further up that carries more or less than now."""

    meter: str
    load_before_kw: MeasuredView
    then: CarriedView
    pushed_over: bool
    """Whether the case takes it beyond what it may carry, and it is not there already."""
    breaches: tuple[BreachView, ...]


class ShedView(Document):
    """The racks to switch off so that the rest stays inside."""

    racks: tuple[str, ...]
    """Largest deficit first."""
    load_kw: MeasuredView
    remaining_kw: MeasuredView
    suffices: bool | None
    """Whether all is inside then; null where what some racks draw is not known."""


class OutcomeSums(Document):
    """What would become of the fleet, in short."""

    fallen: ReachView
    """Whatever no source reaches any more, what is lost itself included, in order of id."""
    unknown: tuple[str, ...]
    """Of those, the ones that are only named by who serves them."""
    load_before_kw: MeasuredView
    load_lost_kw: MeasuredView
    load_kw: MeasuredView
    over_budget_kw: MeasuredView
    """null where there is no budget."""
    without_power: tuple[str, ...]
    without_cooling: tuple[str, ...]
    over_limits: tuple[str, ...]
    """Racks beyond a critical limit."""
    redundancy_lost: tuple[str, ...]
    shed: ShedView


class OutcomeView(OutcomeSums):
    """What would become of the fleet."""

    racks: tuple[AffectedView, ...]
    """Those that the case alters, in order of id."""
    meters: tuple[BurdenedView, ...]
    """Those further up that carry more or less than now, in order of id."""


def case_of(view: CaseView) -> Case:
    """What a request assumes."""
    return Case(
        lose=frozenset(map(EntityId, view.lose)),
        supply_offset_k=view.supply_offset_k,
        supply_c=view.supply_c,
        flow_factor=view.flow_factor,
        load_factor=view.load_factor,
        load_factors={EntityId(each): by for each, by in view.load_factors.items()},
        budget_kw=view.budget_kw,
    )


def outcome_view(outcome: Outcome, now: Instant) -> OutcomeView:
    """What would become of the fleet."""
    return OutcomeView(
        **vars(outcome_sums(outcome, now)),
        racks=tuple(affected_view(each, now) for each in outcome.racks),
        meters=tuple(burdened_view(each, now) for each in outcome.meters),
    )


def outcome_json(outcome: Outcome, now: Instant) -> Iterator[bytes]:
    """The JSON of the same, rack by rack and meter by meter.

    Each is let go of when it was told: 10,000 racks take 50 ms to go at once.
    """
    yield outcome_sums(outcome, now).model_dump_json().encode()[:-1]
    racks, meters = deque(outcome.racks), deque(outcome.meters)
    del outcome
    yield from _array("racks", racks, lambda rack: affected_view(rack, now))
    yield from _array("meters", meters, lambda meter: burdened_view(meter, now))
    yield b"}"


def _array(name: str, items: deque[T], view: Callable[[T], Document]) -> Iterator[bytes]:
    yield f',"{name}":['.encode()
    while items:
        document = view(items.popleft()).model_dump_json().encode()
        yield document + b"," if items else document
    yield b"]"


def outcome_sums(outcome: Outcome, now: Instant) -> OutcomeSums:
    """What would become of the fleet, in short."""
    return OutcomeSums(
        fallen=reach_of({each: list(ids) for each, ids in outcome.fallen.items()}),
        unknown=outcome.unknown,
        load_before_kw=measured_view(outcome.load_before, now),
        load_lost_kw=measured_view(outcome.load_lost, now),
        load_kw=measured_view(outcome.load, now),
        over_budget_kw=measured_view(outcome.over_budget, now),
        without_power=outcome.without_power,
        without_cooling=outcome.without_cooling,
        over_limits=outcome.over_limits,
        redundancy_lost=outcome.redundancy_lost,
        shed=ShedView(
            racks=outcome.shed.racks,
            load_kw=measured_view(outcome.shed.load, now),
            remaining_kw=measured_view(outcome.shed.remaining, now),
            suffices=outcome.shed.suffices,
        ),
    )


def affected_view(rack: Affected, now: Instant) -> AffectedView:
    """One rack that the case alters."""
    return AffectedView(
        id=rack.rack,
        loses=rack.loses,
        without_power=rack.without_power,
        without_cooling=rack.without_cooling,
        load_before_kw=measured_view(rack.load_before, now),
        load_kw=measured_view(rack.load, now),
        capacity_kw=measured_view(rack.capacity, now),
        headroom_kw=measured_view(rack.headroom, now),
        feeds=tuple(carried_view(each, now) for each in rack.feeds),
        lost_feeds=rack.lost_feeds,
        redundancy_before=rack.redundancy_before,
        redundancy=rack.redundancy,
        redundancy_lost=rack.redundancy_lost,
        supply_c=measured_view(rack.supply, now),
        return_c=measured_view(rack.return_, now),
        delta_t_k=measured_view(rack.delta_t, now),
        flow_lpm=measured_view(rack.flow, now),
        ride_through_s=measured_view(rack.ride_through, now),
        breaches=tuple(_breach(each, now) for each in rack.breaches),
    )


def burdened_view(meter: Burdened, now: Instant) -> BurdenedView:
    """One meter that carries more or less than now."""
    return BurdenedView(
        meter=meter.meter,
        load_before_kw=measured_view(meter.before, now),
        then=carried_view(meter.then, now),
        pushed_over=meter.pushed_over,
        breaches=tuple(_breach(each, now) for each in meter.breaches),
    )


def _breach(breach: Breach, now: Instant) -> BreachView:
    return BreachView(
        of=breach.of,
        entity=breach.entity,
        value=measured_view(breach.value, now),
        limit=breach.limit,
        severity=breach.severity,
    )
