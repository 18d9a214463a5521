"""Heat: whether the sensors of a rack contradict one another this second, and its peers' do not.

A smoothed balance answers half a minute late, and its findings a minute later. Until then a sensor
that lies must not raise a fault of the plant. What the coolant carries now, against the power as
late as the coolant brings it, shows at once that something is off: a sensor, or the flow itself, as
long as the return has not followed. Where the flow is lost indeed, it soon has.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from math import fsum, sqrt
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.misread import MISREADINGS
from twin.points import PointId
from twin.smoothing import TAU_S
from twin.steady import FLOW_OFF, SHARE_OFF, TEMPERATURE_OFF_K, Steady
from twin.suspects import LIQUID_SHARE
from twin.thermal import heat_kw

FLOW: Final = "RackLiquidFlow"
SUPPLY: Final = "RackLiquidSupplyTemperature"
RETURN: Final = "RackLiquidReturnTemperature"
DP: Final = "RackLiquidDifferentialPressure"
DP_SETPOINT: Final = "RackLiquidDifferentialPressureSp"

_UNITS: Final = {FLOW: "LPM", SUPPLY: "C", RETURN: "C"}

_KELVINS: Final = sqrt(2) * TEMPERATURE_OFF_K
"""What two thermometers may be apart."""

FEWEST_PEERS: Final = 3
"""Fewer others are no measure of what is usual."""

LEAST_KPA: Final = 5.0
"""Peers with less have no pumps that run: noise is no deviation from noise."""

CROWD: Final = 1 / 3
"""Where so many of a loop are off, it is the loop, and no sensor of one rack; ours."""


class Shown(NamedTuple):
    """What the sensors of a rack read now; None where that is nothing to go by."""

    load: float | None = None
    served: float | None = None
    """The load that the flow has to serve: the less of now and of late, for valves take their time
    to follow a load, up and down."""
    flow: float | None = None
    supply: float | None = None
    return_: float | None = None
    dp: float | None = None
    dp_setpoint: float | None = None


def is_off(steady: Steady, shown: Shown, *, alone: bool = False) -> bool | None:
    """Whether the heat of this instant does not fit the power; None where either is unknown.

    It has to fit the power that is as late as itself, and not to fall short of the load of now: one
    that was told wrong a second ago has not come through yet. It may be off by what sensors may.
    What still moves excuses only a rack that is ``alone``: with others to compare it with, the step
    by which a sensor begins to lie is no excuse for it.
    """
    power, lagged = steady.power, steady.lagged
    if power is None or lagged is None:
        return None
    moves = abs(steady.supply_slope) + abs(steady.return_slope) if alone else 0.0
    kelvins, late = _KELVINS + TAU_S * moves, abs(power - lagged)
    off = _off(steady, shown.flow, shown.supply, shown.return_, kelvins, late)
    return None if off is None else off or outruns(steady, shown, kelvins)


def outruns(steady: Steady, shown: Shown, kelvins: float = _KELVINS) -> bool:
    """Whether the load of this instant is more than the heat bears out, or does so far.

    Where no meter agrees with a rack's power, its heat is the only witness. It comes late, which
    is no matter for what is not to be done within seconds.
    """
    load, flow, supply, return_ = shown.load, shown.flow, shown.supply, shown.return_
    if load is None or flow is None or supply is None or return_ is None:
        return False
    expected = LIQUID_SHARE * load
    may = _may(steady, expected, flow, supply, kelvins)
    return expected - heat_kw(flow, supply, return_, steady.coolant) > may


def warms_up(steady: Steady, shown: Shown, before: float) -> bool:
    """Whether the coolant warms up as it only does where flow is lost.

    With the flow that there was ``before`` it would carry more heat than the rack draws, or drew
    of late: a flow meter that begins to lie warms up nothing.
    """
    power, lagged, supply, return_ = steady.power, steady.lagged, shown.supply, shown.return_
    if power is None or lagged is None or supply is None or return_ is None:
        return False
    drawn = LIQUID_SHARE * max(power, lagged, shown.load or 0.0)
    may = _may(steady, drawn, before, supply, _KELVINS)
    return heat_kw(before, supply, return_, steady.coolant) - drawn > may


def fits_otherwise(steady: Steady, shown: Shown, kind: str) -> bool:
    """Whether the heat would fit if one of its sensors were telling another of the usual units.

    Here nothing that moves is an excuse: it is to be certain that it would.
    """
    values = {FLOW: shown.flow, SUPPLY: shown.supply, RETURN: shown.return_}
    reads = values[kind]
    if reads is None:
        return False
    for each in MISREADINGS:
        if each.unit == _UNITS[kind]:
            meant = values | {kind: (reads - each.plus) / each.by}
            if _off(steady, meant[FLOW], meant[SUPPLY], meant[RETURN], _KELVINS, 0.0) is False:
                return True
    return False


class Crowd:
    """The racks of one loop, each second anew: what is usual among them, and what ails them all.

    Args:
        pressures: The differential pressure of each rack, where it is known.
        off: Asks each rack whether its heat is off; nobody is asked before it matters.
    """

    __slots__ = ("_asked", "_off", "_pressures")

    def __init__(
        self, pressures: Iterable[float | None], off: Sequence[Callable[[], bool | None]]
    ) -> None:
        self._pressures = sorted([each for each in pressures if each is not None])
        self._off = off
        self._asked: tuple[int, int] | None = None

    def others_kpa(self, own: float) -> float | None:
        """The median of the others' differential pressures; None where there are too few."""
        pressures = self._pressures
        count = len(pressures) - 1
        if count < FEWEST_PEERS:
            return None
        at = bisect_left(pressures, own)
        middle = count // 2
        median = pressures[middle + (middle >= at)]
        if count % 2 == 0:
            median = (median + pressures[middle - 1 + (middle - 1 >= at)]) / 2
        return median if median >= LEAST_KPA else None

    @property
    def alone(self) -> bool:
        """Whether there is nobody beside the one that asks."""
        return len(self._off) < 2  # noqa: PLR2004  # itself

    def off(self) -> bool:
        """Whether a third of the others are off as well, for one rack that is."""
        if self._asked is None:
            told = [each() for each in self._off]
            self._asked = told.count(True), told.count(False)
        off, well = self._asked
        others = off - 1
        return others > 0 and others >= CROWD * (others + well)


def _off(
    steady: Steady,
    flow: float | None,
    supply: float | None,
    return_: float | None,
    kelvins: float,
    late: float,
) -> bool | None:
    lagged = steady.lagged
    if flow is None or supply is None or return_ is None or not lagged:
        return None
    expected = LIQUID_SHARE * lagged
    may = _may(steady, expected, flow, supply, kelvins) + late
    return abs(heat_kw(flow, supply, return_, steady.coolant) - expected) > may


def _may(steady: Steady, expected: float, flow: float, supply: float, kelvins: float) -> float:
    """How far the heat may be off, in kW, for what sensors may be off."""
    by_warmth = abs(heat_kw(flow, supply, supply + kelvins, steady.coolant))
    return expected * (FLOW_OFF + SHARE_OFF) + by_warmth


def total(values: Iterable[float | None]) -> float | None:
    """The sum; None unless all are known."""
    told = list(values)
    known = [each for each in told if each is not None]
    return fsum(known) if known and len(known) == len(told) else None


def point_of(entity: Entity, kind: str) -> PointId | None:
    """Its first point of a type, as its sensors are taken."""
    states = entity.of_type(kind)
    return states[0].point.id if states else None
