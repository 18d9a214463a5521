"""Steady: what the sensors of a rack have read of late, smoothed over their time constants.

Power changes at once, the warmth of the coolant half a minute later. So the readings of one
instant never balance while anything moves. What is smoothed here does: power is delayed as the
coolant in the rack delays the heat, and all is averaged over the lag that temperature sensors have.
"""

from collections.abc import Iterable, Sequence
from math import inf, sqrt
from typing import Final, NamedTuple

from twin.balance import HEAT, Balance
from twin.entities import Entity
from twin.instants import Instant, Millis
from twin.points import EntityId, Freshness, Point, PointId, PointState, PublisherId
from twin.quantities import factor
from twin.ranges import errors_within, limits_of
from twin.suspects import LIQUID_SHARE, Readings
from twin.thermal import LEAST_RISE_K, NVL72, Coolant, heat_kw, kw_for_rise

EVERY: Final = Millis(1_000)
"""How often a rack is looked at."""

TAU_S: Final = 15.0
"""Temperature sensors answer with 10 to 20 s (first order); the middle of it."""

SETTLING_S: Final = 45.0
"""Three time constants after a sensor was first heard, 95 % of what it was before is gone."""

_NO_RISE_K: Final = 1e-6
"""None at all, where it is divided by."""

_LAG_S: Final = TAU_S + 1
_GAIN: Final = 1 / (1 + TAU_S)  # implicit Euler: stable whatever the constants are
_LITRES: Final = NVL72.coolant_l

FLOW_OFF: Final = 0.02
"""A flow meter may be so far off: magnetic and turbine meters are sold with 1 to 2 %."""

TEMPERATURE_OFF_K: Final = 0.2
"""A temperature sensor: class A of IEC 60751 has 0.15 K + 0.002 · t, 0.22 K at 35 °C."""

SHARE_OFF: Final = 0.03
"""The share of the power that goes into the liquid: 0.94 to 1.0 around ``LIQUID_SHARE``."""

_LIVE: Final = Freshness.LIVE

_tuple: Final = tuple.__new__  # the classes' own take three times as long


_NOBODY: Final = PointState(
    Point(PointId(""), "", "", EntityId(""), PublisherId(""))
)  # whom nobody hears


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


def read(sensors: Iterable[Sensor]) -> list[float | None]:
    """What each of several sensors reads now: as ``Sensor.now``, and in one go."""
    found: list[float | None] = []
    for each in sensors:
        state = each.state
        reads = None
        if state.freshness is _LIVE and not state.bad:
            value, errors = state.value, each.errors
            if (
                value is not None
                and each.low <= value <= each.high
                and not (errors and value in errors)
            ):
                reads = value * each.scale
        found.append(reads)
    return found


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


UNREAD: Final = Reads(None, None, None, None, ())
"""Before anybody looked."""


