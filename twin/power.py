"""Power of a rack: what it draws, through which feeds, and what they could still carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum
from typing import Final, NamedTuple

from twin.circuits import UNRATED, Circuit, Rating, able_of, circuit_of, headroom_of
from twin.entities import Entity
from twin.measured import Measured, derive, least, nothing, written
from twin.points import EntityId
from twin.redundancy import Carried, Redundancy, Side, losses_of, redundancy_of


class CapacityFrom(StrEnum):
    """Where the capacity of a rack is known from."""

    FEEDS = "feeds"
    RATING = "rating"


_NO_RATINGS: Final[Mapping[EntityId, Rating]] = {}
_ALONE: Final[Mapping[EntityId, Sequence[Entity]]] = {}


class Path(NamedTuple):
    """What a way to a rack could still carry, all the way from its source."""

    headroom: Measured
    """The least of all meters on the way; where some are silent it is at most that."""
    bound_by: EntityId | None
    """The meter that has it; None where no meter's headroom is known."""


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
    path: Path
    """From the source of the feed to the rack."""
    if_lost: tuple[Carried, ...]
    """What the other feeds would carry without this one."""


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
    capacity_from: CapacityFrom | None
    """None where it is not known."""
    headroom: Measured
    redundancy: Redundancy
    feeds: tuple[Feed, ...]
    path: Path
    """The tightest of all ways to it."""
    balance: Balance


class Draw(NamedTuple):
    """What a rack draws, and what it may."""

    own: Measured
    """By its own reading."""
    metered: Measured
    """By the sum of its meters."""
    load: Measured
    """The one of both that is more to be trusted."""
    capacity: Measured
    capacity_from: CapacityFrom | None
    headroom: Measured


def draw_of(
    rack: Entity, loads: Sequence[Measured], capacities: Sequence[Measured], rated_kw: float | None
) -> Draw:
    """What ``rack`` draws, and what it may.

    Args:
        rack: The rack.
        loads: What each of its meters reads.
        capacities: What the circuit of each of them may carry.
        rated_kw: What it is built for, where that is written down.
    """
    own = rack.measure("RackPower", "kW")
    metered = _sum("kW", loads)
    load = max(own, metered, key=_trust)
    capacity, capacity_from = _together(capacities, rated_kw)
    headroom = derive("kW", (capacity, load), _less)
    return Draw(own, metered, load, capacity, capacity_from, headroom)


def power_of(
    rack: Entity,
    meters: Sequence[Entity],
    rated_kw: float | None = None,
    ratings: Mapping[EntityId, Rating] = _NO_RATINGS,
    above: Mapping[EntityId, Sequence[Entity]] = _ALONE,
) -> Power:
    """The electrical side of ``rack``, fed by ``meters``.

    The load is the rack's own reading, unless the sum of the meters is more to be trusted.
    The capacity is the smaller of what the feeds may carry together and what the rack is rated
    for; ``redundancy`` says whether fewer feeds would do.

    Args:
        rack: The rack.
        meters: What feeds it directly.
        rated_kw: What the rack is built for, where that is written down.
        ratings: What the meters' circuits may carry, where the bus does not say.
        above: What feeds each of the meters, directly or through others.
    """
    circuits = [circuit_of(meter, ratings.get(meter.id, UNRATED)) for meter in meters]
    draw = draw_of(
        rack,
        [circuit.load for circuit in circuits],
        [circuit.capacity for circuit in circuits],
        rated_kw,
    )
    sides = [
        Side(circuit.meter, able_of(meter, circuit), circuit.limit)
        for meter, circuit in zip(meters, circuits, strict=True)
    ]
    losses = losses_of(sides, draw.load)
    ways = _ways(circuits, above, ratings)
    return Power(
        load=draw.load,
        capacity=draw.capacity,
        capacity_from=draw.capacity_from,
        headroom=draw.headroom,
        redundancy=redundancy_of(sides, draw.load, losses),
        feeds=tuple(map(_feed, circuits, [draw.metered.now] * len(circuits), ways, losses)),
        path=_path({meter: room for way in ways for meter, room in way.items()}),
        balance=Balance(draw.metered, draw.own, _residual_pct(draw.metered, draw.own)),
    )


def _together(
    capacities: Sequence[Measured], rated_kw: float | None
) -> tuple[Measured, CapacityFrom | None]:
    """What a rack may draw: as much as its feeds bring and it is built for, as far as is known."""
    fed = _sum("kW", capacities)
    brought = fed.value if fed.usable else None
    if rated_kw is not None and (brought is None or rated_kw < brought):
        return written(rated_kw, "kW"), CapacityFrom.RATING
    return fed, None if brought is None else CapacityFrom.FEEDS


def _trust(load: Measured) -> int:
    return load.usable + load.fresh_and_good


def _sum(unit: str, parts: Sequence[Measured]) -> Measured:
    return derive(unit, parts, lambda *values: fsum(values)) if parts else nothing(unit)


def _less(may: float, does: float) -> float:
    return may - does


def _residual_pct(meters: Measured, racks: Measured) -> float | None:
    metered, own = meters.now, racks.now
    return (metered - own) / own * 100 if metered is not None and own else None


def _ways(
    circuits: Sequence[Circuit],
    above: Mapping[EntityId, Sequence[Entity]],
    ratings: Mapping[EntityId, Rating],
) -> list[dict[EntityId, Measured]]:
    """The headroom of every meter on the way to each of ``circuits``, nearest first."""
    return [
        {circuit.meter: circuit.headroom}
        | {
            each.id: headroom_of(each, ratings.get(each.id, UNRATED))
            for each in above.get(circuit.meter, ())
            if each.of_type("ActivePower")
        }
        for circuit in circuits
    ]


def _path(rooms: Mapping[EntityId, Measured]) -> Path:
    headroom = least("kW", [*rooms.values()])
    told = (meter for meter, room in rooms.items() if room.now is not None)
    return Path(headroom, next((m for m in told if rooms[m].value == headroom.value), None))


def _feed(
    circuit: Circuit,
    whole: float | None,
    way: Mapping[EntityId, Measured],
    others: tuple[Carried, ...],
) -> Feed:
    part = circuit.load.now
    return Feed(
        meter=circuit.meter,
        load=circuit.load,
        current=circuit.current,
        limit=circuit.limit,
        capacity=circuit.capacity,
        share=part / whole if part is not None and whole else None,
        path=_path(way),
        if_lost=others,
    )
