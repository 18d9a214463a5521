"""Power of a rack: what it draws, through which feeds, and what they could still carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum, sqrt

from twin.entities import Entity
from twin.measured import Measured, derive, nothing
from twin.points import EntityId


class Redundancy(StrEnum):
    """Whether the feeds of a rack could carry it with one of them gone."""

    TWO_N = "2N"
    N_PLUS_1 = "N+1"
    N = "N"
    LOST = "LOST"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Feed:
    """One supply path to a rack, as its meter sees it."""

    meter: EntityId
    load: Measured
    current: Measured
    limit: Measured
    capacity: Measured
    share: float | None
    """Of the load of all feeds, 0 to 1; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the meters say against what the rack says."""

    meters: Measured
    racks: Measured
    residual_pct: float | None
    """Of the rack's own reading; positive where the meters read more."""


@dataclass(frozen=True, slots=True)
class Power:
    """The electrical side of a rack."""

    load: Measured
    capacity: Measured
    headroom: Measured
    redundancy: Redundancy
    feeds: tuple[Feed, ...]
    balance: Balance


def power_of(rack: Entity, meters: Sequence[Entity]) -> Power:
    """The electrical side of ``rack``, fed by ``meters``.

    The load is the rack's own reading, unless only the sum of the meters is the truth of now.
    The capacity is what the feeds may carry together; ``redundancy`` says whether fewer would do.
    """
    own = rack.measure("RackPower", "kW")
    metered = _sum("kW", [meter.measure("ActivePower", "kW") for meter in meters])
    load = own if own.fresh_and_good or not metered.fresh_and_good else metered
    feeds = tuple(_feed(meter, metered) for meter in meters)
    capacity = _sum("kW", [feed.capacity for feed in feeds])
    return Power(
        load=load,
        capacity=capacity,
        headroom=derive("kW", (capacity, load), lambda may, does: may - does),
        redundancy=redundancy_of(feeds, load),
        feeds=feeds,
        balance=Balance(metered, own, _residual_pct(metered, own)),
    )


def _sum(unit: str, parts: Sequence[Measured]) -> Measured:
    return derive(unit, parts, lambda *values: fsum(values)) if parts else nothing(unit)


def _residual_pct(meters: Measured, racks: Measured) -> float | None:
    if not (meters.usable and racks.usable) or meters.value is None or not racks.value:
        return None
    return (meters.value - racks.value) / racks.value * 100


def _feed(meter: Entity, metered: Measured) -> Feed:
    load = meter.measure("ActivePower", "kW")
    limit = meter.measure("CurrentLimit", "A")
    whole = metered.value if metered.usable else None
    return Feed(
        meter=meter.id,
        load=load,
        current=meter.measure("Current", "A"),
        limit=limit,
        capacity=_capacity(meter, limit),
        share=load.value / whole if whole and load.value is not None else None,
    )


def _capacity(meter: Entity, limit: Measured) -> Measured:
    """What a three-phase feed may carry: P = √3 · V · I · PF, V line to line (DSX: average RMS).

    Without a power factor it is taken as 1. No voltage is no answer: a dead feed and a dead
    voltmeter look alike from here.
    """
    voltage = meter.measure("Voltage", "V")
    inputs = [voltage, limit]
    if meter.of_type("PowerFactor"):
        inputs.append(meter.measure("PowerFactor", ""))

    def formula(volts: float, amps: float, power_factor: float = 1.0) -> float | None:
        return sqrt(3) * volts * amps * power_factor / 1000 if volts > 0 else None

    return derive("kW", inputs, formula)


def redundancy_of(feeds: Sequence[Feed], load: Measured) -> Redundancy:
    """Redundancy from load, not from counts: each feed is taken away, and the rest must carry."""
    if not feeds or not load.usable or load.value is None:
        return Redundancy.UNKNOWN
    capacities = [feed.capacity.value for feed in feeds if feed.capacity.usable]
    known = [capacity for capacity in capacities if capacity is not None]
    if len(known) < len(feeds):
        return Redundancy.UNKNOWN
    if len(known) == 1:
        return Redundancy.N
    if fsum(known) - max(known) < load.value:
        return Redundancy.LOST
    return Redundancy.TWO_N if len(known) == 2 else Redundancy.N_PLUS_1  # noqa: PLR2004
