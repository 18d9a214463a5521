"""What if: what the loss of things, or a change of load and cooling, would do to the racks.

It reads a fork of the live fleet and changes nothing in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from twin.affected import FLOWS, Affected, Case, Ids, affected_of
from twin.entities import RACK
from twin.fleet import Fleet
from twin.fork import Fork
from twin.measured import Measured, derive, nothing, total, written
from twin.points import EntityId
from twin.racks import Rack
from twin.ripples import Burdened, ripples, way_of
from twin.shedding import Candidate, Excess, shed
from twin.steps import Steps, run
from twin.topology import Domain

T = TypeVar("T")


class UnknownIdsError(ValueError):
    """A case names what nobody ever told of."""

    def __init__(self, ids: Ids) -> None:
        super().__init__(f"nobody told of {', '.join(map(repr, ids))}")
        self.ids = ids


@dataclass(frozen=True, slots=True)
class Shed:
    """The racks to switch off so that the rest stays inside."""

    racks: Ids
    """Largest deficit first."""
    load: Measured
    remaining: Measured
    """What the rest draws."""
    suffices: bool | None
    """Whether all is inside then; None where what some racks draw is not known."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of the fleet."""

    fallen: Mapping[Domain, Ids]
    """Whatever no source reaches any more, what is lost itself included, in order of id."""
    unknown: Ids
    """Of those, the ones that are only named by who serves them."""
    racks: tuple[Affected, ...]
    meters: tuple[Burdened, ...]
    """Those further up that carry more or less than now, in order of id."""
    load_before: Measured
    load_lost: Measured
    load: Measured
    """What all racks draw then."""
    over_budget: Measured
    """Nothing where there is no budget."""
    shed: Shed

    @property
    def without_power(self) -> Ids:
        """The racks that no source feeds any more."""
        return tuple(each.rack for each in self.racks if each.without_power)

    @property
    def without_cooling(self) -> Ids:
        """The racks that nothing cools any more."""
        return tuple(each.rack for each in self.racks if each.without_cooling)

    @property
    def over_limits(self) -> Ids:
        """The racks that are beyond a critical limit."""
        return tuple(each.rack for each in self.racks if each.over_limits)

    @property
    def redundancy_lost(self) -> Ids:
        """The racks that could bear the loss of a feed, and cannot any more."""
        return tuple(each.rack for each in self.racks if each.redundancy_lost)


def consequences(fleet: Fleet, case: Case) -> Outcome:
    """What ``case`` would do.

    Args:
        fleet: Whose present state it starts from; it does not change.
        case: What is assumed.

    Raises:
        UnknownIdsError: The case names what nobody ever told of.
    """
    return run(stepwise(Fork(fleet), case))


def stepwise(fork: Fork, case: Case) -> Steps[Outcome]:
    """The same in steps, each the work of one rack or meter; between them the fleet may go on.

    Raises:
        UnknownIdsError: The case names what nobody ever told of, at the first step.
    """
    _check(fork, case)
    fallen = _fallen(fork, case.lose)
    gone = frozenset[EntityId]().union(*fallen.values())
    draws: dict[EntityId, _Draw] = {}
    affected: dict[EntityId, Affected] = {}
    for each in fork.ids:
        rack = fork.rack(each)
        if rack is not None:
            if case.alters(each) or not gone.isdisjoint({each}.union(*rack.upstream.values())):
                affected[each] = affected_of(fork, case, rack, fallen)
            draws[each] = _draw(rack, affected.get(each))
        yield
    return (yield from _outcome(fork, case, fallen, _sorted(affected), _sorted(draws)))


def _sorted(racks: Mapping[EntityId, T]) -> dict[EntityId, T]:
    return {each: racks[each] for each in sorted(racks)}


class _Draw(NamedTuple):
    """What matters of a rack to all others."""

    before: Measured
    load: Measured
    room: Measured
    """What it could draw besides."""
    feeds: tuple[tuple[EntityId, Measured], ...]
    """What each of its feeds carries."""


def _draw(rack: Rack, then: Affected | None) -> _Draw:
    power = rack.power
    if then is None:
        feeds = tuple((feed.meter, feed.load) for feed in power.feeds)
        return _Draw(power.load, power.load, power.headroom, feeds)
    feeds = tuple((shift.feed, shift.after) for shift in then.shifts)
    return _Draw(power.load, then.load, then.headroom, feeds)


def _check(fork: Fork, case: Case) -> None:
    strange = {
        each for each in case.lose if fork.entity(each) is None and each not in fork.topology
    } | {each for each in case.load_factors if fork.rack(each) is None}
    if strange:
        raise UnknownIdsError(tuple(sorted(strange)))


