"""Cooling of a rack: what the liquid brings, takes away, and how that fits the power drawn."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from math import inf
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.measured import Measured, derive, nothing


class Coolant(StrEnum):
    """What flows through the racks."""

    WATER = "water"
    PG25 = "pg25"


_SUPPLY: Final = "RackLiquidSupplyTemperature"
_RETURN: Final = "RackLiquidReturnTemperature"
_FLOW: Final = "RackLiquidFlow"

LEAST_RISE_K: Final = 1.0
"""A smaller rise says nothing of heat: no rack that works has it."""
_AT_C: Final = 30.0
"""At which it is reckoned by how much a flow warms up; it hardly depends on it."""

_ROUNDS: Final = 6
"""Until a return temperature is exact to the last digit."""

_TEMPERATURES_C: Final = (20.0, 25.0, 30.0, 35.0, 40.0, 45.0)

_HEAT_CAPACITY: Final = {  # kJ/(kg·K) at the temperatures above
    Coolant.PG25: (3.91, 3.92, 3.94, 3.95, 3.96, 3.97),  # Airedale, 25 % propylene glycol
    Coolant.WATER: (4.18, 4.18, 4.18, 4.18, 4.18, 4.18),  # standard tables of water
}
_DENSITY: Final = {  # kg/m³ at the temperatures above
    Coolant.PG25: (1023.7, 1021.5, 1019.2, 1016.8, 1014.3, 1011.6),  # Airedale
    Coolant.WATER: (998.2, 997.0, 995.6, 994.0, 992.2, 990.2),  # standard tables of water
}


@dataclass(frozen=True, slots=True)
class Loop:
    """What the CDUs of a rack say of the loop that it hangs on."""

    supply_setpoint: Measured
    flow: Measured
    capacity_kw: float | None = None
    """What they can carry away together, where that is written down of each."""


NO_LOOP: Final = Loop(nothing("C"), nothing("LPM"))


@dataclass(frozen=True, slots=True)
class Design:
    """How a rack is built, as far as it decides how long it lives without flow.

    Power and cold plate are those of makers' pages: orders of magnitude. The limits are the
    critical ones of gadgetini's ``threshold.md`` for a GPU and for the coolant that leaves.
    """

    rated_kw: float = 132.0
    """What it draws with all its packages at ``package_w``: a GB300 NVL72."""
    package_w: float = 1400.0
    """One GB300 package."""
    plate_k_per_w: float = 0.03
    """From package to coolant: cold plates are sold as below 0.03 K/W."""
    package_j_per_k: float = 450.0
    """Half to one kilogram of copper with its package: 300 to 600, an assumption."""
    package_limit_c: float = 90.0
    """Critical: 18 K above a package at full power on coolant of 30 °C."""
    coolant_l: float = 30.0
    """In the rack: 20 to 40, an assumption, for nobody publishes it."""
    return_limit_c: float = 65.0
    """Critical for the coolant that leaves."""


NVL72: Final = Design()


@dataclass(frozen=True, slots=True)
class Thermal:
    """The liquid side of a rack."""

    load: Measured
    """What the rack draws, in kW."""
    supply: Measured
    return_: Measured
    delta_t: Measured
    flow: Measured
    flow_per_kw: Measured
    dp: Measured
    dp_setpoint: Measured
    valve: Measured
    heat: Measured
    heat_ratio: Measured
    coolant: Coolant
    cooled: bool
    """Whether the rack has what its heat is computed from, heard or not."""
    loop: Loop
    design: Design

    @property
    def approach(self) -> Measured:
        """How far the supply is above the set-point of its CDU."""
        return derive("K", (self.supply, self.loop.supply_setpoint), lambda s, sp: s - sp)

    @property
    def flow_share(self) -> Measured:
        """The rack's part of the flow that its CDUs say they send, 0 to 1."""
        return derive("", (self.flow, self.loop.flow), _ratio)

    @property
    def capacity_share(self) -> Measured:
        """The rack's part of what its CDUs can carry away, 0 to 1, where that is written."""
        capacity_kw = self.loop.capacity_kw
        if not capacity_kw:
            return nothing("")
        return derive("", (self.heat,), lambda kw: kw / capacity_kw)

    @property
    def liquid_share(self) -> Measured:
        """The part of its heat that the liquid carries, 0 to 1; the air takes the rest.

        By design it is 0.94 (compute tray of a GB200) to 0.945 (RAPS, Frontier).
        """
        return derive("", (self.heat_ratio,), lambda ratio: min(max(ratio, 0.0), 1.0))

    @property
    def ride_through(self) -> Measured:
        """How long the rack would last if its flow stopped now, in s; see ``ride_through_s``."""
        formula = partial(_ride_through_s, coolant=self.coolant, design=self.design)
        return derive("s", (self.load, self.supply, self.return_), formula)


