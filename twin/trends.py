"""Trends: where the coolant of a rack is going, and when it would be beyond a critical limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from twin.instants import Instant
from twin.limits import COOLANT, Limit, Of
from twin.measured import Measured, nothing
from twin.points import Freshness, Quality
from twin.smoothing import TAU_S
from twin.steady import Steady
from twin.thermal import time_to_limit_s

HORIZON_S: Final = 3600.0
"""Nobody goes on in a straight line for an hour: what is so far away is not told."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Where the coolant of a rack is going."""

    supply: Measured
    """Its slope, in K/s."""
    return_: Measured
    time_to_limit: Measured
    """Until the first critical limit at these slopes, in s; 0 beyond one; nothing where none is
    neared, or only in ``HORIZON_S`` and more."""
    limit: Limit | None
    """Which one that is."""


class _Moving(NamedTuple):
    now: float
    slope: float


def trend_of(steady: Steady | None) -> Trend:
    """The trend of a rack by what its sensors read of late; it is straight.

    The flow per kW has a limit too and is left out: it jumps, as pumps and valves do.

    Args:
        steady: Of the rack; nothing is known until all of its heat balance was heard for a while.
    """
    supply = None if steady is None else steady.supply
    return_ = None if steady is None else steady.return_
    if steady is None or supply is None or return_ is None or not steady.settled:
        return Trend(nothing("K/s"), nothing("K/s"), nothing("s"), None)
    cold, warm = _moving(supply, steady.supply_slope), _moving(return_, steady.return_slope)
    trend = Trend(
        supply=_derived(cold.slope, "K/s", 1, steady.at),
        return_=_derived(warm.slope, "K/s", 1, steady.at),
        time_to_limit=nothing("s"),
        limit=None,
    )
    lasts, limit = _first(
        {
            Of.SUPPLY_C: cold,
            Of.RETURN_C: warm,
            Of.DELTA_T_K: _Moving(warm.now - cold.now, warm.slope - cold.slope),
        }
    )
    if lasts >= HORIZON_S:
        return trend
    return Trend(trend.supply, trend.return_, _derived(lasts, "s", 2, steady.at), limit)


def _moving(smoothed: float, slope: float) -> _Moving:
    """What is smoothed lags a ramp by slope times time constant (Brown's double smoothing)."""
    return _Moving(smoothed + TAU_S * slope, slope)


def _first(values: Mapping[Of, _Moving]) -> tuple[float, Limit]:
    """The critical limit that is met first, and in how many seconds."""
    times = [(_time_to(limit, values[limit.of]), limit) for limit in COOLANT if limit.of in values]
    return min(times, key=lambda pair: pair[0])


def _time_to(limit: Limit, value: _Moving) -> float:
    if limit.below:
        return time_to_limit_s(value.now - limit.critical, -value.slope)
    return time_to_limit_s(limit.critical - value.now, value.slope)


def _derived(value: float, unit: str, inputs: int, at: Instant) -> Measured:
    return Measured(value, unit, Quality.GOOD, Freshness.LIVE, at, derived_from=inputs)