class Steady:
    """The heat balance of one rack, of smoothed readings; looked at once a second.

    Where a sensor is stale or bad it has no value, and starts anew when it is back.
    """

    __slots__ = (
        "_sensors",
        "at",
        "coolant",
        "flow",
        "lagged",
        "meters",
        "own",
        "power",
        "rack",
        "reads",
        "return_",
        "return_slope",
        "since",
        "supply",
        "supply_slope",
    )

    def __init__(self, rack: Entity, meters: Sequence[Entity], coolant: Coolant) -> None:
        self.rack = rack.id
        self.coolant = coolant
        self._sensors = [
            sensor_of(rack, "RackPower", "kW"),
            sensor_of(rack, "RackLiquidFlow", "LPM"),
            sensor_of(rack, "RackLiquidSupplyTemperature", "C"),
            sensor_of(rack, "RackLiquidReturnTemperature", "C"),
            *(sensor_of(meter, "ActivePower", "kW") for meter in meters),
        ]
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self.at = self.since = Instant(0)
        self.reads = UNREAD
        """What its sensors read when it was looked at last."""
        self.own: float | None = None
        """What the rack says that it draws, in kW."""
        self.meters: float | None = None
        """The sum of its meters, in kW."""
        self.power: float | None = None
        """The first of the two that is known."""
        self.lagged: float | None = None
        """The same, as late as the coolant brings it to the return sensor."""
        self.flow: float | None = None
        self.supply: float | None = None
        self.return_: float | None = None
        self.supply_slope = 0.0
        """In K/s."""
        self.return_slope = 0.0

    def sample(self, at: Instant) -> None:
        """Take in what the sensors read ``at``, ``EVERY`` after the last time."""
        if at - self.at != EVERY:
            self.forget()
            self.since = at
        self.at = at
        own, flow, supply, return_, *meters = read(self._sensors)
        self.reads = _tuple(Reads, (own, flow, supply, return_, meters))
        self._take_power(own, flow, meters)
        self.flow = _follow(self.flow, flow)
        self._take_warmth(supply, return_)
        if self.power is None or flow is None or supply is None or return_ is None:
            self.since = at

    def _take_power(
        self, own: float | None, flow: float | None, meters: Sequence[float | None]
    ) -> None:
        self.own = _follow(self.own, own)
        if meters:
            self.meters = _follow(self.meters, _sum(meters))
        self.power = power = self.meters if self.own is None else self.own
        if power is None or self.lagged is None or flow is None:
            self.lagged = power
        else:
            # Implicit Euler of the coolant's stay in the rack, litres by litres a second.
            self.lagged += max(0.0, flow) / (max(0.0, flow) + 60 * _LITRES) * (power - self.lagged)

    def _take_warmth(self, supply: float | None, return_: float | None) -> None:
        """As a first-order answer, with its slope.

        It lags a ramp by slope times its time constant, and by one step more.
        """
        cold, warm = self.supply, self.return_
        if cold is None or supply is None:
            self.supply, self.supply_slope = supply, 0.0
        else:
            off = supply - cold
            self.supply = cold + _GAIN * off
            self.supply_slope += _GAIN * (off / _LAG_S - self.supply_slope)
        if warm is None or return_ is None:
            self.return_, self.return_slope = return_, 0.0
        else:
            off = return_ - warm
            self.return_ = warm + _GAIN * off
            self.return_slope += _GAIN * (off / _LAG_S - self.return_slope)

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
        power, flow, supply, return_ = self.lagged, self.flow, self.supply, self.return_
        fresh = (power is not None) + (flow is not None) + (supply is not None)
        fresh += return_ is not None
        shown = expected = None
        off = 0.0
        if power is not None:
            expected = LIQUID_SHARE * power
        if flow is not None and supply is not None and return_ is not None:
            shown = heat_kw(flow, supply, return_, self.coolant)
            off = self._heat_off(return_ - supply, expected)
        return _tuple(
            Balance, (HEAT, self.rack, "kW", shown, expected, off, fresh, 4, self.at, False, ())
        )

    def _heat_off(self, rise: float, expected: float | None) -> float:
        """How far the heat may be off: what sensors may be, and what still moves.

        Kinds of error are added, not squared: they may all lie one way. Where little is drawn and
        little warms up, thermometers are off by more than there is.
        """
        if rise < LEAST_RISE_K:
            rise = max(rise, min(LEAST_RISE_K, self._rise_of(expected)))
        power, lagged = self.power, self.lagged
        moving = abs(power - lagged) / lagged if power is not None and lagged else 0.0
        drift = TAU_S * (abs(self.return_slope) + abs(self.supply_slope))
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


def sensor_of(entity: Entity | None, point_type: str, unit: str) -> Sensor:
    """Its first point of a type, as the views take it."""
    states = () if entity is None else entity.of_type(point_type)
    return Sensor(states[0] if states else None, unit)


def _sum(values: Iterable[float | None]) -> float | None:
    """What they are together; None unless all are known."""
    total = 0.0
    for each in values:
        if each is None:
            return None
        total += each
    return total


def _follow(smoothed: float | None, reads: float | None) -> float | None:
    if smoothed is None or reads is None:
        return reads
    return smoothed + _GAIN * (reads - smoothed)
