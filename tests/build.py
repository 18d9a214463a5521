"""Builders: domain values in one call, with everything a test does not care about filled in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from twin.changes import Change
from twin.entities import Entity
from twin.fleet import Fleet, Message
from twin.instants import Instant
from twin.measured import Measured
from twin.points import (
    EntityId,
    Freshness,
    Point,
    PointId,
    PointState,
    PublisherId,
    Quality,
    Reading,
)

START: Final = Instant(1_767_225_600_000)
"""2026-01-01T00:00:00Z, when everything in tests begins."""

PUB: Final = PublisherId("PUB")
"""The BMS."""

_UNITS: Final = {
    "RackLiquidSupplyTemperature": "C",
    "RackLiquidReturnTemperature": "C",
    "RackLiquidFlow": "LPM",
    "RackLiquidDifferentialPressure": "kPa",
    "RackLiquidDifferentialPressureSp": "kPa",
    "RackControlValvePosition": "%",
    "RackPower": "kW",
    "ActivePower": "kW",
    "Current": "A",
    "CurrentLimit": "A",
    "Voltage": "V",
}

Values = Mapping[Point, float | None]
"""Points with the value that each of them shows."""


def at(seconds: float) -> Instant:
    """The instant that lies so long after the start."""
    return Instant(START + round(seconds * 1000))


def a_point(
    kind: str = "Rack/RackPower",
    entity: str = "R1",
    *,
    tag: str = "",
    unit: str | None = None,
    publisher: str = PUB,
    serves: tuple[str, ...] = (),
) -> Point:
    """A point of ``{objectType}/{pointType}``; its tag path is its entity's id, then ``tag``."""
    object_type, point_type = kind.split("/")
    return Point(
        id=PointId(f"{kind}/{entity}{tag and '/'}{tag}"),
        object_type=object_type,
        point_type=point_type,
        entity=EntityId(entity),
        publisher=PublisherId(publisher),
        name=entity,
        unit=unit or _UNITS.get(point_type),
        serves=tuple(map(EntityId, serves)),
    )


def a_heartbeat(publisher: str = PUB, scope: str | None = None, *, tag: str = "") -> Point:
    """The point by which a publisher says that it lives."""
    side = "Bms" if publisher == PUB else "Integration"
    plain = a_point(f"System/HeartbeatTimestamp{side}", publisher, tag=tag, publisher=publisher)
    return replace(plain, scope=scope)


def a_reading(
    point: Point,
    value: float | None = 1.0,
    measured_at: Instant = START,
    *,
    quality: int = 1,
    publisher: str | None = None,
) -> Reading:
    """A reading of ``point``, by the publisher that owns it unless another is named."""
    writer = point.publisher if publisher is None else PublisherId(publisher)
    return Reading(point.id, writer, value, quality, measured_at)


def a_state(
    point: Point,
    value: float | None = 1.0,
    *,
    quality: int = 1,
    freshness: Freshness = Freshness.LIVE,
    measured_at: Instant = START,
    received_at: Instant = START,
) -> PointState:
    """A point that holds a reading."""
    state = PointState(point)
    state.value, state.quality, state.freshness = value, quality, freshness
    state.bad = freshness is not Freshness.UNHEARD and (quality != 1 or value is None)
    state.measured_at = state.ordered_at = measured_at
    state.received_at = state.heard_at = received_at
    return state


def an_entity(entity: str, *states: PointState) -> Entity:
    """A rack or piece of equipment that has these points."""
    built = Entity(EntityId(entity))
    for state in states:
        built.attach(state)
    return built


def a_measured(
    value: float | None = 1.0,
    unit: str | None = "kW",
    *,
    quality: Quality | None = Quality.GOOD,
    freshness: Freshness = Freshness.LIVE,
    measured_at: Instant | None = START,
    received_at: Instant | None = START,
) -> Measured:
    """A number that is the truth of now, unless said otherwise."""
    return Measured(value, unit, quality, freshness, measured_at, received_at)


def a_fleet_with(*points: Point) -> Fleet:
    """A fleet that was told of ``points``, and heard none of them."""
    fleet = Fleet()
    tell(fleet, START, *points)
    return fleet


def a_fleet_showing(values: Values, when: Instant = START) -> Fleet:
    """A fleet that was told of the points, and heard the value of each of them at ``when``."""
    fleet = a_fleet_with(*values)
    tell(fleet, when, *(a_reading(point, value, when) for point, value in values.items()))
    return fleet


def tell(fleet: Fleet, when: Instant, *messages: Message) -> list[Change]:
    """Let time pass until ``when``, fold in what is received then; returns what changed."""
    changes = list(fleet.advance(when))
    for message in messages:
        changes += fleet.apply(message, when)
    return changes


def a_cooled_rack(
    rack: str = "R1",
    *,
    kw: float = 100.0,
    lpm: float = 150.0,
    supply: float = 32.0,
    rise: float = 10.0,
) -> dict[Point, float | None]:
    """What a rack shows that draws ``kw`` and warms ``lpm`` of liquid by ``rise``."""
    return {
        a_point("Rack/RackPower", rack): kw,
        a_point("Rack/RackLiquidFlow", rack): lpm,
        a_point("Rack/RackLiquidSupplyTemperature", rack): supply,
        a_point("Rack/RackLiquidReturnTemperature", rack): supply + rise,
    }


def a_meter(
    meter: str,
    *serves: str,
    kw: float = 50.0,
    volts: float = 400.0,
    limit: float = 200.0,
    power_factor: float = 1.0,
) -> dict[Point, float | None]:
    """What a meter shows that carries ``kw`` of the most that ``limit`` in ampere allows."""
    return {
        a_point("PowerMeter/ActivePower", meter, serves=serves): kw,
        a_point("PowerMeter/Voltage", meter, serves=serves): volts,
        a_point("PowerMeter/CurrentLimit", meter, serves=serves): limit,
        a_point("PowerMeter/PowerFactor", meter, serves=serves): power_factor,
    }
