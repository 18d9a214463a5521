"""Smoothing: the readings of many racks over their time constants, side by side in memory."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.instants import Instant, Millis
from twin.sensors import Numbers, Sensor, Sensors
from twin.thermal import NVL72

EVERY: Final = Millis(1_000)
"""How often a rack is looked at."""

TAU_S: Final = 15.0
"""Temperature sensors answer with 10 to 20 s (first order); the middle of it."""

LAG_S: Final = TAU_S + 1
GAIN: Final = 1 / (1 + TAU_S)  # implicit Euler: stable whatever the constants are
_LITRES: Final = NVL72.coolant_l

SMOOTHED: Final = 9
"""How many rows are smoothed …"""

OWN, METERS, POWER, LAGGED, FLOW, SUPPLY, SUPPLY_SLOPE, RETURN, RETURN_SLOPE = range(SMOOTHED)
"""… and which they are; see ``Steady``."""

SENSORS: Final = 4
"""Those of the rack itself: power, flow, supply and return; behind them are its meters."""


class Smoothing:
    """What the sensors of racks read of late; a column for each rack.

    Where a sensor is stale or bad it has no value, NaN, and starts anew when it is back.

    Args:
        sensors: Of each rack: those of its own, ``SENSORS``, then its meters. Of nobody there is
            nothing to sample.
    """

    __slots__ = ("_absent", "_sensors", "_unmetered", "at", "fed", "reads", "since", "smoothed")

    def __init__(self, sensors: Sequence[Sequence[Sensor]]) -> None:
        count = len(sensors)
        self._sensors = Sensors(sensors)
        meters = np.array([len(each) - SENSORS for each in sensors])
        self._absent = np.arange(max(meters, default=0))[:, np.newaxis] >= meters
        self._unmetered = meters == 0
        self.at: NDArray[np.int64] = np.zeros(count, np.int64)
        """When each was looked at last."""
        self.since: NDArray[np.int64] = np.zeros(count, np.int64)
        """Since when all of its heat balance is known."""
        self.reads: Numbers = np.full((SENSORS + len(self._absent), count), np.nan)
        """What each sensor read then."""
        self.fed: Numbers = np.full(count, np.nan)
        """The sum of its meters, where all are known."""
        self.smoothed: Numbers = np.full((SMOOTHED, count), np.nan)
        """What that is over their time constants."""

    def sample(self, at: Instant) -> None:
        """Take in what the sensors read ``at``, ``EVERY`` after the last time."""
        anew = self.at != at - EVERY
        if anew.any():
            self.smoothed[:, anew] = np.nan
            self.since[anew] = at
        self.at[:] = at
        self.reads = self._sensors.now()
        _, flow, supply, return_ = self.reads[:SENSORS]
        self._take_power()
        self._follow(FLOW, flow)
        self._take_warmth(SUPPLY, SUPPLY_SLOPE, supply)
        self._take_warmth(RETURN, RETURN_SLOPE, return_)
        known = self.smoothed[POWER] + flow + supply + return_
        self.since[np.isnan(known)] = at

    def take_over(self, column: int, before: "Smoothing", its: int) -> None:
        """Go on with what another one knows of the same rack."""
        self.at[column], self.since[column] = before.at[its], before.since[its]
        self.fed[column] = before.fed[its]
        self.reads[: len(before.reads), column] = before.reads[: len(self.reads), its]
        self.smoothed[:, column] = before.smoothed[:, its]

    def _take_power(self) -> None:
        smoothed, (own, flow, *_), meters = self.smoothed, self.reads, self.reads[SENSORS:]
        self._follow(OWN, own)
        self.fed = fed = np.where(self._unmetered, np.nan, 0.0)
        for each, absent in zip(meters, self._absent, strict=True):
            fed += np.where(absent, 0.0, each)
        self._follow(METERS, fed)
        power = np.where(np.isnan(smoothed[OWN]), smoothed[METERS], smoothed[OWN])
        # Implicit Euler of the coolant's stay in the rack, litres by litres a second.
        lagged, moved = smoothed[LAGGED], np.maximum(0.0, flow)
        lagged = lagged + moved / (moved + 60 * _LITRES) * (power - lagged)
        smoothed[LAGGED] = np.where(np.isnan(lagged), power, lagged)
        smoothed[POWER] = power

    def _follow(self, kind: int, reads: Numbers) -> None:
        before = self.smoothed[kind]
        after = before + GAIN * (reads - before)
        self.smoothed[kind] = np.where(np.isnan(before), reads, after)

    def _take_warmth(self, kind: int, slope: int, reads: Numbers) -> None:
        """As a first-order answer, with its slope.

        It lags a ramp by slope times its time constant, and by one step more.
        """
        off, before = reads - self.smoothed[kind], self.smoothed[slope]
        after = before + GAIN * (off / LAG_S - before)
        self.smoothed[slope] = np.where(np.isnan(off), 0.0, after)
        self._follow(kind, reads)
