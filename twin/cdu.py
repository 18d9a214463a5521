"""Coolant distribution units: what one sends to its racks, and how that fits what they get."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from statistics import fmean
from typing import Final

from twin.areas import Area, whereabouts
from twin.entities import RACK, Entity
from twin.measured import Measured, derive, measure, nothing, total
from twin.points import EntityId, PointId, PointState
from twin.site import UNWRITTEN, Site
from twin.thermal import NO_LOOP, Coolant, Loop, heat_of
from twin.topology import Domain, Topology

CDU: Final = "CDU"

Find = Callable[[EntityId], Entity | None]
"""Gives the entities that the topology names, where known."""

Areas = frozenset[Area]

SIDE: Final[Areas] = frozenset({Area.SECONDARY})
SUPPLY: Final = SIDE | {Area.SUPPLY}
"""Where the coolant of the racks is, and where it leaves for them."""

_RETURN: Final = SIDE | {Area.RETURN}
_FILTER: Final = SIDE | {Area.FILTER}
_OTHER_SIDE: Final[Areas] = frozenset({Area.PRIMARY})
_INLET: Final = _OTHER_SIDE | {Area.INLET}
_OUTLET: Final = _OTHER_SIDE | {Area.OUTLET}

_ENDS: Final[Areas] = frozenset({Area.SUPPLY, Area.RETURN, Area.INLET, Area.OUTLET})
"""What may stand beside the areas that are asked for: the flow of a loop is that of its ends."""


@dataclass(frozen=True, slots=True)
class Pump:
    """One pump of a unit."""

    point: PointId
    area: tuple[str, ...]
    shows: Measured
    """Its speed in %, or whether it is on."""
    is_state: bool


@dataclass(frozen=True, slots=True)
class Primary:
    """The side that brings the heat away: facility water."""

    inlet: Measured
    outlet: Measured
    flow: Measured


@dataclass(frozen=True, slots=True)
class Secondary:
    """The side of the racks, by the unit's own sensors."""

    supply: Measured
    return_: Measured
    supply_setpoint: Measured
    flow: Measured
    dp: Measured
    dp_setpoint: Measured
    supply_pressure: Measured
    return_pressure: Measured
    filter_dp: Measured
    """Over the worst of its filters."""

    @property
    def approach(self) -> Measured:
        """How far the supply is above its set-point."""
        return derive("K", (self.supply, self.supply_setpoint), lambda s, sp: s - sp)

    @property
    def delta_t(self) -> Measured:
        """How much warmer the coolant comes back."""
        return derive("K", (self.return_, self.supply), lambda r, s: r - s)


@dataclass(frozen=True, slots=True)
class Served:
    """The racks behind a unit, by their own sensors."""

    flow: Measured
    heat: Measured
    alone: bool
    """Whether no other unit serves any of them."""


@dataclass(frozen=True, slots=True)
class Cdu:
    """One unit at one instant."""

    primary: Primary
    secondary: Secondary
    heat: Measured
    """What the secondary loop carries, by the unit's own sensors."""
    racks: Served
    pumps: tuple[Pump, ...]
    available: Measured
    status: Measured
    coolant: Coolant
    capacity_kw: float | None
    """What it is built for; None where that is not written down."""
    notes: tuple[str, ...]
    """What was not taken as it stands in the metadata of its points."""

    @property
    def flow_residual_pct(self) -> float | None:
        """Of the racks' flow, positive where the unit reads more.

        None unless it and every rack behind it are the truth of now, and no rack is served by
        another unit as well.
        """
        own, racks = self.secondary.flow, self.racks.flow
        whole = self.racks.alone and racks.fresh == racks.expected
        if not whole or not own.fresh_and_good or own.value is None or not racks.value:
            return None
        return (own.value - racks.value) / racks.value * 100

    @property
    def utilization(self) -> Measured:
        """The racks' heat in parts of what the unit is built for; nothing where that is unknown."""
        rated = self.capacity_kw
        if rated is None:
            return nothing("")
        return derive("", (self.racks.heat,), lambda heat: heat / rated if rated > 0 else None)


