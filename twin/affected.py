"""One rack under an assumption: what it draws, through what, and how warm it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import fsum
from typing import Final

from twin.circuits import Rating, able_of, circuit_of
from twin.entities import Entity
from twin.fork import Fork
from twin.limits import FEED, Breach, Of, breach, breaches
from twin.measured import Measured, derive, nothing, written
from twin.points import EntityId
from twin.power import CapacityFrom
from twin.racks import Rack
from twin.redundancy import Carried, Redundancy, Side, bearing, losses_of, redundancy_of, shared
from twin.ripples import Shift
from twin.severity import Severity
from twin.thermal import Thermal, warmed_c
from twin.topology import Domain

Ids = tuple[EntityId, ...]

FLOWS: Final = (Domain.POWER, Domain.LIQUID, Domain.AIR)
"""What a rack can be without."""

_REDUNDANT: Final = frozenset({Redundancy.TWO_N, Redundancy.N_PLUS_1})


@dataclass(frozen=True, slots=True)
class Case:
    """What is assumed."""

    lose: frozenset[EntityId] = frozenset()
    """Meters, CDUs, pumps, racks, rows, halls: whatever has an id."""
    supply_offset_k: float = 0.0
    supply_c: float | None = None
    """Of every rack, instead of what it is."""
    flow_factor: float = 1.0
    load_factor: float = 1.0
    load_factors: Mapping[EntityId, float] = field(default_factory=dict)
    """Of single racks, instead of the one of all."""
    budget_kw: float | None = None
    """What all racks may draw together."""

    def factor(self, rack: EntityId) -> float:
        """By how much the load of a rack grows."""
        return self.load_factors.get(rack, self.load_factor)

    def alters(self, rack: EntityId) -> bool:
        """Whether anything of a rack is changed, losses aside."""
        cooling = (self.supply_offset_k, self.flow_factor) != (0.0, 1.0)
        return cooling or self.supply_c is not None or self.factor(rack) != 1.0

    def supply(self, now: Measured) -> Measured:
        """The temperature of a rack's supply."""
        if self.supply_c is not None:
            return derive("C", (now,), lambda _: self.supply_c)
        if self.supply_offset_k:
            return derive("C", (now,), lambda celsius: celsius + self.supply_offset_k)
        return now


@dataclass(frozen=True, slots=True)
class Affected:
    """One rack that the case alters."""

    rack: EntityId
    loses: tuple[Domain, ...]
    """Where no source reaches it any more."""
    without_power: bool
    without_cooling: bool
    load_before: Measured
    load: Measured
    capacity: Measured
    """What the feeds that are left could carry."""
    headroom: Measured
    feeds: tuple[Carried, ...]
    """Those that are left."""
    lost_feeds: Ids
    redundancy_before: Redundancy
    redundancy: Redundancy
    supply: Measured
    return_: Measured
    delta_t: Measured
    flow: Measured
    ride_through: Measured
    """From the loss of cooling on; nothing where it is cooled."""
    shifts: tuple[Shift, ...]
    """What every feed of it carries now and then, lost ones too."""
    breaches: tuple[Breach, ...]

    @property
    def over_limits(self) -> bool:
        """Whether anything of it is beyond a critical limit."""
        return any(each.severity is Severity.CRITICAL for each in self.breaches)

    @property
    def redundancy_lost(self) -> bool:
        """Whether it could bear the loss of a feed, and cannot any more."""
        return self.redundancy_before in _REDUNDANT and self.redundancy not in _REDUNDANT


def affected_of(
    fork: Fork, case: Case, rack: Rack, fallen: Mapping[Domain, frozenset[EntityId]]
) -> Affected:
    """What becomes of ``rack``, when ``fallen`` has no source any more."""
    loses = tuple(each for each in FLOWS if rack.id in fallen[each])
    before, factor = rack.power.load, case.factor(rack.id)
    dark = Domain.POWER in loses
    load = written(0.0, "kW") if dark else scaled(before, factor)
    sides = _sides(fork, rack)
    kept = [side for side in sides if not dark and side.meter not in fallen[Domain.POWER]]
    hot = not dark and _uncooled(fork, case, rack, loses)
    liquid = _liquid(case, rack, load, factor, flowing=not (dark or hot))
    capacity = _capacity(rack, kept, dark=dark)
    feeds = _feeds(rack, sides, kept, load, factor)
    return Affected(
        rack=rack.id,
        loses=loses,
        without_power=dark,
        without_cooling=hot,
        load_before=before,
        load=load,
        capacity=capacity,
        headroom=derive("kW", (capacity, load), lambda may, does: may - does),
        feeds=feeds,
        lost_feeds=tuple(side.meter for side in sides if side not in kept),
        redundancy_before=rack.power.redundancy,
        redundancy=Redundancy.LOST if dark else redundancy_of(kept, load, losses_of(kept, load)),
        supply=liquid.supply,
        return_=liquid.return_,
        delta_t=liquid.delta_t,
        flow=liquid.flow,
        ride_through=_ride_through(case, rack, load, factor) if hot else nothing("s"),
        shifts=tuple(_shift(rack, side, feeds) for side in sides),
        breaches=(*_loaded(feeds), *(() if dark or hot else _coolant(rack.id, liquid, load))),
    )