class Liquid(NamedTuple):
    """What the liquid brings to a rack, and takes away."""

    supply: Measured
    return_: Measured
    delta_t: Measured
    flow: Measured
    heat: Measured


def liquid_of(rack: Entity, coolant: Coolant) -> Liquid:
    """What ``coolant`` brings to ``rack``, and takes away."""
    supply = rack.measure(_SUPPLY, "C")
    return_ = rack.measure(_RETURN, "C")
    flow = rack.measure(_FLOW, "LPM")
    delta_t = derive("K", (return_, supply), _rise)
    return Liquid(supply, return_, delta_t, flow, heat_of(flow, supply, return_, coolant))


def is_cooled(rack: Entity) -> bool:
    """Whether a rack has what its heat is computed from, heard or not."""
    return all(map(rack.of_type, (_SUPPLY, _RETURN, _FLOW)))


def heat_ratio_of(heat: Measured, load: Measured) -> Measured:
    """Heat carried away per power drawn."""
    return derive("", (heat, load), _ratio)


def thermal_of(
    rack: Entity,
    load: Measured,
    coolant: Coolant,
    loop: Loop = NO_LOOP,
    design: Design = NVL72,
) -> Thermal:
    """The liquid side of ``rack``, which draws ``load`` in kW and is cooled by ``coolant``."""
    supply, return_, delta_t, flow, heat = liquid_of(rack, coolant)
    return Thermal(
        load=load,
        supply=supply,
        return_=return_,
        delta_t=delta_t,
        flow=flow,
        flow_per_kw=derive("LPM/kW", (flow, load), _ratio),
        dp=rack.measure("RackLiquidDifferentialPressure", "kPa"),
        dp_setpoint=rack.measure("RackLiquidDifferentialPressureSp", "kPa"),
        valve=rack.measure("RackControlValvePosition", "%"),
        heat=heat,
        heat_ratio=heat_ratio_of(heat, load),
        coolant=coolant,
        cooled=is_cooled(rack),
        loop=loop,
        design=design,
    )


def heat_ratios(thermal: Thermal) -> dict[Coolant, Measured]:
    """Heat carried away per power drawn, for every coolant that there might be in the loop."""
    flows = thermal.flow, thermal.supply, thermal.return_
    return {coolant: heat_ratio_of(heat_of(*flows, coolant), thermal.load) for coolant in Coolant}


def heat_of(flow: Measured, supply: Measured, return_: Measured, coolant: Coolant) -> Measured:
    """The heat that a measured flow carries away, in kW."""
    return derive("kW", (flow, supply, return_), lambda f, s, r: heat_kw(f, s, r, coolant))


def heat_kw(flow_lpm: float, supply_c: float, return_c: float, coolant: Coolant) -> float:
    """Heat that a flow carries away, with the coolant's properties at its mean temperature.

    It is volume flow times density times heat capacity times the rise of temperature: near 37 °C
    0.0692 kW per LPM and kelvin of water, 0.0670 of PG25.
    """
    per_litre = _kj_per_litre((supply_c + return_c) / 2, coolant)
    return flow_lpm / 60 * per_litre * (return_c - supply_c)