def cdu_of(
    cdu: Entity, topology: Topology, find: Find, coolant: Coolant, site: Site = UNWRITTEN
) -> Cdu:
    """The view of ``cdu``, in which ``coolant`` flows where ``site`` does not say."""
    coolant = site.coolant_from([cdu.id], coolant)
    secondary = _secondary(cdu)
    return Cdu(
        primary=Primary(
            inlet=_pick(cdu, "LiquidTemperature", "C", _INLET),
            outlet=_pick(cdu, "LiquidTemperature", "C", _OUTLET),
            flow=_pick(cdu, "LiquidFlow", "LPM", _OTHER_SIDE),
        ),
        secondary=secondary,
        heat=heat_of(secondary.flow, secondary.supply, secondary.return_, coolant),
        racks=_served(racks_behind(cdu.id, topology, find), topology, find, coolant),
        pumps=tuple(_pump(state) for state in cdu.of_type("PumpSpeed")),
        available=_own_state(cdu, "Available"),
        status=_own_state(cdu, "Status"),
        coolant=coolant,
        capacity_kw=site.cdu(cdu.id).capacity_kw,
        notes=_notes(cdu),
    )


def loop_of(cdus: Sequence[Entity], site: Site = UNWRITTEN) -> Loop:
    """What the units of a rack say together: their set-points on average, their flows in sum.

    Args:
        cdus: The units.
        site: What is written down of them.
    """
    if not cdus:
        return NO_LOOP
    setpoints = [_supply_setpoint(cdu) for cdu in cdus]
    flows = [_flow(cdu) for cdu in cdus]
    if len(cdus) == 1:
        return Loop(setpoints[0], flows[0], site.cdu(cdus[0].id).capacity_kw)
    capacities = [site.cdu(cdu.id).capacity_kw for cdu in cdus]
    return Loop(
        derive("C", setpoints, lambda *values: fmean(values)),
        derive("LPM", flows, lambda *values: fsum(values)),
        None if None in capacities else fsum(each or 0.0 for each in capacities),
    )


def cdus_of(rack: EntityId, topology: Topology, find: Find) -> list[Entity]:
    """The units that serve ``rack``, directly or through valves and the like, but no other unit."""
    found: list[Entity] = []
    seen, ring = {rack}, [rack]
    while ring:
        near = {up for each in ring for up in topology.feeders(each, Domain.LIQUID)} - seen
        seen |= near
        ring = []
        for each in sorted(near):
            entity = find(each)
            if entity is not None and entity.kind == CDU:
                found.append(entity)
            else:
                ring.append(each)
    return found


def racks_behind(cdu: EntityId, topology: Topology, find: Find) -> list[EntityId]:
    """The racks of which ``cdus_of`` gives this unit; an end that nobody knows counts as one."""
    serves = topology.serves(Domain.LIQUID)
    found: list[EntityId] = []
    seen, ring = {cdu}, [cdu]
    while ring:
        near = {down for each in ring for down in serves.get(each, ())} - seen
        seen |= near
        ring = []
        for each in sorted(near):
            entity = find(each)
            kind = None if entity is None else entity.kind
            if kind == RACK or (kind is None and each not in serves):
                found.append(each)
            elif kind != CDU:
                ring.append(each)
    return found


def cooling_power(topology: Topology, find: Find) -> Measured:
    """What the units that serve something draw, and the pumps that have a meter.

    A unit's power is that of the meters that serve it directly and nothing but units and pumps; one
    without such a meter is missing from the sum, which says so.
    """
    kinds = {
        each: entity.kind
        for each in topology.serves(Domain.LIQUID)
        if (entity := find(each)) is not None and entity.kind in {CDU, "Pump"}
    }
    meters: set[EntityId] = set()
    unmetered = 0
    for each, kind in kinds.items():
        feeders = topology.feeders(each, Domain.POWER)
        served = topology.serves(Domain.POWER)
        if feeders and all(served[meter] <= kinds.keys() for meter in feeders):
            meters.update(feeders)
        elif kind == CDU:
            unmetered += 1
    known = [entity for each in sorted(meters) if (entity := find(each)) is not None]
    drawn = [meter.measure("ActivePower", "kW") for meter in known]
    return total("kW", drawn + [nothing("kW")] * unmetered)