def scaled(measured: Measured, factor: float) -> Measured:
    """``factor`` times what is measured; the same where that is once."""
    if factor == 1.0:
        return measured
    return derive(measured.unit or "", (measured,), lambda value: value * factor)


def _sides(fork: Fork, rack: Rack) -> list[Side]:
    """The feeds of a rack, with what they could carry."""
    meters = (fork.entity(feed.meter) for feed in rack.power.feeds)
    return [_side(meter, fork.site.meter(meter.id)) for meter in meters if meter is not None]


def _side(meter: Entity, rating: Rating) -> Side:
    circuit = circuit_of(meter, rating)
    return Side(meter.id, able_of(meter, circuit), circuit.limit)


def _capacity(rack: Rack, kept: Sequence[Side], *, dark: bool) -> Measured:
    """What the feeds that are left could carry; of a rack without any known, its rating."""
    if dark:
        return written(0.0, "kW")
    if not kept:
        return rack.power.capacity
    together = derive("kW", [side.able for side in kept], lambda *able: fsum(able))
    if together.usable or rack.power.capacity_from is not CapacityFrom.RATING:
        return together
    return rack.power.capacity


def _feeds(
    rack: Rack, sides: Sequence[Side], kept: Sequence[Side], load: Measured, factor: float
) -> tuple[Carried, ...]:
    """What the feeds carry that are left: together all of the load, or each as it does now."""
    if len(kept) < len(sides):
        return shared(kept, load) if kept else ()
    now = {feed.meter: feed.load for feed in rack.power.feeds}
    return tuple(bearing(side, scaled(now[side.meter], factor)) for side in kept)


def _shift(rack: Rack, side: Side, feeds: Sequence[Carried]) -> Shift:
    """What a feed carries now, and what then."""
    before = next(feed.load for feed in rack.power.feeds if feed.meter == side.meter)
    after = next((feed.load for feed in feeds if feed.meter == side.meter), written(0.0, "kW"))
    return Shift(rack.id, side.meter, before, after)


def _uncooled(fork: Fork, case: Case, rack: Rack, loses: Sequence[Domain]) -> bool:
    """Whether nothing cools it: the liquid does, and the air where there is none."""
    if case.flow_factor <= 0 and rack.thermal.cooled:
        return True
    wet = rack.thermal.cooled or bool(fork.topology.feeders(rack.id, Domain.LIQUID))
    return (Domain.LIQUID if wet else Domain.AIR) in loses


def _liquid(case: Case, rack: Rack, load: Measured, factor: float, *, flowing: bool) -> Thermal:
    """The liquid side of a rack: its heat grows with its load, its supply and flow are given."""
    now = rack.thermal
    supply = case.supply(now.supply)
    if not flowing:
        still = written(0.0, "LPM") if now.cooled else nothing("LPM")
        return replace(
            now, load=load, supply=supply, flow=still, return_=nothing("C"), delta_t=nothing("K")
        )
    flow, heat = scaled(now.flow, case.flow_factor), scaled(now.heat, factor)
    return_ = derive("C", (heat, flow, supply), partial(warmed_c, coolant=now.coolant))
    delta_t = derive("K", (return_, supply), lambda warm, cold: warm - cold)
    return replace(
        now, load=load, supply=supply, flow=flow, heat=heat, return_=return_, delta_t=delta_t
    )


def _ride_through(case: Case, rack: Rack, load: Measured, factor: float) -> Measured:
    """How long it lasts, from the warmth that it has just before its flow stops."""
    flows = case if case.flow_factor > 0 else replace(case, flow_factor=1.0)
    return _liquid(flows, rack, load, factor, flowing=True).ride_through


def _loaded(feeds: Sequence[Carried]) -> tuple[Breach, ...]:
    return tuple(each for feed in feeds for each in breach(FEED, feed.meter, feed.loading))


def _coolant(rack: EntityId, liquid: Thermal, load: Measured) -> tuple[Breach, ...]:
    per_kw = derive("LPM/kW", (liquid.flow, load), lambda lpm, kw: lpm / kw if kw > 0 else None)
    values = {
        Of.SUPPLY_C: liquid.supply,
        Of.RETURN_C: liquid.return_,
        Of.DELTA_T_K: liquid.delta_t,
        Of.FLOW_LPM_PER_KW: per_kw,
    }
    return breaches(rack, values)
