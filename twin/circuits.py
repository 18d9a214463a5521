"""Circuits: what one meter shows of the power through it, and what its circuit may carry."""

from dataclasses import dataclass
from math import sqrt
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.measured import Measured, derive, written
from twin.phases import loading_of, phases_of
from twin.points import EntityId


@dataclass(frozen=True, slots=True)
class Rating:
    """What a circuit may carry, as it is written down beside the bus."""

    limit_a: float | None = None
    rated_kw: float | None = None


UNRATED: Final = Rating()


class Circuit(NamedTuple):
    """A circuit, as its meter sees it."""

    meter: EntityId
    load: Measured
    current: Measured
    limit: Measured
    capacity: Measured
    headroom: Measured


def circuit_of(meter: Entity, rating: Rating) -> Circuit:
    """The circuit of ``meter``; ``rating`` is asked where the bus does not say."""
    load = load_of(meter)
    limit = limit_of(meter, rating)
    capacity = capacity_of(meter, limit, rating)
    return Circuit(
        meter=meter.id,
        load=load,
        current=meter.measure("Current", "A"),
        limit=limit,
        capacity=capacity,
        headroom=derive("kW", (capacity, load), _less),
    )


def headroom_of(meter: Entity, rating: Rating) -> Measured:
    """What a circuit could still carry."""
    capacity = capacity_of(meter, limit_of(meter, rating), rating)
    return derive("kW", (capacity, load_of(meter)), _less)


def load_of(meter: Entity) -> Measured:
    """The power that it reads."""
    return meter.measure("ActivePower", "kW")


def limit_of(meter: Entity, rating: Rating) -> Measured:
    """The current that a circuit may carry: what the bus says, else what is written down."""
    told = meter.measure("CurrentLimit", "A")
    return told if told.usable or rating.limit_a is None else written(rating.limit_a, "A")


def capacity_of(meter: Entity, limit: Measured, rating: Rating) -> Measured:
    """What a circuit may carry: from its limit, else what is written down."""
    told = _capacity(meter, limit)
    return told if told.usable or rating.rated_kw is None else written(rating.rated_kw, "kW")


def able_of(meter: Entity, circuit: Circuit) -> Measured:
    """What a circuit could carry: its capacity, else in proportion to what it carries now.

    At given volts and power factor the current goes with the power, whatever they are. So a dead
    voltmeter hides the capacity, but not whether a breaker would hold.
    """
    if circuit.capacity.usable:
        return circuit.capacity
    loading = loading_of(circuit.current, phases_of(meter), circuit.limit)
    return derive("kW", (circuit.load, loading), _at_full)


def power_factor_of(meter: Entity) -> Measured:
    """Its own reading, or active by apparent power where it has none (IEEE Std 1459, 3.1.1)."""
    if meter.of_type("PowerFactor") or not meter.of_type("ApparentPower"):
        return meter.measure("PowerFactor", "")
    return derive("", (load_of(meter), meter.measure("ApparentPower", "kVA")), _ratio)


def three_phase_kw(volts: float, amps: float, power_factor: float) -> float | None:
    """P = √3 · V · I · PF, V line to line (DSX: average RMS), I per phase.

    No voltage is no answer: a dead feed and a dead voltmeter look alike from here. Neither is a
    power factor of 0, as idle meters show it, or above 1.
    """
    known = volts > 0 and 0 < power_factor <= 1
    return sqrt(3) * volts * amps * power_factor / 1000 if known else None


def _capacity(meter: Entity, limit: Measured) -> Measured:
    """What a three-phase circuit may carry; a power factor that is not known is taken as 1."""
    inputs = [meter.measure("Voltage", "V"), limit]
    power_factor = power_factor_of(meter)
    if power_factor.usable or meter.of_type("PowerFactor"):
        inputs.append(power_factor)
    return derive("kW", inputs, lambda volts, amps, pf=1.0: three_phase_kw(volts, amps, pf))


def _less(may: float, does: float) -> float:
    return may - does


def _at_full(load: float, loading_pct: float) -> float | None:
    return load / loading_pct * 100 if load > 0 and loading_pct > 0 else None


def _ratio(active: float, apparent: float) -> float | None:
    return active / apparent if 0 < active <= apparent else None
