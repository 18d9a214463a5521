"""Meter screen: which of many meters are plainly well, told in one go.

It decides nothing: whoever is not passed here is looked at, one by one, by ``MeterWatch``.
"""

from collections.abc import Sequence

import numpy as np

from twin.implausible import UNDER_LOAD_A
from twin.sensors import Numbers, Sensors
from twin.watch.meters import MeterWatch


class MeterScreen:
    """Meters, a place in a row for each: as ``MeterWatch`` sees them.

    Args:
        watches: Whoever watches each.
    """

    def __init__(self, watches: Sequence[MeterWatch]) -> None:
        self.watches = watches
        self._amps = Sensors([each.amps for each in watches])
        self._drawn = Sensors([each.drawn for each in watches])
        self._written = np.array([each.limit_a for each in watches])
        self._loading, self._apart, self._most_kw = np.array([each.bounds for each in watches]).T
        self._kept: Numbers = np.full(len(watches), np.nan)

    def note(self, row: int) -> None:
        """Take note that a meter was looked at: it may remember another limit now."""
        self._kept[row] = np.nan

    def well(self) -> list[bool]:
        """Of each whether there is plainly nothing to be told, unless there is a fault already."""
        amps, (told, drawn) = self._amps.now(), self._drawn.now()
        high, low = np.fmax.reduce(amps), np.fmin.reduce(amps)
        limit = np.where(np.isnan(told) | (told == 0), self._written, told)
        with np.errstate(invalid="ignore"):  # what nobody knows is beyond nothing
            over = high > self._loading * limit
            unwell = over | (drawn > self._most_kw)
            unwell |= (high >= UNDER_LOAD_A) & (high - low > self._apart * low)
        self._keep(np.where(over | np.isnan(high), np.nan, limit))
        well: list[bool] = (~unwell).tolist()
        return well

    def _keep(self, limit: Numbers) -> None:
        """Have each remember the limit under which its current stays; there is rarely another."""
        other = ~np.isnan(limit) & (limit != self._kept)
        for row in other.nonzero()[0].tolist():
            self.watches[row].kept = limit.item(row)
        self._kept[other] = limit[other]
