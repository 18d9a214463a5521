"""Redundancy: what the other feeds of a rack would carry without one of them."""

from collections.abc import Sequence
from enum import StrEnum
from math import fsum
from typing import NamedTuple

from twin.measured import Measured, derive
from twin.points import EntityId


class Redundancy(StrEnum):
    """Whether the feeds of a rack could carry it with one of them gone."""

    TWO_N = "2N"
    N_PLUS_1 = "N+1"
    N = "N"
    LOST = "LOST"
    UNKNOWN = "UNKNOWN"


class Side(NamedTuple):
    """A feed as far as it matters to the others."""

    meter: EntityId
    able: Measured
    """What it could carry, in kW."""
    limit: Measured
    """The same in A."""


class Carried(NamedTuple):
    """What one feed would carry with another gone."""

    meter: EntityId
    load: Measured
    current: Measured
    loading: Measured
    over_limit: bool | None
    """None unless what it would and what it could carry are the truth of now."""


def losses_of(sides: Sequence[Side], load: Measured) -> tuple[tuple[Carried, ...], ...]:
    """For each of ``sides``, in order, what the others would carry of ``load`` without it.

    They share all of the load in proportion to what they could carry, as supplies in parallel do,
    and equally where that is not known of each of them.
    """
    return tuple(shared([*sides[:lost], *sides[lost + 1 :]], load) for lost in range(len(sides)))


def redundancy_of(
    sides: Sequence[Side], load: Measured, losses: Sequence[Sequence[Carried]]
) -> Redundancy:
    """Redundancy from load, not from counts: each feed is taken away, and the rest must carry.

    Unknown unless the load, and what each feed could carry, are the truth of now.
    """
    known = all(side.able.fresh_and_good for side in sides)
    if not sides or not known or not load.fresh_and_good:
        return Redundancy.UNKNOWN
    if len(sides) == 1:
        return Redundancy.N
    if any(carried.over_limit for others in losses for carried in others):
        return Redundancy.LOST
    return Redundancy.TWO_N if len(sides) == 2 else Redundancy.N_PLUS_1  # noqa: PLR2004


def shared(others: Sequence[Side], load: Measured) -> tuple[Carried, ...]:
    """What each of ``others`` carries when they bear all of ``load`` together."""
    if len(others) == 1:
        return (bearing(others[0], load),)
    inputs = [load]
    if all(side.able.usable for side in others):
        inputs += [side.able for side in others]

    def part(number: int) -> Measured:
        return derive("kW", inputs, lambda whole, *able: whole * _share(able, number, len(others)))

    return tuple(bearing(side, part(number)) for number, side in enumerate(others))


def _share(able: Sequence[float], number: int, count: int) -> float:
    whole = fsum(able)
    return able[number] / whole if whole > 0 else 1 / count


def bearing(side: Side, load: Measured) -> Carried:
    """What it means for a feed to carry ``load``."""
    loading = derive("%", (load, side.able), _loading)
    return Carried(
        meter=side.meter,
        load=load,
        current=derive("A", (loading, side.limit), lambda pct, limit: pct / 100 * limit),
        loading=loading,
        over_limit=_beyond(load.now, side.able.now),
    )


def _beyond(does: float | None, may: float | None) -> bool | None:
    return None if does is None or may is None else does > may


def _loading(does: float, may: float) -> float | None:
    return does / may * 100 if may > 0 else None
