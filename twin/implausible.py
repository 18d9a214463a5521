"""Readings of meters and cooling units that physics or their neighbours rule out."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from twin.cdu import Cdu
from twin.entities import Entity
from twin.finding import Finding
from twin.misread import misread
from twin.phases import Phase, imbalance_of, mean_of, phases_of
from twin.points import EntityId
from twin.thermal import LEAST_RISE_K, Coolant, heat_kw, kw_for_rise
from twin.topology import Domain, Topology

Find = Callable[[EntityId], Entity | None]
"""Gives the entities that the topology names, where known."""

UNDER_LOAD_A: Final = 1.0
"""So much current, and there is voltage."""

TRIPS_AT: Final = 1.45
"""Of its rating, at which a circuit breaker opens within the hour (IEC 60898-1, conventional
tripping current). What carries more and goes on carrying it has another limit than it says."""

SHORT: Final = 0.9
"""What a unit carries may fall so far short of what the racks behind it are known to take."""

FAR: Final = 3.0
"""Times the flow that the racks would need for the heat they give off: beyond any bypass."""

APART: Final = 10.0
"""Per cent by which a phase may deviate from the mean of all, as NEMA MG 1, 14.36 reckons it; ours,
above the 5 and 6 % of the busways that NVIDIA recorded."""

UNLIKE: Final = 3.0
"""Times the imbalance of the meters beside it: the halves of one load are spread alike."""


def judge_meter(meter: Entity) -> Iterator[Finding]:
    """What a power meter says that cannot be."""
    volts = meter.measure("Voltage", "V").now
    amps = meter.measure("Current", "A").now
    limit = meter.measure("CurrentLimit", "A").now
    if volts == 0 and amps is not None and amps >= UNDER_LOAD_A:
        reason = f"0 V while {amps:.1f} A flow"
        yield Finding("sensor.implausible", meter.id, "Voltage", reason, unit="V")
    if amps is not None and limit is not None and limit > 0 and amps >= TRIPS_AT * limit:
        reason = f"{amps:.0f} A flow through a limit of {limit:.0f} A, and nothing trips"
        yield Finding("sensor.implausible", meter.id, "CurrentLimit", reason, unit="A")


def judge_phases(meter: Entity, topology: Topology, find: Find) -> Iterator[Finding]:
    """Whether the phases of a meter lie apart as those of no meter beside it do.

    What feeds the same from as far is the witness. Without one that carries load nobody can tell an
    uneven load from a current transformer that lies.
    """
    shown = [state.value or 0.0 for state in meter.of_type("PhaseCurrent")]
    if not shown or max(shown) - min(shown) <= APART / 100 * min(shown):
        return  # as nearly always: no phase is further from the mean than from another phase
    phases = phases_of(meter)
    apart = _imbalance(phases)
    if apart is None or apart <= APART:
        return
    beside = {each: find(each) for each in topology.sisters(meter.id, Domain.POWER)}
    witnesses = {
        each: even
        for each, sister in beside.items()
        if sister is not None and (even := _imbalance(phases_of(sister))) is not None
    }
    worst = max(witnesses, key=witnesses.__getitem__, default=None)
    if worst is not None and apart > UNLIKE * witnesses[worst]:
        amps = ", ".join(f"{phase.current.value:.1f}" for phase in phases)
        reason = f"phases of {amps} A, {apart:.0f} % apart, where those of {worst} beside it are "
        reason += f"{witnesses[worst]:.1f} %: a current transformer, or only its load is uneven"
        yield Finding("sensor.implausible", meter.id, "PhaseCurrent", reason, unit="A")


def _imbalance(phases: Sequence[Phase]) -> float | None:
    """In per cent; None where little flows, or not all of it is the truth of now."""
    mean = mean_of(phases).now
    return imbalance_of(phases).now if mean is not None and mean >= UNDER_LOAD_A else None


def judge_cdu(identity: EntityId, cdu: Cdu) -> Iterator[Finding]:
    """What a cooling unit says that the racks behind it rule out.

    Racks that are not heard can only add to what the others take, so they excuse nothing.
    """
    for note in cdu.notes:
        yield Finding("data.contract", identity, None, note)
    flow, racks_flow = cdu.secondary.flow.now, cdu.racks.flow.now
    if flow is not None and racks_flow and flow < SHORT * racks_flow:
        reason = f"{flow:.1f} LPM where the racks behind it take {racks_flow:.1f}"
        yield Finding(
            "balance.flow", identity, "LiquidFlow", reason, flow / racks_flow, racks_flow, "LPM"
        )
    heat = cdu.racks.heat.now
    if heat is None or heat <= kw_for_rise(racks_flow or 0.0, LEAST_RISE_K, cdu.coolant):
        return  # thermometers of racks at rest are off by more than there is
    yield from _judge_primary(identity, cdu, heat)
    yield from _judge_return(identity, cdu, heat, racks_flow)


def _judge_primary(identity: EntityId, cdu: Cdu, heat: float) -> Iterator[Finding]:
    flow, inlet, outlet = (
        each.now for each in (cdu.primary.flow, cdu.primary.inlet, cdu.primary.outlet)
    )
    if flow is None or inlet is None or outlet is None or outlet <= inlet:
        return
    carried = heat_kw(flow, inlet, outlet, Coolant.WATER)
    if carried < SHORT * heat:
        needed = heat / heat_kw(1.0, inlet, outlet, Coolant.WATER)
        racks, share = cdu.racks.heat, carried / heat
        whole = racks.fresh == racks.expected  # else they give off more, nobody knows how much
        unit = misread(flow, needed, "LPM") if whole else None
        reason = f"{flow:.1f} LPM carry {carried:.0f} kW away where the racks give off {heat:.0f}: "
        reason += f"as {unit}" if unit else f"{'' if whole else 'at most '}{share:.1%} of it"
        yield Finding("sensor.implausible", identity, "LiquidFlow", reason, share, needed, "LPM")


def _judge_return(
    identity: EntityId, cdu: Cdu, heat: float, racks_flow: float | None
) -> Iterator[Finding]:
    supply, return_ = cdu.secondary.supply.now, cdu.secondary.return_.now
    racks = cdu.racks.flow
    if supply is None or return_ is None or not racks_flow or not racks.fresh:
        return
    every = racks_flow * (racks.expected or racks.fresh) / racks.fresh
    kw_per_lpm = heat_kw(1.0, supply, return_, cdu.coolant)
    if kw_per_lpm * FAR * every < heat:
        rise = f"{return_ - supply:.1f} K warmer than supplied"
        reason = f"{rise} at some {every:.0f} LPM cannot carry the {heat:.0f} kW of the racks"
        yield Finding("sensor.implausible", identity, "LiquidTemperature", reason, unit="C")
