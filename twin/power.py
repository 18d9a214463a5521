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
    """Of the load of all feeds, 0 to 1; None unless both are the truth of now."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the meters say against what the rack says."""

    meters: Measured
    racks: Measured
    residual_pct: float | None
    """Of the rack's own reading, positive where the meters read more; None unless both are the
    truth of now."""


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

    The load is the rack's own reading, unless the sum of the meters is more to be trusted.
    The capacity is what the feeds may carry together; ``redundancy`` says whether fewer would do.
    """
    own = rack.measure("RackPower", "kW")
    metered = _sum("kW", [meter.measure("ActivePower", "kW") for meter in meters])
    load = max(own, metered, key=_trust)
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


def _trust(load: Measured) -> int:
    return load.usable + load.fresh_and_good


def _sum(unit: str, parts: Sequence[Measured]) -> Measured:
    return derive(unit, parts, lambda *values: fsum(values)) if parts else nothing(unit)


def _residual_pct(meters: Measured, racks: Measured) -> float | None:
    metered, own = _now(meters), _now(racks)
    return (metered - own) / own * 100 if metered is not None and own else None


def _now(one: Measured) -> float | None:
    """Its value for a number that cannot carry any doubt about it."""
    return one.value if one.fresh_and_good else None


def _feed(meter: Entity, metered: Measured) -> Feed:
    load = meter.measure("ActivePower", "kW")
    limit = meter.measure("CurrentLimit", "A")
    part, whole = _now(load), _now(metered)
    return Feed(
        meter=meter.id,
        load=load,
        current=meter.measure("Current", "A"),
        limit=limit,
        capacity=_capacity(meter, limit),
        share=part / whole if part is not None and whole else None,
    )


def _capacity(meter: Entity, limit: Measured) -> Measured:
    """What a three-phase feed may carry: P = √3 · V · I · PF, V line to line (DSX: average RMS).

    Without a power factor it is taken as 1. No voltage is no answer: a dead feed and a dead
    voltmeter look alike from here. Neither is a power factor of 0, as idle meters show it, or
    above 1.
    """
    voltage = meter.measure("Voltage", "V")
    inputs = [voltage, limit]
    if meter.of_type("PowerFactor"):
        inputs.append(meter.measure("PowerFactor", ""))

    def formula(volts: float, amps: float, power_factor: float = 1.0) -> float | None:
        known = volts > 0 and 0 < power_factor <= 1
        return sqrt(3) * volts * amps * power_factor / 1000 if known else None

    return derive("kW", inputs, formula)


def redundancy_of(feeds: Sequence[Feed], load: Measured) -> Redundancy:
    """Redundancy from load, not from counts: each feed is taken away, and the rest must carry."""
    drawn = _now(load)
    known = [may for feed in feeds if (may := _now(feed.capacity)) is not None]
    if drawn is None or not known or len(known) < len(feeds):
        return Redundancy.UNKNOWN
    if len(known) == 1:
        return Redundancy.N
    if fsum(sorted(known)[:-1]) < drawn:
        return Redundancy.LOST
    return Redundancy.TWO_N if len(known) == 2 else Redundancy.N_PLUS_1  # noqa: PLR2004