def _fallen(fork: Fork, lose: frozenset[EntityId]) -> dict[Domain, frozenset[EntityId]]:
    """Who falls, by domain: a unit without power cools nothing, so what it serves falls with it."""
    topology = fork.topology
    within = {each for one in lose for each in topology.downstream(one, Domain.PLACE)}
    lost = lose | within
    power = topology.lost_with(lost, Domain.POWER)
    off = frozenset(each for each in power | lost if not _is_rack(fork, each))
    return {
        Domain.POWER: power,
        **{each: topology.lost_with(off, each) for each in (Domain.LIQUID, Domain.AIR)},
    }


def _is_rack(fork: Fork, entity: EntityId) -> bool:
    found = fork.entity(entity)
    return found is not None and found.kind == RACK


def _outcome(
    fork: Fork,
    case: Case,
    fallen: Mapping[Domain, frozenset[EntityId]],
    affected: Mapping[EntityId, Affected],
    draws: Mapping[EntityId, _Draw],
) -> Steps[Outcome]:
    yield
    racks, power = tuple(affected.values()), fallen[Domain.POWER]
    behind = {each: _within(fork, each, fallen[each]) for each in FLOWS}
    yield
    before = total("kW", [draw.before for draw in draws.values()])
    yield
    load = total("kW", [draw.load for draw in draws.values()])
    over = _over(load, case.budget_kw)
    yield
    shifts = (shift for rack in racks for shift in rack.shifts)
    meters = yield from ripples(shifts, power, fork.topology, fork.entity, fork.site.meter)
    excesses = yield from _excesses(fork, meters, draws)
    if over.now:
        excesses.append(Excess(over.now, {each: d.load.now or 0.0 for each, d in draws.items()}))
    yield
    sure = case.budget_kw is None or load.fresh == load.expected
    chosen = yield from _shed(racks, draws, excesses, sure=sure)
    return Outcome(
        fallen=behind,
        unknown=tuple(
            sorted({one for ids in behind.values() for one in ids if fork.entity(one) is None})
        ),
        racks=racks,
        meters=meters,
        load_before=before,
        load_lost=_lost(racks),
        load=load,
        over_budget=over,
        shed=chosen,
    )


def _within(fork: Fork, domain: Domain, fallen: frozenset[EntityId]) -> Ids:
    """Those of ``fallen`` that anything of a domain flows to or from."""
    serves, feeders = fork.topology.serves(domain), fork.topology.feeders
    return tuple(sorted(each for each in fallen if each in serves or feeders(each, domain)))


def _lost(racks: Sequence[Affected]) -> Measured:
    dark = [each.load_before for each in racks if each.without_power]
    return total("kW", dark) if dark else written(0.0, "kW")


def _over(load: Measured, budget_kw: float | None) -> Measured:
    if budget_kw is None:
        return nothing("kW")
    return derive("kW", (load, written(budget_kw, "kW")), lambda kw, may: max(0.0, kw - may))


def _excesses(
    fork: Fork, meters: Sequence[Burdened], draws: Mapping[EntityId, _Draw]
) -> Steps[list[Excess]]:
    """What meters carry too much because of the case, and which racks bring how much of it.

    One that is over its limit already is not: whoever lives with it, or its limit is wrong.
    """
    reliefs: dict[EntityId, dict[EntityId, float]] = {
        each.meter: {} for each in meters if each.pushed_over
    }
    for rack, draw in draws.items() if reliefs else ():
        for feed, load in draw.feeds:
            for meter in way_of(feed, fork.topology):
                if meter in reliefs:
                    relief = reliefs[meter]
                    relief[rack] = relief.get(rack, 0.0) + (load.now or 0.0)
        yield
    return [Excess(each.excess_kw, reliefs[each.meter]) for each in meters if each.pushed_over]


def _shed(
    racks: Sequence[Affected],
    draws: Mapping[EntityId, _Draw],
    excesses: Sequence[Excess],
    *,
    sure: bool,
) -> Steps[Shed]:
    """Whoever is not cooled or beyond a critical limit, and what is too much besides."""
    candidates = [
        Candidate(each, draw.load.now or 0.0, -(draw.room.now or 0.0))
        for each, draw in draws.items()
    ]
    must = {each.rack for each in racks if each.without_cooling or each.over_limits}
    yield
    plan = yield from shed(candidates, must, excesses)
    off = frozenset(plan.racks)
    yield
    load = total("kW", [draws[each].load for each in plan.racks]) if off else written(0.0, "kW")
    yield
    remaining = total("kW", [draw.load for each, draw in draws.items() if each not in off])
    yield
    suffices = plan.suffices if sure or not plan.suffices else None
    return Shed(plan.racks, load, remaining, suffices)
