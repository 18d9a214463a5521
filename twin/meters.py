"""Meters: whether one agrees with itself, with what it serves, and what its circuit still bears."""

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum
from typing import Final

from twin.circuits import Rating, circuit_of, load_of, power_factor_of, three_phase_kw
from twin.entities import Entity
from twin.measured import Measured, derive, nothing, total
from twin.phases import Phase, imbalance_of, loading_of, mean_of, phases_of
from twin.points import EntityId
from twin.topology import Domain, Topology

METER: Final = "PowerMeter"

Find = Callable[[EntityId], Entity | None]


@dataclass(frozen=True, slots=True)
class Served:
    """What a meter reads against what it serves directly."""

    power: Measured
    """The sum of what is known of them; ``fresh`` of ``expected`` says of how many."""
    at_most: bool
    """Some of them are silent: the sum may not exceed the reading, and more cannot be said."""
    residual: Measured
    """The reading less the sum; nothing unless all of them are known."""
    residual_pct: Measured
    """The same, of the reading."""
    excess: Measured
    """By how much the sum exceeds the reading, silent ones or not: physics has only 0 for it."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One power meter at one instant."""

    load: Measured
    apparent: Measured
    power_factor: Measured
    voltage: Measured
    frequency: Measured
    current: Measured
    limit: Measured
    loading: Measured
    phases: tuple[Phase, ...]
    imbalance: Measured
    expected: Measured
    """What volts, amperes and power factor make of it."""
    consistency: Measured
    """The reading against that, in per cent; positive where it reads more."""
    capacity: Measured
    headroom: Measured
    serves: Served


def meter_of(meter: Entity, topology: Topology, find: Find, rating: Rating) -> Meter:
    """The view of ``meter``; ``find`` gives the entities that the topology names, where known."""
    circuit = circuit_of(meter, rating)
    phases = phases_of(meter)
    voltage = meter.measure("Voltage", "V")
    power_factor = power_factor_of(meter)
    amps = _per_phase(circuit.current, phases)
    expected = derive("kW", (voltage, amps, power_factor), three_phase_kw)
    return Meter(
        load=circuit.load,
        apparent=meter.measure("ApparentPower", "kVA"),
        power_factor=power_factor,
        voltage=voltage,
        frequency=meter.measure("Frequency", "Hz"),
        current=circuit.current,
        limit=circuit.limit,
        loading=loading_of(circuit.current, phases, circuit.limit),
        phases=phases,
        imbalance=imbalance_of(phases),
        expected=expected,
        consistency=derive("%", (circuit.load, expected), _off_pct),
        capacity=circuit.capacity,
        headroom=circuit.headroom,
        serves=served_by(meter, topology, find),
    )


def served_by(meter: Entity, topology: Topology, find: Find) -> Served:
    """What ``meter`` reads against what it serves directly.

    The closure of a meter tree: a parent reads the sum of its children, and losses on the way.
    """
    served = sorted(topology.serves(Domain.POWER).get(meter.id, ()))
    power = total("kW", [_taken(each, meter.id, topology, find) for each in served])
    load = load_of(meter)
    residual = excess = nothing("kW")
    if power.fresh:
        excess = derive("kW", (power, load), lambda known, reads: max(0.0, known - reads))
    if power.fresh and power.fresh == power.expected:
        residual = derive("kW", (load, power), lambda reads, known: reads - known)
    residual_pct = derive("%", (residual, load), _of_pct)
    return Served(power, power.fresh != power.expected, residual, residual_pct, excess)


def _taken(served: EntityId, meter: EntityId, topology: Topology, find: Find) -> Measured:
    """What ``served`` takes from ``meter``: what it draws, less what its other feeders bring."""
    others = [each for each in topology.feeders(served, Domain.POWER) if each != meter]
    parts = [_drawn(find(each)) for each in (served, *others)]
    return derive("kW", parts, lambda drawn, *brought: drawn - fsum(brought))


def _drawn(entity: Entity | None) -> Measured:
    """What an entity reads of itself: never what is worked out from its meters."""
    if entity is None:
        return nothing("kW")
    return entity.measure("RackPower", "kW") if entity.of_type("RackPower") else load_of(entity)


def _per_phase(current: Measured, phases: tuple[Phase, ...]) -> Measured:
    """The current that power goes by: the mean of three phases, where they are to be trusted.

    Where the volts are balanced, V · (I1 + I2 + I3) = √3 · V line to line · mean I.
    """
    mean = mean_of(phases)
    return mean if len(phases) == 3 and mean.fresh_and_good else current  # noqa: PLR2004


def _off_pct(reads: float, expected: float) -> float | None:
    return (reads - expected) / expected * 100 if expected > 0 else None


def _of_pct(part: float, whole: float) -> float | None:
    return part / whole * 100 if whole > 0 else None