def _secondary(cdu: Entity) -> Secondary:
    dp = "LiquidDifferentialPressure"
    return Secondary(
        supply=_pick(cdu, "LiquidTemperature", "C", SUPPLY),
        return_=_pick(cdu, "LiquidTemperature", "C", _RETURN),
        supply_setpoint=_supply_setpoint(cdu),
        flow=_flow(cdu),
        dp=_pick(cdu, dp, "kPa", SIDE),
        dp_setpoint=_pick(cdu, dp, "kPa", SIDE, setpoint=True),
        supply_pressure=_pick(cdu, "LiquidPressure", "kPa", SUPPLY),
        return_pressure=_pick(cdu, "LiquidPressure", "kPa", _RETURN),
        filter_dp=max(
            [measure(state, "kPa") for state in points_at(cdu, dp, _FILTER)],
            key=lambda each: (_trust(each), each.value or 0.0),
            default=nothing("kPa"),
        ),
    )


def _supply_setpoint(cdu: Entity) -> Measured:
    return _pick(cdu, "LiquidTemperature", "C", SUPPLY, setpoint=True)


def _flow(cdu: Entity) -> Measured:
    return _pick(cdu, "LiquidFlow", "LPM", SIDE)


def _served(racks: Sequence[EntityId], topology: Topology, find: Find, coolant: Coolant) -> Served:
    flows, heats = [], []
    for each in racks:
        rack = find(each) or Entity(each)
        flow = rack.measure("RackLiquidFlow", "LPM")
        supply = rack.measure("RackLiquidSupplyTemperature", "C")
        return_ = rack.measure("RackLiquidReturnTemperature", "C")
        flows.append(flow)
        heats.append(heat_of(flow, supply, return_, coolant))
    alone = all(len(cdus_of(each, topology, find)) == 1 for each in racks)
    return Served(total("LPM", flows), total("kW", heats), alone)


def _pump(state: PointState) -> Pump:
    point = state.point
    is_state = bool(point.states)
    shows = measure(state, None if is_state else "%")
    return Pump(point.id, point.process_area, shows, is_state)


def _own_state(cdu: Entity, point_type: str) -> Measured:
    """A state of the unit itself, and not of a valve or a pump in it."""
    own = (state for state in cdu.of_type(point_type) if not state.point.associated)
    return measure(next(own, None))


def _pick(
    cdu: Entity, point_type: str, unit: str, areas: Areas, *, setpoint: bool = False
) -> Measured:
    """The point that says most exactly that it is there; among equals the most to be trusted."""
    found = points_at(cdu, point_type, areas, setpoint=setpoint)
    return max([measure(state, unit) for state in found], key=_trust, default=nothing(unit))


def points_at(
    cdu: Entity, point_type: str, areas: Areas, *, setpoint: bool = False
) -> list[PointState]:
    """The points that say most exactly that they are there, in order of id."""
    ranked = [
        (len(extra), state.point.associated, state)
        for state in cdu.of_type(point_type)
        if state.point.is_setpoint is setpoint
        and (said := whereabouts(state.point.process_area).areas) >= areas
        and (extra := said - areas) <= _ENDS
    ]
    best = min((rank[:2] for rank in ranked), default=None)
    return [state for *rank, state in ranked if tuple(rank) == best]


def _trust(one: Measured) -> int:
    return one.usable + one.fresh_and_good


def _notes(cdu: Entity) -> tuple[str, ...]:
    return tuple(sorted(set(_read_otherwise(cdu))))


def _read_otherwise(cdu: Entity) -> Iterator[str]:
    for state in cdu.points.values():
        yield from whereabouts(state.point.process_area).notes
