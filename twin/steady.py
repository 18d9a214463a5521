"""Steady: what the sensors of a rack have read of late, smoothed over their time constants.

Power changes at once, the warmth of the coolant half a minute later. So the readings of one
instant never balance while anything moves. What is smoothed here does: power is delayed as the
coolant in the rack delays the heat, and all is averaged over the lag that temperature sensors have.
"""

from collections.abc import Iterable, Sequence
from math import isnan, sqrt
from typing import Final, NamedTuple

from twin.balance import HEAT, Balance
from twin.entities import Entity
from twin.instants import Instant, Millis
from twin.sensors import Sensor, sensor_of
from twin.smoothing import (
    EVERY,
    FLOW,
    LAGGED,
    METERS,
    OWN,
    POWER,
    RETURN,
    RETURN_SLOPE,
    SENSORS,
    SUPPLY,
    SUPPLY_SLOPE,
    TAU_S,
    Smoothing,
)
from twin.suspects import LIQUID_SHARE, Readings
from twin.thermal import LEAST_RISE_K, Coolant, heat_kw, kw_for_rise

SETTLING_S: Final = 45.0
"""Three time constants after a sensor was first heard, 95 % of what it was before is gone."""

_NO_RISE_K: Final = 1e-6
"""None at all, where it is divided by."""

FLOW_OFF: Final = 0.02
"""A flow meter may be so far off: magnetic and turbine meters are sold with 1 to 2 %."""

TEMPERATURE_OFF_K: Final = 0.2
"""A temperature sensor: class A of IEC 60751 has 0.15 K + 0.002 · t, 0.22 K at 35 °C."""

SHARE_OFF: Final = 0.03
"""The share of the power that goes into the liquid: 0.94 to 1.0 around ``LIQUID_SHARE``."""

_tuple: Final = tuple.__new__  # the classes' own take three times as long


class Smoothed:
    """A sensor over its time constant.

    Args:
        sensor: The sensor.
        every: How often it is looked at.
    """

    __slots__ = ("gain", "lag_s", "sensor", "slope", "value")

    def __init__(self, sensor: Sensor, every: Millis = EVERY) -> None:
        self.sensor = sensor
        self.lag_s = TAU_S + every / 1000
        self.gain = every / 1000 / self.lag_s
        self.value: float | None = None
        self.slope = 0.0
        """By how much it changes in a second."""

    def sample(self) -> None:
        """Take in what it reads; where that is nothing, start anew."""
        sample((self,))


def sample(smoothed: Iterable[Smoothed]) -> None:
    """Take in what several read, in one go: there are thousands of them."""
    for each in smoothed:
        reads, value = each.sensor.now, each.value
        if value is None or reads is None:
            each.value, each.slope = reads, 0.0
        else:
            off = reads - value
            each.value = value + each.gain * off
            each.slope += each.gain * (off / each.lag_s - each.slope)


class Reads(NamedTuple):
    """What the sensors of a rack read at one instant."""

    own: float | None
    """The power that it says it draws, in kW."""
    flow: float | None
    supply: float | None
    return_: float | None
    meters: Sequence[float | None]
    """Of each of its meters, in kW."""


