"""Where a load is going: the last value, its damped trend, and the pull of its own mean.

With v the newest value, b its slope, m the mean of what came before it and h the horizon::

    held  = v + b·D·(1 - exp(-h/D))            damped trend, slope dying with time constant D
    ahead = held + (m - held)·(1 - exp(-h/R))  pull to the mean, with time constant R

The first line is the damped linear trend (Gardner, McKenzie 1985, "Forecasting trends in time
series", Management Science 31 (10)) in continuous time, its level smoothing left out: what a meter
says is what there is. The second is the expectation of an Ornstein-Uhlenbeck process (Uhlenbeck,
Ornstein 1930, Physical Review 36: 823). Why these and no other: decision 0010.
"""

from dataclasses import dataclass, replace
from math import exp
from typing import Final, Self

from twin.instants import Instant, Millis

SMOOTHING_MS: Final = 10_000
"""Time constant with which the slope follows the steps: at one in 15 s, 78 % at once."""
DAMPING_MS: Final = 60_000
"""Time constant with which a slope dies: a ramp of load goes on for a minute or so."""
REVERSION_MS: Final = 5_400_000
"""Time constant of the way back to the mean."""
MEMORY_MS: Final = 86_400_000
"""What the mean looks back on: a day, the period of load and weather."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of one quantity's course; any unit, any pace of its readings.

    It depends on the order of arrival, so it stays out of the documents that must not.
    """

    at: Instant
    """When the newest value was read."""
    value: float
    slope: float = 0.0
    """In a millisecond, smoothed."""
    mean: float = 0.0
    """Over ``seen`` until now, each value held until the next."""
    seen: int = 0
    """Milliseconds behind ``mean``: all there were, at most ``MEMORY_MS``."""

    def observe(self, at: Instant, value: float) -> Self:
        """This with one more value; a value no newer than the newest changes nothing."""
        span = at - self.at
        if span <= 0:
            return self
        seen = min(self.seen + span, MEMORY_MS)
        dying = self.slope * exp(-span / DAMPING_MS)
        following = 1 - exp(-span / SMOOTHING_MS)
        return replace(
            self,
            at=at,
            value=value,
            slope=dying + following * ((value - self.value) / span - dying),
            mean=self.mean + min(span / seen, 1) * (self.value - self.mean),
            seen=seen,
        )

    def predict(self, horizon: Millis) -> float:
        """What is to be expected ``horizon`` after the newest value."""
        held = self.value + self.slope * DAMPING_MS * (1 - exp(-horizon / DAMPING_MS))
        if not self.seen:
            return held
        return held + (self.mean - held) * (1 - exp(-horizon / REVERSION_MS))
