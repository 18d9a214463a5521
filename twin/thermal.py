"""Cooling of a rack: what the liquid brings, takes away, and how that fits the power drawn."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from twin.entities import Entity
from twin.measured import Measured, derive


class Coolant(StrEnum):
    """What flows through the racks."""

    WATER = "water"
    PG25 = "pg25"


_SUPPLY: Final = "RackLiquidSupplyTemperature"
_RETURN: Final = "RackLiquidReturnTemperature"
_FLOW: Final = "RackLiquidFlow"

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
class Thermal:
    """The liquid side of a rack."""

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


def thermal_of(rack: Entity, load: Measured, coolant: Coolant) -> Thermal:
    """The liquid side of ``rack``, which draws ``load`` in kW and is cooled by ``coolant``."""
    supply = rack.measure(_SUPPLY, "C")
    return_ = rack.measure(_RETURN, "C")
    flow = rack.measure(_FLOW, "LPM")
    heat = derive("kW", (flow, supply, return_), lambda f, s, r: heat_kw(f, s, r, coolant))
    return Thermal(
        supply=supply,
        return_=return_,
        delta_t=derive("K", (return_, supply), lambda r, s: r - s),
        flow=flow,
        flow_per_kw=derive("LPM/kW", (flow, load), _ratio),
        dp=rack.measure("RackLiquidDifferentialPressure", "kPa"),
        dp_setpoint=rack.measure("RackLiquidDifferentialPressureSp", "kPa"),
        valve=rack.measure("RackControlValvePosition", "%"),
        heat=heat,
        heat_ratio=derive("", (heat, load), _ratio),
        coolant=coolant,
        cooled=all(map(rack.of_type, (_SUPPLY, _RETURN, _FLOW))),
    )


def heat_kw(flow_lpm: float, supply_c: float, return_c: float, coolant: Coolant) -> float:
    """Heat that a flow carries away, with the coolant's properties at its mean temperature.

    It is volume flow times density times heat capacity times the rise of temperature: near 37 °C
    0.0692 kW per LPM and kelvin of water, 0.0670 of PG25.
    """
    mean_c = (supply_c + return_c) / 2
    density = at_temperature(_DENSITY[coolant], mean_c)
    capacity = at_temperature(_HEAT_CAPACITY[coolant], mean_c)
    return flow_lpm / 60_000 * density * capacity * (return_c - supply_c)


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


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