def kw_for_rise(flow_lpm: float, rise_k: float, coolant: Coolant) -> float:
    """About how much heat warms a flow up by so much."""
    return heat_kw(flow_lpm, _AT_C, _AT_C + rise_k, coolant)


def warmed_c(heat: float, flow_lpm: float, supply_c: float, coolant: Coolant) -> float | None:
    """How warm a flow comes back that takes up this heat: ``heat_kw`` the other way round.

    It is supply + heat / (flow · density · heat capacity), with the coolant's properties at the
    mean of both: found by putting the result in again, which gains three digits a time, for they
    change by less than a thousandth a kelvin. None where nothing flows.
    """
    warm = supply_c
    for _ in range(_ROUNDS):
        takes = flow_lpm / 60 * _kj_per_litre((supply_c + warm) / 2, coolant)
        if takes <= 0:
            return None
        warm = supply_c + heat / takes
    return warm


def ride_through_s(
    load_kw: float, supply_c: float, return_c: float, coolant: Coolant, design: Design = NVL72
) -> float:
    """Seconds from a sudden loss of all flow to the first critical limit, at a constant load.

    Two things warm up, and what is hot first counts. Both are first order with nothing carried
    away: short by what metal and still liquid take up beside, so that it errs on the safe side.

    - A package: it starts at ``supply + R · P`` and warms by ``P / C``. With R = 0.03 K/W and
      C = 300 to 600 J/K, 1.4 kW is 42 K above the coolant and gains 2.3 to 4.7 K a second: 18 K are
      gone in 4 to 8 s. Makers say that GPUs throttle 5 to 10 s after the flow stops.
    - The coolant in the rack: it starts at ``return`` and warms by the load over its volume,
      density and heat capacity.

    Packages share the load evenly: at ``design.rated_kw`` each one draws ``design.package_w``.
    No load lasts forever.
    """
    package_w = design.package_w * load_kw / design.rated_kw
    package_c = supply_c + design.plate_k_per_w * package_w
    stored = design.coolant_l * _kj_per_litre(return_c, coolant)
    return min(
        time_to_limit_s(design.package_limit_c - package_c, package_w / design.package_j_per_k),
        time_to_limit_s(design.return_limit_c - return_c, load_kw / stored),
    )


def time_to_limit_s(margin: float, closing: float) -> float:
    """Seconds until a margin is gone that shrinks by ``closing`` a second.

    Nothing where it is gone already, forever where it does not shrink. For a limit above, the
    margin is the limit less the value and ``closing`` the slope; for one below, both the other way.
    """
    if margin <= 0:
        return 0.0
    return margin / closing if closing > 0 else inf


def at_temperature(table: tuple[float, ...], celsius: float) -> float:
    """A property of the table above at a temperature: linear inside, its end outside."""
    if celsius <= _TEMPERATURES_C[0]:
        return table[0]
    if celsius >= _TEMPERATURES_C[-1]:
        return table[-1]
    right = bisect_right(_TEMPERATURES_C, celsius)
    low, high = _TEMPERATURES_C[right - 1], _TEMPERATURES_C[right]
    share = (celsius - low) / (high - low)
    return table[right - 1] + share * (table[right] - table[right - 1])


def _kj_per_litre(celsius: float, coolant: Coolant) -> float:
    """What a litre takes up for each kelvin."""
    density = at_temperature(_DENSITY[coolant], celsius)
    return density / 1000 * at_temperature(_HEAT_CAPACITY[coolant], celsius)


def _ride_through_s(
    load: float, supply: float, return_: float, *, coolant: Coolant, design: Design
) -> float | None:
    lasts = ride_through_s(load, supply, return_, coolant, design)
    return lasts if lasts < inf else None


def _rise(return_c: float, supply_c: float) -> float:
    return return_c - supply_c


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
