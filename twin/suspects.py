"""Suspects: which sensor of a rack lies, where the heat carried away and the power drawn disagree.

One balance alone says that something is wrong, not what. What breaks it is found by asking each
sensor in turn what it would have to read for the balance to close, and whether that fits the other
racks of the same coolant loop better than what it does read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

from twin.thermal import Coolant, heat_kw

LIQUID_SHARE: Final = 0.97
"""Of a rack's power that the liquid takes: 0.94 and 0.945 are published of GB200 trays and of
Frontier, 0.95 to 1.01 is what NVIDIA's recorded pod shows; the middle of both."""

HEAT_BOUND: Final = 0.08
"""Heat against power may be so far off: flow 2 %, two temperatures of 0.2 K in 10 K, the share."""

METER_BOUND: Final = 0.02
"""A rack's power against the sum of its meters: two class 1 meters (IEC 62053-21)."""

GPM: Final = 0.2642
"""Litres in US gallons: the ratio where a flow in gallons a minute is told as litres."""

PEERS: Final = 3
"""Fewer other racks say nothing about what is usual."""

CLEAR: Final = 1.0
"""By how many usual spreads the implied value must fit better, to name a sensor."""


class Sensor(StrEnum):
    """What may lie; the contract's point types, but for the meters, which are several."""

    POWER = "RackPower"
    FLOW = "RackLiquidFlow"
    SUPPLY = "RackLiquidSupplyTemperature"
    RETURN = "RackLiquidReturnTemperature"
    METERS = "ActivePower"


_SPREAD: Final[Mapping[Sensor, tuple[float, float]]] = {  # at least: absolute, and of the median
    Sensor.POWER: (0.0, 0.15),
    Sensor.FLOW: (0.0, 0.03),
    Sensor.SUPPLY: (0.5, 0.0),
    Sensor.RETURN: (1.5, 0.0),
}


@dataclass(frozen=True, slots=True)
class Readings:
    """What a rack's sensors read at one time, all of them the truth of now as far as they say."""

    power_kw: float
    flow_lpm: float
    supply_c: float
    return_c: float
    coolant: Coolant
    meters_kw: float | None = None
    """Sum of its meters; None where they are not all known."""

    @property
    def heat_kw(self) -> float:
        """Heat that the liquid carries away."""
        return heat_kw(self.flow_lpm, self.supply_c, self.return_c, self.coolant)

    def of(self, sensor: Sensor) -> float:
        """What one sensor reads; the sum of the meters is not one."""
        return {
            Sensor.POWER: self.power_kw,
            Sensor.FLOW: self.flow_lpm,
            Sensor.SUPPLY: self.supply_c,
            Sensor.RETURN: self.return_c,
        }[sensor]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A balance that does not close, and what is to blame."""

    ratio: float
    """Of the two sides; 1 is closed."""
    suspect: Sensor | None
    """None where more than one sensor explains it as well."""
    implied: float | None
    """What the suspect would read if the balance closed."""


def heat_ratio(readings: Readings, power_kw: float) -> float:
    """Heat carried away against the share of ``power_kw`` that goes into the liquid."""
    return readings.heat_kw / (LIQUID_SHARE * power_kw)


def judge_meters(readings: Readings) -> Verdict | None:
    """Whether a rack and its meters disagree; heat is the witness that says who is right."""
    meters = readings.meters_kw
    if meters is None or meters <= 0 or readings.power_kw <= 0:
        return None
    ratio = meters / readings.power_kw
    if abs(ratio - 1) <= METER_BOUND:
        return None
    by_rack = abs(heat_ratio(readings, readings.power_kw) - 1)
    by_meters = abs(heat_ratio(readings, meters) - 1)
    if min(by_rack, by_meters) > HEAT_BOUND:
        return Verdict(ratio, None, None)  # the witness cannot be trusted either
    if by_meters < by_rack:
        return Verdict(ratio, Sensor.POWER, meters)
    return Verdict(ratio, Sensor.METERS, readings.power_kw)


def judge_heat(readings: Readings, peers: Sequence[Readings]) -> Verdict | None:
    """Whether heat and power of a rack disagree, and which of its sensors is to blame.

    Args:
        readings: Of the rack.
        peers: Of other racks on the same loop.
    """
    if readings.power_kw <= 0:
        return None
    ratio = heat_ratio(readings, readings.power_kw)
    if abs(ratio - 1) <= HEAT_BOUND:
        return None
    meters = judge_meters(readings)
    if meters is not None:  # the power itself is in doubt
        by_meters = meters.suspect is Sensor.POWER
        return Verdict(ratio, meters.suspect if by_meters else None, meters.implied)
    return _judge_by_peers(readings, ratio, peers)


def _judge_by_peers(readings: Readings, ratio: float, peers: Sequence[Readings]) -> Verdict:
    implied = _implied(readings, ratio)
    if readings.meters_kw is not None:
        implied.pop(Sensor.POWER, None)  # its meters bear it out
    if len(peers) < PEERS or not implied:
        return Verdict(ratio, None, None)
    gains = {sensor: _gain(sensor, readings, value, peers) for sensor, value in implied.items()}
    best = max(gains, key=gains.__getitem__)
    named = gains[best] > CLEAR
    return Verdict(ratio, best if named else None, implied[best] if named else None)


def in_gallons(ratio: float) -> bool:
    """Whether a heat ratio is that of a flow in US gallons told as litres."""
    return abs(ratio / GPM - 1) <= HEAT_BOUND


def _implied(readings: Readings, ratio: float) -> dict[Sensor, float]:
    """What each sensor would read if it alone were wrong."""
    if ratio == 0:
        return {}  # nothing flows or nothing warms up: no one reading tells what it should be
    rise = (readings.return_c - readings.supply_c) / ratio
    implied = {
        Sensor.SUPPLY: readings.return_c - rise,
        Sensor.RETURN: readings.supply_c + rise,
    }
    if ratio > 0:  # else heat flows backwards, which only a temperature explains
        implied |= {
            Sensor.FLOW: readings.flow_lpm / ratio,
            Sensor.POWER: readings.power_kw * ratio,
        }
    return implied


def _gain(sensor: Sensor, readings: Readings, implied: float, peers: Sequence[Readings]) -> float:
    """By how many usual spreads the implied value lies nearer to the peers than the read one."""
    values = [peer.of(sensor) for peer in peers]
    middle = median(values)
    absolute, relative = _SPREAD[sensor]
    usual = 1.4826 * median(abs(value - middle) for value in values)  # of a normal spread's MAD
    spread = max(usual, absolute, relative * abs(middle))
    return (abs(readings.of(sensor) - middle) - abs(implied - middle)) / spread