class Steady:
    """The heat balance of one rack, of smoothed readings; looked at once a second.

    Where a sensor is stale or bad it has no value, and starts anew when it is back.
    """

    __slots__ = ("_column", "_smoothing", "coolant", "rack", "sensors")

    def __init__(self, rack: Entity, meters: Sequence[Entity], coolant: Coolant) -> None:
        self.rack = rack.id
        self.coolant = coolant
        self.sensors = [
            sensor_of(rack, "RackPower", "kW"),
            sensor_of(rack, "RackLiquidFlow", "LPM"),
            sensor_of(rack, "RackLiquidSupplyTemperature", "C"),
            sensor_of(rack, "RackLiquidReturnTemperature", "C"),
            *(sensor_of(meter, "ActivePower", "kW") for meter in meters),
        ]
        """Those of its own, and of each of its meters."""
        self._smoothing = _NOTHING
        self._column = 0

    def move(self, smoothing: Smoothing, column: int) -> None:
        """Be smoothed there from now on; what is known stays known."""
        smoothing.take_over(column, self._smoothing, self._column)
        self._smoothing, self._column = smoothing, column

    @property
    def at(self) -> Instant:
        """When it was looked at last."""
        return Instant(self._smoothing.at.item(self._column))

    @property
    def since(self) -> Instant:
        """Since when all that its heat balance takes is known."""
        return Instant(self._smoothing.since.item(self._column))

    @property
    def reads(self) -> Reads:
        """What its sensors read when it was looked at last."""
        read = self._smoothing.reads[: len(self.sensors), self._column].tolist()
        own, flow, supply, return_, *meters = [_known(each) for each in read]
        return _tuple(Reads, (own, flow, supply, return_, meters))

    @property
    def own(self) -> float | None:
        """What the rack says that it draws, in kW."""
        return self._of(OWN)

    @property
    def meters(self) -> float | None:
        """The sum of its meters, in kW."""
        return self._of(METERS)

    @property
    def power(self) -> float | None:
        """The first of the two that is known."""
        return self._of(POWER)

    @property
    def lagged(self) -> float | None:
        """The same, as late as the coolant brings it to the return sensor."""
        return self._of(LAGGED)

    @property
    def flow(self) -> float | None:
        """In LPM."""
        return self._of(FLOW)

    @property
    def supply(self) -> float | None:
        """In °C."""
        return self._of(SUPPLY)

    @property
    def return_(self) -> float | None:
        """In °C."""
        return self._of(RETURN)

    @property
    def supply_slope(self) -> float:
        """In K/s."""
        return self._of(SUPPLY_SLOPE) or 0.0

    @property
    def return_slope(self) -> float:
        """In K/s."""
        return self._of(RETURN_SLOPE) or 0.0

    def _of(self, kind: int) -> float | None:
        return _known(self._smoothing.smoothed[kind].item(self._column))

    @property
    def readings(self) -> Readings | None:
        """What the heat balance is made of; None unless all of it is the truth of now."""
        power, flow, supply, return_ = self.lagged, self.flow, self.supply, self.return_
        if power is None or flow is None or supply is None or return_ is None:
            return None
        meters = None if self.own is None else self.meters
        if meters is not None and self.own:
            meters *= power / self.own  # as late as the power that it stands beside
        return Readings(power, flow, supply, return_, self.coolant, meters)

    def heat(self) -> Balance:
        """The heat carried away against the share of the power that the liquid is to take."""
        told = self._smoothing.smoothed[:, self._column].tolist()  # in one go: it is asked often
        power, flow, supply, return_ = told[LAGGED], told[FLOW], told[SUPPLY], told[RETURN]
        fresh = 4 - isnan(power) - isnan(flow) - isnan(supply) - isnan(return_)
        shown = expected = None
        off = 0.0
        if not isnan(power):
            expected = LIQUID_SHARE * power
        rise = return_ - supply
        if not isnan(flow) and not isnan(rise):
            shown = heat_kw(flow, supply, return_, self.coolant)
            drift = TAU_S * (abs(told[RETURN_SLOPE]) + abs(told[SUPPLY_SLOPE]))
            off = self._heat_off(rise, expected, drift)
        return _tuple(
            Balance, (HEAT, self.rack, "kW", shown, expected, off, fresh, 4, self.at, False, ())
        )

    def _heat_off(self, rise: float, expected: float | None, drift: float) -> float:
        """How far the heat may be off: what sensors may be, and what still moves.

        Kinds of error are added, not squared: they may all lie one way. Where little is drawn and
        little warms up, thermometers are off by more than there is.
        """
        if rise < LEAST_RISE_K:
            rise = max(rise, min(LEAST_RISE_K, self._rise_of(expected)))
        power, lagged = self.power, self.lagged
        moving = abs(power - lagged) / lagged if power is not None and lagged else 0.0
        kelvins = sqrt(2) * TEMPERATURE_OFF_K + drift
        return FLOW_OFF + SHARE_OFF + moving + kelvins / rise

    def _rise_of(self, kw: float | None) -> float:
        """By how much the flow would warm up with so much heat; a little at the least."""
        each = kw_for_rise(self.flow or 0.0, 1.0, self.coolant)
        return max(abs(kw / each), _NO_RISE_K) if kw and each else LEAST_RISE_K

    @property
    def settled(self) -> bool:
        """Whether nothing of what was before its sensors were heard is left in it."""
        return self.at - self.since >= SETTLING_S * 1000


def gather(racks: Sequence[Steady]) -> Smoothing:
    """Have racks be smoothed together from now on; what is known of each stays known."""
    together = smoothing_of(racks)
    for column, each in enumerate(racks):
        each.move(together, column)
    return together


def smoothing_of(racks: Sequence[Steady]) -> Smoothing:
    """Where racks may be smoothed together, a column each, once they have moved there."""
    return Smoothing([each.sensors for each in racks])


def _known(value: float) -> float | None:
    return None if isnan(value) else value


_NOTHING: Final = Smoothing([[Sensor(None, "")] * SENSORS])  # of whom nobody has looked at yet
