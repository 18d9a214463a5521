"""Sensors: points as what they count for in the unit that is asked for, where that can be."""

from collections.abc import Sequence
from itertools import chain
from math import inf, nan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.entities import Entity
from twin.points import EntityId, Freshness, Point, PointId, PointState, PublisherId
from twin.quantities import factor
from twin.ranges import REGISTER_ERRORS, errors_within, limits_of

Numbers = NDArray[np.float64]
"""NaN where there is none: no reading is."""

Truths = NDArray[np.bool_]

_NOBODY: Final = PointState(
    Point(PointId(""), "", "", EntityId(""), PublisherId(""))
)  # whom nobody hears

_LIVE: Final = Freshness.LIVE
_ERRORS: Final = np.array(sorted(REGISTER_ERRORS))
_LEAST_ERROR: Final = min(map(abs, REGISTER_ERRORS))


class Sensor:
    """One point, and what it counts for in the unit that is asked for; or none."""

    __slots__ = ("errors", "high", "low", "scale", "state")

    def __init__(self, state: PointState | None, unit: str) -> None:
        self.state = _NOBODY if state is None else state
        point = self.state.point
        scale = factor(point.unit, unit)
        limits = limits_of(point.point_type, point.unit)
        self.scale = 1.0 if scale is None else scale
        # What is in a unit that is unrelated is within no limits.
        self.low, self.high = (inf, -inf) if scale is None else limits or (-inf, inf)
        self.errors = errors_within((self.low, self.high))
        """What stands for no value, though a value might be so."""

    @property
    def now(self) -> float | None:
        """What it reads, where that is the truth of now, and can be at all."""
        state = self.state
        if state.freshness is not _LIVE or state.bad:
            return None
        value, errors = state.value, self.errors
        if value is None or not self.low <= value <= self.high or (errors and value in errors):
            return None
        return value * self.scale


def sensor_of(entity: Entity | None, point_type: str, unit: str) -> Sensor:
    """Its first point of a type, as the views take it."""
    states = () if entity is None else entity.of_type(point_type)
    return Sensor(states[0] if states else None, unit)


class Sensors:
    """Sensors of many things that are alike, read in one go: as ``Sensor.now`` of each.

    Args:
        things: The sensors of each thing, in the same order for all, as many as it has.
    """

    __slots__ = ("_high", "_low", "_scale", "_states")

    def __init__(self, things: Sequence[Sequence[Sensor]]) -> None:
        most = max(map(len, things), default=0)
        none = Sensor(None, "")
        whole = [[*each, *[none] * (most - len(each))] for each in things]
        # Those of one thing are side by side, as they were when they were described: what a
        # reading costs is to fetch it from memory.
        self._states = [each.state for each in chain.from_iterable(whole)]
        shape = len(things), most
        self._scale = np.array([[each.scale for each in row] for row in whole]).reshape(shape).T
        self._low = np.array([[each.low for each in row] for row in whole]).reshape(shape).T
        self._high = np.array([[each.high for each in row] for row in whole]).reshape(shape).T

    def now(self) -> Numbers:
        """What each reads: the first sensor of all things, the second of all, and so on."""
        read = as_told(self._states).reshape(self._scale.shape[::-1]).T
        # What is nothing is within no limits as well.
        read[~((self._low <= read) & (read <= self._high))] = nan
        odd = np.abs(read) >= _LEAST_ERROR
        if odd.any():
            read[odd & np.isin(read, _ERRORS)] = nan
        read *= self._scale
        return read


def as_told(states: Sequence[PointState]) -> Numbers:
    """What points read in their own units, where that is the truth of now."""
    return np.array(
        [
            nan
            if state.freshness is not _LIVE or state.bad or (value := state.value) is None
            else value
            for state in states
        ],
        np.float64,  # though all of them were whole
    )
