"""One rack, whole: power, cooling, leaks, isolation, and what feeds and cools it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from twin.entities import Entity, PointCounts
from twin.measured import Measured, measure, nothing
from twin.points import EntityId, Freshness, PointState
from twin.power import Power, power_of
from twin.thermal import Coolant, Thermal, thermal_of
from twin.topology import Domain, Topology


class Severity(StrEnum):
    """How bad it is (Redfish's three)."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


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
    rack: Entity, topology: Topology, find: Callable[[EntityId], Entity | None], coolant: Coolant
) -> Rack:
    """The view of ``rack``; ``find`` gives the entities that the topology names, where known."""
    feeders = map(find, topology.feeders(rack.id, Domain.POWER))
    power = power_of(rack, [meter for meter in feeders if meter is not None])
    leak = Leak(
        detected=_worst(rack.of_type("RackLeakDetect")),
        sensor_fault=_worst(rack.of_type("RackLeakSensorFault")),
        tray=_worst(rack.of_type("RackLeakDetectTray")),
    )
    return Rack(
        id=rack.id,
        name=rack.name,
        freshness=rack.freshness,
        severity=severity_of(leak),
        power=power,
        thermal=thermal_of(rack, power.load, coolant),
        leak=leak,
        liquid=_isolation(rack, "RackLiquidIsolation"),
        electrical=_isolation(rack, "RackElectricalIsolation"),
        upstream={d: topology.upstream(rack.id, d) for d in (Domain.POWER, Domain.LIQUID)},
        points=rack.counts,
    )


def severity_of(leak: Leak) -> Severity:
    """What the rack's own detectors amount to: a leak is critical, a doubt about one a warning."""
    if leak.detected.value:
        return Severity.CRITICAL
    if leak.tray.value or leak.sensor_fault.value:
        return Severity.WARNING
    return Severity.OK


def _isolation(rack: Entity, kind: str) -> Isolation:
    return Isolation(_worst(rack.of_type(f"{kind}Status")), _worst(rack.of_type(f"{kind}Request")))


def _worst(states: tuple[PointState, ...]) -> Measured:
    """The worst among several detectors: what is raised, then what is doubtful, then all clear.

    0 is no leak, no fault, not isolated. It may be claimed only where every detector that was heard
    says so and can be trusted.
    """
    heard = [measure(state) for state in states if state.freshness is not Freshness.UNHEARD]
    return max(heard, key=_gravity, default=nothing(None))


def _gravity(one: Measured) -> tuple[float, bool]:
    value = one.value or 0.0
    return value, one.fresh_and_good is (value > 0)
