"""Truth on every number: a value that carries its unit, quality, freshness and time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Final

from twin.instants import Instant
from twin.points import GOOD_QUALITY, Freshness, PointState, Quality
from twin.quantities import factor

_WORST: Final = {Freshness.LIVE: 0, Freshness.STALE: 1, Freshness.UNHEARD: 2}


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that came from outside, or was computed from such numbers."""

    value: float | None
    unit: str | None
    quality: Quality | None
    """None where nothing was ever said."""
    freshness: Freshness
    measured_at: Instant | None = None
    received_at: Instant | None = None
    derived_from: int | None = None
    """On computed numbers: how many inputs went in."""
    fresh: int | None = None
    """On aggregates: how many inputs are live and good …"""
    expected: int | None = None
    """… of how many there should be."""
    text: str | None = None
    """On states: what the value means."""

    @property
    def usable(self) -> bool:
        """Whether anything may be derived from it."""
        return self.value is not None and self.quality is Quality.GOOD

    @property
    def fresh_and_good(self) -> bool:
        """Whether it is the truth of now."""
        return self.usable and self.freshness is Freshness.LIVE


def nothing(unit: str | None) -> Measured:
    """What is known where there is no point to ask."""
    return Measured(None, unit, None, Freshness.UNHEARD)


def measure(state: PointState | None, unit: str | None = None) -> Measured:
    """The current reading of a point, in ``unit`` where one is asked for.

    A null value is never good, whatever its publisher says. A unit that cannot be converted makes
    the value unusable (``BAD``) rather than wrong.
    """
    if state is None:
        return nothing(unit)
    point = state.point
    shown = point.unit if unit is None else unit
    if state.freshness is Freshness.UNHEARD:
        return nothing(shown)
    value = state.value
    good = state.quality == GOOD_QUALITY and value is not None
    if unit is not None and value is not None:
        scale = factor(point.unit, unit)
        good = good and scale is not None
        value = value * scale if scale is not None else None
    return Measured(
        value,
        shown,
        Quality.GOOD if good else Quality.BAD,
        state.freshness,
        state.measured_at,
        state.received_at,
        text=point.text(value) if point.states else None,
    )


def derive(unit: str, inputs: Sequence[Measured], formula: Callable[..., float | None]) -> Measured:
    """``formula`` of the inputs' values, with the worst quality and freshness among them.

    Args:
        unit: Of the result.
        inputs: In the order of the formula's arguments.
        formula: Called only where every input is usable; None says that it has no answer there.
    """
    freshness = max((each.freshness for each in inputs), key=_WORST.__getitem__)
    if freshness is Freshness.UNHEARD:
        return replace(nothing(unit), derived_from=len(inputs))
    value = formula(*(each.value for each in inputs)) if all(i.usable for i in inputs) else None
    return Measured(
        value,
        unit,
        Quality.GOOD if value is not None else Quality.BAD,
        freshness,
        _oldest(each.measured_at for each in inputs),
        _oldest(each.received_at for each in inputs),
        derived_from=len(inputs),
    )


def total(unit: str, inputs: Sequence[Measured]) -> Measured:
    """The sum of the inputs that are live and good, and how complete it is.

    A sum over hundreds of racks is never whole: it is as good as what went in, and ``fresh`` of
    ``expected`` says what did.
    """
    live = [each for each in inputs if each.fresh_and_good]
    completeness = replace(nothing(unit), fresh=len(live), expected=len(inputs))
    if not live:
        return completeness
    return replace(
        completeness,
        value=fsum(each.value for each in live if each.value is not None),
        quality=Quality.GOOD,
        freshness=Freshness.LIVE,
        measured_at=_oldest(each.measured_at for each in live),
        received_at=_oldest(each.received_at for each in live),
        derived_from=len(live),
    )


def _oldest(instants: Iterable[Instant | None]) -> Instant | None:
    return min((instant for instant in instants if instant is not None), default=None)
