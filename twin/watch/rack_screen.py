"""Rack screen: which of many racks are plainly well, told in one go.

It decides nothing: whoever is not passed here is looked at, one by one, by ``RackWatch``. So it may
only be wrong by letting somebody be looked at in vain.
"""

from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Final

import numpy as np

from twin.instants import Instant
from twin.points import EntityId
from twin.sensors import Numbers, Sensor, Sensors, Truths, as_told
from twin.smoothing import (
    EVERY,
    METERS,
    OWN,
    RETURN,
    RETURN_SLOPE,
    SENSORS,
    SUPPLY,
    SUPPLY_SLOPE,
    Smoothing,
)
from twin.watch.feeds import NOTHING
from twin.watch.heat import FEWEST_PEERS, LEAST_KPA
from twin.watch.judging import HAIR
from twin.watch.liquid import HORIZON_S
from twin.watch.racks import TURN, RackWatch

_RESTS: Final = 2
"""So many values at most by which a point says that nothing is cut off are known here."""


class RackScreen:
    """Racks of loops, a place in a row for each: as ``RackWatch`` sees them.

    Args:
        loops: Whoever watches the racks of each loop, one at the least, all by the same rules.
        smoothing: Where they are smoothed …
        columns: … and in which column each.
    """

    def __init__(
        self,
        loops: Sequence[Sequence[RackWatch]],
        smoothing: Smoothing,
        columns: Mapping[EntityId, int],
    ) -> None:
        self.loops = loops
        watches = [each for loop in loops for each in loop]
        self._smoothing = smoothing
        self._columns = np.array([columns[each.rack] for each in watches])
        self._row = {each.rack: row for row, each in enumerate(watches)}
        self._pressures = Sensors([(each.dp, each.dp_setpoint) for each in watches])
        self._bounds = watches[0].liquid.bounds
        self._criticals = watches[0].liquid.criticals
        counts = [len(loop) for loop in loops]
        self._starts = np.cumsum([0, *counts[:-1]])
        self._counts = np.array(counts)
        self._alone = np.repeat(self._counts <= FEWEST_PEERS, self._counts)
        self._partly_read = np.array([not each.all_read for each in watches])
        self._idle_kw = np.array([each.feeds.idle_kw for each in watches])
        self._several = np.array([each.feeds.count > 1 for each in watches])
        self._feeds: Numbers = np.zeros((3, len(watches)))  # so that each is looked at once
        self._rests(watches)

    def note(self, watch: RackWatch) -> None:
        """Take note of what a rack may draw: whoever looks at one may work that out anew."""
        self._feeds[:, self._row[watch.rack]] = watch.feeds.most

    def well(self, at: Instant) -> list[bool]:
        """Of each whether there is plainly nothing to be told, unless there is a fault already."""
        reads = self._smoothing.reads[:, self._columns]
        smoothed = self._smoothing.smoothed[:, self._columns]
        with np.errstate(invalid="ignore"):  # what nobody knows is beyond nothing
            unwell = self._fed(reads, smoothed, at)
            unwell |= self._cooled(reads[SENSORS - 2], reads[SENSORS - 1])
            unwell |= self._pressed()
            unwell |= self._nears(smoothed)
            if at % TURN < EVERY:
                unwell |= self._cut_off()
        well: list[bool] = (~unwell).tolist()
        return well

    # -- one by one ------------------------------------------------------------------------------

    def _fed(self, reads: Numbers, smoothed: Numbers, at: Instant) -> Truths:
        """Too little flow for the load, or too much of that for its feeds."""
        own, flow, feeds = reads[0], reads[1], reads[SENSORS:]
        metered = np.isnan(own)
        load = np.where(metered, self._smoothing.fed[self._columns], own)
        load += HAIR * np.abs(load)
        late = np.where(metered, smoothed[METERS], smoothed[OWN])
        unwell: Truths = flow < self._bounds.least * np.where(late < load, late, load)
        asked_again, most, spare = self._feeds
        amiss = (at >= asked_again) | (load > most) | (load > spare)
        amiss |= self._several & (feeds < NOTHING * load).any(axis=0)
        unwell |= amiss & (load >= self._idle_kw)
        unwell |= self._partly_read
        return unwell

    def _cooled(self, supply: Numbers, return_: Numbers) -> Truths:
        bounds = self._bounds
        unwell: Truths = (supply < bounds.cold) | (supply > bounds.hot) | (return_ > bounds.warm)
        unwell |= return_ - supply > bounds.rise
        return unwell

    def _pressed(self) -> Truths:
        """Pressures off their set-point, or far above the lowest of their loop.

        The median of its peers is no lower than that.
        """
        bounds = self._bounds
        dp, asked = self._pressures.now()
        lowest = np.repeat(np.fmin.reduceat(dp, self._starts), self._counts)
        peers = np.where(self._alone, inf, np.maximum(lowest, LEAST_KPA))
        off: Truths = (dp < bounds.under * asked) | (dp > bounds.over * asked)
        off &= asked != 0
        off |= dp > bounds.times * peers
        return off

    def _nears(self, smoothed: Numbers) -> Truths:
        """Slopes by which a critical limit comes near."""
        coldest, hottest, warmest, steepest = self._criticals
        cold = smoothed[SUPPLY] + HORIZON_S * smoothed[SUPPLY_SLOPE]
        warm = smoothed[RETURN] + HORIZON_S * smoothed[RETURN_SLOPE]
        near: Truths = (warm > warmest) | (warm - cold > steepest)
        near |= (cold < coldest) | (cold > hottest)
        near &= ~np.isnan(warm - cold)  # where one of the two is not known it nears nothing
        return near

    def _cut_off(self) -> Truths:
        told = as_told(self._states).reshape(self._rest.shape[1:])
        cut_off: Truths = np.logical_not(np.isnan(told))
        for each in self._rest:
            cut_off &= told != each
        found: Truths = np.logical_or.reduce(cut_off, axis=1)
        return found

    def _rests(self, watches: Sequence[RackWatch]) -> None:
        """Take in by which values each point says that nothing is cut off."""
        rests = [each.isolation.rest for each in watches]
        most = max(map(len, rests))
        self._states = [Sensor(None, "").state] * (most * len(rests))
        self._rest: Numbers = np.full((_RESTS, len(rests), most), nan)
        for row, states in enumerate(rests):
            for kind, (state, rest) in enumerate(states):
                self._states[row * most + kind] = state
                known = sorted(value for value in rest if value is not None)[:_RESTS]
                self._rest[: len(known), row, kind] = known
