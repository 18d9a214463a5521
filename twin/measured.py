"""Truth on every number: a value that carries its unit, quality, freshness and time."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import fsum
from typing import Final, NamedTuple

from twin.instants import Instant
from twin.points import GOOD_QUALITY, Freshness, PointState, Quality
from twin.quantities import factor

# Names of this module: to look one up in an enum costs as much as to build half a tuple.
_GOOD: Final = Quality.GOOD
_BAD: Final = Quality.BAD
_LIVE: Final = Freshness.LIVE
_UNHEARD: Final = Freshness.UNHEARD

_NEVER: Final = (None, None)

_tuple: Final = tuple.__new__


class Measured(NamedTuple):
    """A number that came from outside, or was computed from such numbers.

    A tuple, because a rack is made of sixty of them, and a frozen dataclass takes four times as
    long to build.
    """

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
        return self.value is not None and self.quality is _GOOD

    @property
    def fresh_and_good(self) -> bool:
        """Whether it is the truth of now."""
        return self.value is not None and self.quality is _GOOD and self.freshness is _LIVE

    @property
    def now(self) -> float | None:
        """Its value where it is the truth of now."""
        return self.value if self.fresh_and_good else None


LARGEST: Final = 1e30
"""No quantity in any unit is more; sums and products of some of what is less never overflow."""


@lru_cache(maxsize=1_000)  # there are few units, and most racks lack something
def nothing(unit: str | None) -> Measured:
    """What is known where there is no point to ask."""
    return Measured(None, unit, None, _UNHEARD)


def written(value: float, unit: str) -> Measured:
    """A number that is written down beside the bus: good and of now, and never measured."""
    return Measured(value, unit, _GOOD, _LIVE)


def measure(state: PointState | None, unit: str | None = None) -> Measured:
    """The current reading of a point, in ``unit`` where one is asked for.

    A null value is never good, whatever its publisher says, nor is one beyond ``LARGEST``. A unit
    that cannot be converted makes the value unusable (``BAD``) rather than wrong.
    """
    if state is None:
        return nothing(unit)
    point = state.point
    shown = point.unit if unit is None else unit
    if state.freshness is _UNHEARD:
        return nothing(shown)
    value = state.value
    good = state.quality == GOOD_QUALITY and value is not None and -LARGEST <= value <= LARGEST
    if shown != point.unit and value is not None:
        scale = factor(point.unit, shown or "")
        good = good and scale is not None
        value = value * scale if scale is not None else None
    text = point.text(value) if point.states else None
    quality = _GOOD if good else _BAD
    measured_at, received_at = state.measured_at, state.received_at
    # fmt: off
    return _tuple(Measured, (
        value, shown, quality, state.freshness, measured_at, received_at, None, None, None, text
    ))
    # fmt: on


def derive(unit: str, inputs: Sequence[Measured], formula: Callable[..., float | None]) -> Measured:
    """``formula`` of the inputs' values, with the worst quality and freshness among them.

    Args:
        unit: Of the result.
        inputs: In the order of the formula's arguments.
        formula: Called only where every input is usable; None says that it has no answer there.
    """
    freshness, usable = _LIVE, True
    measured_at: Instant | None = None
    received_at: Instant | None = None
    values: list[float | None] = []
    for value, _, quality, fresh, measured, received, _, _, _, _ in inputs:
        if fresh is not _LIVE:
            freshness = fresh
            if fresh is _UNHEARD:
                count = len(inputs)
                return _tuple(Measured, (None, unit, None, fresh, *_NEVER, count, *_NEVER, None))
        if value is None or quality is not _GOOD:
            usable = False
        if measured is not None and (measured_at is None or measured < measured_at):
            measured_at = measured
        if received is not None and (received_at is None or received < received_at):
            received_at = received
        values.append(value)
    result = formula(*values) if usable else None
    quality = _BAD if result is None else _GOOD
    count = len(inputs)
    # fmt: off
    return _tuple(Measured, (
        result, unit, quality, freshness, measured_at, received_at, count, None, None, None
    ))
    # fmt: on


def total(unit: str, inputs: Sequence[Measured]) -> Measured:
    """The sum of the inputs that are live and good, and how complete it is.

    A sum over hundreds of racks is never whole: it is as good as what went in, and ``fresh`` of
    ``expected`` says what did.
    """
    values: list[float] = []
    measured: list[Instant] = []
    received: list[Instant] = []
    for value, _, quality, freshness, measured_at, received_at, _, _, _, _ in inputs:
        if value is not None and quality is _GOOD and freshness is _LIVE:
            values.append(value)
            if measured_at is not None:
                measured.append(measured_at)
            if received_at is not None:
                received.append(received_at)
    count = len(values)
    if not count:
        return nothing(unit)._replace(fresh=0, expected=len(inputs))
    return Measured(
        fsum(values),
        unit,
        _GOOD,
        _LIVE,
        min(measured, default=None),
        min(received, default=None),
        derived_from=count,
        fresh=count,
        expected=len(inputs),
    )


def least(unit: str, inputs: Sequence[Measured]) -> Measured:
    """The lowest of the inputs that are live and good, and of how many it is the lowest.

    As long as some are silent it is at most that.
    """
    live = [each for each in inputs if each.fresh_and_good]
    if not live:
        return nothing(unit)._replace(fresh=0, expected=len(inputs))
    lowest = min(live, key=lambda each: each.value or 0.0)
    count = len(live)
    return lowest._replace(unit=unit, derived_from=count, fresh=count, expected=len(inputs))
