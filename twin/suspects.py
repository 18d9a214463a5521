"""Suspects: which sensor of a rack lies, where the heat carried away and the power drawn disagree.

One balance alone says that something is wrong, not what. What breaks it is found by asking each
sensor in turn what it would have to read for the balance to close, and whether that fits the other
racks of the same coolant loop better than what it does read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import sqrt
from statistics import fmean
from typing import Final, NamedTuple

from twin.misread import misread
from twin.thermal import Coolant, heat_kw
from twin.witness import Expected, bears_out

LIQUID_SHARE: Final = 0.97
"""Of a rack's power that the liquid takes: 0.94 and 0.945 are published of GB200 trays and of
Frontier, 0.95 to 1.01 is what NVIDIA's recorded pod shows; the middle of both."""

HEAT_BOUND: Final = 0.08
"""Heat against power may be so far off: flow 2 %, two temperatures of 0.2 K in 10 K, the share."""

METER_BOUND: Final = 0.02
"""A rack's power against the sum of its meters: two class 1 meters (IEC 62053-21)."""

PEERS: Final = 3
"""Fewer other racks say nothing about what is usual."""

CLEAR: Final = 1.0
"""By how many usual spreads a sensor must explain it better than any other, to be named."""


class Sensor(StrEnum):
    """What may lie; the contract's point types, but for the meters, which are several."""

    POWER = "RackPower"
    FLOW = "RackLiquidFlow"
    SUPPLY = "RackLiquidSupplyTemperature"
    RETURN = "RackLiquidReturnTemperature"
    METERS = "ActivePower"


UNITS: Final[Mapping[Sensor, str]] = {
    Sensor.POWER: "kW",
    Sensor.FLOW: "LPM",
    Sensor.SUPPLY: "C",
    Sensor.RETURN: "C",
    Sensor.METERS: "kW",
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

    def corrected(self, sensor: Sensor, value: float) -> "Readings":
        """The same, were one sensor to read ``value``."""
        return replace(
            self,
            power_kw=value if sensor is Sensor.POWER else self.power_kw,
            flow_lpm=value if sensor is Sensor.FLOW else self.flow_lpm,
            supply_c=value if sensor is Sensor.SUPPLY else self.supply_c,
            return_c=value if sensor is Sensor.RETURN else self.return_c,
        )


class _Trait(NamedTuple):
    """Something in which racks of one loop are alike, more or less as the loop is run."""

    of: Callable[[Readings], float]
    absolute: float = 0.0
    """They are taken to differ by so much at least …"""
    relative: float = 0.0
    """… and by this part of their mean."""


_TRAITS: Final = (  # either flow or flow per kW is alike, as valves hold the one or the other
    _Trait(lambda r: r.flow_lpm, relative=0.03),
    _Trait(lambda r: r.flow_lpm / r.power_kw, relative=0.03),
    _Trait(lambda r: r.supply_c, absolute=0.5),
    _Trait(lambda r: r.return_c, absolute=1.5),
    _Trait(lambda r: r.power_kw, relative=0.15),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A balance that does not close, and what is to blame."""

    ratio: float
    """Of the two sides; 1 is closed."""
    suspect: Sensor | None
    """None where more than one sensor explains it as well."""
    implied: float | None
    """What the suspect would read if the balance closed."""
    misread: str | None = None
    """What makes just that of the truth, where it is a usual mistake, as gallons told as litres."""


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


def heat_expects(readings: Readings) -> Expected | None:
    """What the heat carried away makes of a rack's power; None where it says nothing.

    A reading that is too low is off for this as soon as it is for ``judge_heat``.
    """
    if readings.heat_kw <= 0:
        return None
    kw = readings.heat_kw / LIQUID_SHARE
    return Expected(kw, HEAT_BOUND / (1 + HEAT_BOUND) * kw)


def judge_heat(
    readings: Readings, peers: Sequence[Readings], words: Sequence[Expected] = ()
) -> Verdict | None:
    """Whether heat and power of a rack disagree, and which of its sensors is to blame.

    Where others know the power, they say whether it is that. Else, and among the other sensors, it
    is the one that makes the rack most like its peers.

    Args:
        readings: Of the rack.
        peers: Of other racks on the same loop.
        words: What the meters that it hangs on, and all else that they serve, make of its power.
    """
    if readings.power_kw <= 0:
        return None
    if _balances(readings):
        return None
    ratio = heat_ratio(readings, readings.power_kw)
    implied = _implied(readings, ratio)
    if readings.meters_kw is not None and readings.meters_kw > 0:
        own = Expected(readings.meters_kw, METER_BOUND * readings.meters_kw)
        words = (*words, own)
    power = implied.get(Sensor.POWER, 0.0)
    off = HEAT_BOUND * power
    lies = bears_out(readings.power_kw, power, words, off)
    if lies:
        told = (word.kw for word in words if not word.agrees(readings.power_kw))
        return _verdict(readings, ratio, Sensor.POWER, min(told, key=lambda kw: abs(kw - power)))
    if lies is False:
        implied.pop(Sensor.POWER, None)
    suspect = _unlike(readings, implied, peers)
    return _verdict(readings, ratio, suspect, None if suspect is None else implied[suspect])


def _verdict(
    readings: Readings, ratio: float, suspect: Sensor | None, implied: float | None
) -> Verdict:
    if suspect is None or implied is None:
        flow = misread(ratio, 1.0, UNITS[Sensor.FLOW])  # of a whole loop, its peers do not tell
        return Verdict(ratio, None, None, flow)
    told_as = misread(readings.of(suspect), implied, UNITS[suspect])
    return Verdict(ratio, suspect, implied, told_as)


def _unlike(
    readings: Readings, implied: Mapping[Sensor, float], peers: Sequence[Readings]
) -> Sensor | None:
    """The sensor whose lie would explain it clearly best; None where that is not clear.

    Were it corrected, and the others true, the rack would be most like its peers. Peers that do
    not balance themselves are no witness: what a whole loop has in common is no sensor's lie.
    """
    peers = [each for each in peers if _balances(each)]
    if len(peers) < PEERS or not implied:
        return None
    as_true = [(_oddity(readings.corrected(s, v), peers), s) for s, v in implied.items()]
    (least, suspect), (next_, _) = sorted(as_true)[:2]
    return suspect if next_ - least > CLEAR else None


def _balances(readings: Readings) -> bool:
    power = readings.power_kw
    return power > 0 and abs(heat_ratio(readings, power) - 1) <= HEAT_BOUND


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


def _oddity(readings: Readings, peers: Sequence[Readings]) -> float:
    """By how many usual spreads a rack is unlike its peers, in all that they may have in common."""
    odd = 0.0
    for trait in _TRAITS:
        values = [trait.of(peer) for peer in peers]
        middle = fmean(values)
        usual = sqrt(fmean((value - middle) ** 2 for value in values))
        spread = max(usual, trait.absolute, trait.relative * abs(middle))
        odd += abs(trait.of(readings) - middle) / spread
    return odd
