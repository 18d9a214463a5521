"""What if: what the loss of things, or a change of load and cooling, would do to the racks.

It reads the live fleet and changes nothing in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twin.affected import FLOWS, Affected, Case, Ids, affected_of
from twin.entities import RACK
from twin.fleet import Fleet
from twin.measured import Measured, derive, nothing, total, written
from twin.points import EntityId
from twin.racks import Rack
from twin.ripples import Burdened, ripples, way_of
from twin.shedding import Candidate, Excess, shed
from twin.topology import Domain

Loads = Mapping[EntityId, Measured]


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


def consequences(fleet: Fleet, case: Case, racks: Iterable[Rack] | None = None) -> Outcome:
    """What ``case`` would do.

    Args:
        fleet: Whose present state it starts from; it does not change.
        case: What is assumed.
        racks: Views of all of its racks, where somebody has them already.

    Raises:
        UnknownIdsError: The case names what nobody ever told of.
    """
    _check(fleet, case)
    views = {rack.id: rack for rack in (fleet.views() if racks is None else racks)}
    fallen = _fallen(fleet, case.lose)
    gone = frozenset[EntityId]().union(*fallen.values())
    affected = {
        each: affected_of(fleet, case, rack, fallen)
        for each, rack in views.items()
        if case.alters(each) or not gone.isdisjoint({each}.union(*rack.upstream.values()))
    }
    return _outcome(fleet, case, fallen, affected, views)


def _check(fleet: Fleet, case: Case) -> None:
    strange = {
        each for each in case.lose if fleet.entity(each) is None and each not in fleet.topology
    } | {each for each in case.load_factors if fleet.rack(each) is None}
    if strange:
        raise UnknownIdsError(tuple(sorted(strange)))


def _fallen(fleet: Fleet, lose: frozenset[EntityId]) -> dict[Domain, frozenset[EntityId]]:
    """Who falls, by domain: a unit without power cools nothing, so what it serves falls with it."""
    topology = fleet.topology
    within = {each for one in lose for each in topology.downstream(one, Domain.PLACE)}
    lost = lose | within
    power = topology.lost_with(lost, Domain.POWER)
    off = frozenset(each for each in power | lost if not _is_rack(fleet, each))
    return {
        Domain.POWER: power,
        **{each: topology.lost_with(off, each) for each in (Domain.LIQUID, Domain.AIR)},
    }


def _is_rack(fleet: Fleet, entity: EntityId) -> bool:
    found = fleet.entity(entity)
    return found is not None and found.kind == RACK


def _outcome(
    fleet: Fleet,
    case: Case,
    fallen: Mapping[Domain, frozenset[EntityId]],
    affected: Mapping[EntityId, Affected],
    views: Mapping[EntityId, Rack],
) -> Outcome:
    behind = {each: _within(fleet, each, fallen[each]) for each in FLOWS}
    loads = {
        each: affected[each].load if each in affected else rack.power.load
        for each, rack in views.items()
    }
    rooms = {
        each: affected[each].headroom if each in affected else rack.power.headroom
        for each, rack in views.items()
    }
    load, racks = total("kW", list(loads.values())), tuple(affected.values())
    over = _over(load, case.budget_kw)
    shifts = [shift for rack in racks for shift in rack.shifts]
    power = fallen[Domain.POWER]
    meters = ripples(shifts, power, fleet.topology, fleet.entity, fleet.site.meter)
    excesses = _excesses(fleet, meters, affected, views)
    if over.now:
        excesses.append(Excess(over.now, {each: kw.now or 0.0 for each, kw in loads.items()}))
    return Outcome(
        fallen=behind,
        unknown=tuple(
            sorted({one for ids in behind.values() for one in ids if fleet.entity(one) is None})
        ),
        racks=racks,
        meters=meters,
        load_before=total("kW", [rack.power.load for rack in views.values()]),
        load_lost=_lost(racks),
        load=load,
        over_budget=over,
        shed=_shed(racks, loads, rooms, excesses, sure=case.budget_kw is None or _whole(load)),
    )


def _within(fleet: Fleet, domain: Domain, fallen: frozenset[EntityId]) -> Ids:
    """Those of ``fallen`` that anything of a domain flows to or from."""
    serves, feeders = fleet.topology.serves(domain), fleet.topology.feeders
    return tuple(sorted(each for each in fallen if each in serves or feeders(each, domain)))


def _lost(racks: Sequence[Affected]) -> Measured:
    dark = [each.load_before for each in racks if each.without_power]
    return total("kW", dark) if dark else written(0.0, "kW")


def _whole(load: Measured) -> bool:
    return load.fresh == load.expected


def _over(load: Measured, budget_kw: float | None) -> Measured:
    if budget_kw is None:
        return nothing("kW")
    return derive("kW", (load, written(budget_kw, "kW")), lambda kw, may: max(0.0, kw - may))


def _excesses(
    fleet: Fleet,
    meters: Sequence[Burdened],
    affected: Mapping[EntityId, Affected],
    views: Mapping[EntityId, Rack],
) -> list[Excess]:
    """What meters carry too much because of the case, and which racks bring how much of it.

    One that is over its limit already is not: whoever lives with it, or its limit is wrong.
    """
    reliefs: dict[EntityId, dict[EntityId, float]] = {
        each.meter: {} for each in meters if each.pushed_over
    }
    for rack, view in views.items() if reliefs else ():
        feeds = (
            [(shift.feed, shift.after) for shift in affected[rack].shifts]
            if rack in affected
            else [(feed.meter, feed.load) for feed in view.power.feeds]
        )
        for feed, load in feeds:
            for meter in reliefs.keys() & way_of(feed, fleet.topology):
                relief = reliefs[meter]
                relief[rack] = relief.get(rack, 0.0) + (load.now or 0.0)
    return [Excess(each.excess_kw, reliefs[each.meter]) for each in meters if each.pushed_over]


def _shed(
    racks: Sequence[Affected],
    loads: Loads,
    rooms: Loads,
    excesses: Sequence[Excess],
    *,
    sure: bool,
) -> Shed:
    """Whoever is not cooled or beyond a critical limit, and what is too much besides."""
    plan = shed(
        [Candidate(each, kw.now or 0.0, -(rooms[each].now or 0.0)) for each, kw in loads.items()],
        {each.rack for each in racks if each.without_cooling or each.over_limits},
        excesses,
    )
    chosen = [loads[each] for each in plan.racks]
    off = frozenset(plan.racks)
    return Shed(
        racks=plan.racks,
        load=total("kW", chosen) if chosen else written(0.0, "kW"),
        remaining=total("kW", [load for each, load in loads.items() if each not in off]),
        suffices=plan.suffices if sure or not plan.suffices else None,
    )
