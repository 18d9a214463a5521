"""Phases of a meter: how far their currents lie apart, and how near the limit the worst comes."""

from collections.abc import Sequence
from math import fsum
from typing import NamedTuple

from twin.entities import Entity
from twin.measured import Measured, derive, measure, nothing
from twin.points import Freshness, PointState


class Phase(NamedTuple):
    """One phase of a three-phase circuit."""

    name: str
    current: Measured


def phases_of(meter: Entity) -> tuple[Phase, ...]:
    """Its phases in order of name: A, B, C or 1, 2, 3, as DSX BMS v1 has them.

    Where several points tell of one phase, the first of them does.
    """
    found: dict[str, PointState] = {}
    for state in meter.of_type("PhaseCurrent"):
        if state.point.phase is not None:
            found.setdefault(state.point.phase, state)
    return tuple(Phase(name, measure(found[name], "A")) for name in sorted(found))


def imbalance_of(phases: Sequence[Phase]) -> Measured:
    """The largest deviation of a phase's current from their mean, in per cent of the mean.

    NEMA MG 1, 14.36 defines the unbalance of voltages so; currents are judged alike. Nothing where
    fewer than two phases are told of, or one of them was never heard.
    """
    if len(phases) < 2:  # noqa: PLR2004  # one alone deviates from nothing
        return nothing("%")
    return derive("%", [phase.current for phase in phases], _imbalance)


def mean_of(phases: Sequence[Phase]) -> Measured:
    """The mean current of the phases."""
    if not phases:
        return nothing("A")
    return derive("A", [phase.current for phase in phases], lambda *amps: fsum(amps) / len(amps))


def loading_of(current: Measured, phases: Sequence[Phase], limit: Measured) -> Measured:
    """The highest current that can be trusted most, in per cent of the limit.

    A breaker trips by its worst phase. A phase that is silent or doubtful does not hide the others.
    """
    told = (current, *(phase.current for phase in phases))
    trust = [_trust(each) for each in told]
    best = max(trust)
    trusted = [each for each, how in zip(told, trust, strict=True) if how == best]
    return derive("%", (limit, *trusted), _loading)


def _trust(one: Measured) -> int:
    if one.usable:
        return 3 if one.freshness is Freshness.LIVE else 2
    return 0 if one.quality is None else 1


def _imbalance(*amps: float) -> float | None:
    mean = fsum(amps) / len(amps)
    return max(abs(each - mean) for each in amps) / mean * 100 if mean > 0 else None


def _loading(limit: float, *amps: float) -> float | None:
    return max(amps) / limit * 100 if limit > 0 else None
