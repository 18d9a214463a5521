"""One rack, whole: power, cooling, leaks, isolation, and what feeds and cools it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from twin.cdu import cdus_of, loop_of
from twin.entities import Entity, PointCounts
from twin.gist import meters_of, upstream_of
from twin.measured import Measured, measure, nothing
from twin.points import EntityId, Freshness, PointState
from twin.power import Power, power_of
from twin.severity import Severity
from twin.site import UNWRITTEN, RackPlace, Site
from twin.thermal import NVL72, Coolant, Design, Thermal, thermal_of
from twin.topology import Domain, Topology


@dataclass(frozen=True, slots=True)
class Leak:
    """What the leak detectors of a rack say; where there are several, the worst of them."""

    detected: Measured
    sensor_fault: Measured
    tray: Measured


@dataclass(frozen=True, slots=True)
class Isolation:
    """Whether a rack is cut off, and whether it was asked to be."""

    status: Measured
    request: Measured


@dataclass(frozen=True, slots=True)
class Rack:
    """One rack at one instant."""

    id: EntityId
    name: str
    place: RackPlace
    freshness: Freshness
    severity: Severity
    power: Power
    thermal: Thermal
    leak: Leak
    liquid: Isolation
    electrical: Isolation
    upstream: Mapping[Domain, list[EntityId]]
    points: PointCounts


def rack_of(
    rack: Entity,
    topology: Topology,
    find: Callable[[EntityId], Entity | None],
    coolant: Coolant,
    site: Site = UNWRITTEN,
) -> Rack:
    """The view of ``rack``.

    Args:
        rack: The rack.
        topology: Who serves whom.
        find: Gives the entities that the topology names, where known.
        coolant: What flows where ``site`` does not say.
        site: What is written down.
    """
    place, upstream = site.rack(rack.id), upstream_of(rack.id, topology)
    coolant = site.coolant_from(upstream[Domain.LIQUID], coolant)
    meters = meters_of(rack.id, topology, find)
    loop = loop_of(cdus_of(rack.id, topology, find), site)
    above = {meter.id: _found(topology.upstream(meter.id, Domain.POWER), find) for meter in meters}
    power = power_of(rack, meters, place.rated_kw, site.meters, above)
    leak = Leak(
        detected=leak_of(rack),
        sensor_fault=_worst(rack.of_type("RackLeakSensorFault")),
        tray=_worst(rack.of_type("RackLeakDetectTray")),
    )
    return Rack(
        id=rack.id,
        name=rack.name,
        place=place,
        freshness=rack.freshness,
        severity=severity_of(leak),
        power=power,
        thermal=thermal_of(rack, power.load, coolant, loop, _design(place)),
        leak=leak,
        liquid=_isolation(rack, "RackLiquidIsolation"),
        electrical=_isolation(rack, "RackElectricalIsolation"),
        upstream=upstream,
        points=rack.counts,
    )


def leak_of(rack: Entity) -> Measured:
    """Whether a rack leaks."""
    return _worst(rack.of_type("RackLeakDetect"))


def severity_of(leak: Leak) -> Severity:
    """What the rack's own detectors amount to: a leak is critical, a doubt about one a warning."""
    if leak.detected.value:
        return Severity.CRITICAL
    if leak.tray.value or leak.sensor_fault.value:
        return Severity.WARNING
    return Severity.OK


def _found(entities: Iterable[EntityId], find: Callable[[EntityId], Entity | None]) -> list[Entity]:
    return [entity for each in entities if (entity := find(each)) is not None]


def _design(place: RackPlace) -> Design:
    """How a rack is built: as most are, for the power that is written down of it."""
    rated = place.rated_kw
    return NVL72 if rated is None else replace(NVL72, rated_kw=rated)


def _isolation(rack: Entity, kind: str) -> Isolation:
    return Isolation(_worst(rack.of_type(f"{kind}Status")), _worst(rack.of_type(f"{kind}Request")))


def _worst(states: tuple[PointState, ...]) -> Measured:
    """The worst among several detectors: what is raised, then what is doubtful, then all clear.

    0 is no leak, no fault, not isolated. It may be claimed only where every detector that was heard
    says so and can be trusted.
    """
    heard = [measure(state) for state in states if state.freshness is not Freshness.UNHEARD]
    if len(heard) < 2:  # noqa: PLR2004  # as with most racks: nothing to compare
        return heard[0] if heard else nothing(None)
    return max(heard, key=_gravity)


def _gravity(one: Measured) -> tuple[float, bool]:
    value = one.value or 0.0
    return value, one.fresh_and_good is (value > 0)
