"""Liquid: what flows through the racks, the heat it takes, and the power they may draw by it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.simulate.lag import REACH, lag
from services.simulate.noise import Array, Noise, Whole
from twin.thermal import Coolant, heat_kw

SETTLING: Final = 3 * REACH
"""Rows at the start that do not count yet: three lags stand behind one another."""

LIQUID_SHARE: Final = 0.97
"""Of a rack's power: the rest goes into the air."""

SUPPLY_C: Final = 32.0
LPM_PER_KW: Final = 1.5
LEAST_LPM: Final = 60.0
HOTTEST_K: Final = 38.0
"""Rise of the coolant at which racks throttle themselves."""

_VALVE_S, _THROTTLE_S, _SENSOR_S = 10.0, 8.0, 12.0
_TABLE_C: Final = (20.0, 25.0, 30.0, 35.0, 40.0, 45.0)
_TABLE_KW: Final = tuple(heat_kw(1.0, c - 0.5, c + 0.5, Coolant.PG25) for c in _TABLE_C)


@dataclass(frozen=True, slots=True)
class Liquid:
    """The secondary side, each second (down) for each rack or row (across)."""

    row_of: Whole
    """The row of each rack."""
    pumps: Array
    """What the pumps of each row bring, 0 to 1."""
    supply_c: Array
    """Of each row's CDU."""
    warmer_k: Array
    """By how much the facility's water comes too warm to it."""
    inlet_c: Array
    """Of each rack, as are all below."""
    outlet_c: Array
    """As the sensor sees it, which takes its time."""
    wanted_lpm: Array
    flow_lpm: Array
    heat_kw: Array
    power_kw: Array
    """What is drawn in the end, throttled where the coolant cannot take the heat."""


def circulate(
    noise: Noise,
    rows: tuple[int, ...],
    demand: Array,
    pumps: Array,
    seconds: Whole,
    warmer_k: Array | None = None,
) -> Liquid:
    """Cool racks that would draw ``demand`` kW with what the ``pumps`` of their rows bring.

    The valves hold a flow for each kW; where it is missing the coolant gets hotter, and soon the
    racks throttle themselves to what it can take. Where the facility's water comes ``warmer_k``
    too warm, valves that are open already cannot help it, and all that follows is warmer.
    """
    warmer = np.zeros_like(pumps) if warmer_k is None else warmer_k
    row_of = np.repeat(np.arange(len(rows)), rows)
    supply = SUPPLY_C + 0.15 * noise.wander("supply", np.arange(len(rows)), seconds, 180) + warmer
    inlet = supply[:, row_of] + 0.1 + 0.4 * noise.uniform("pipe", np.arange(len(row_of)))
    wanted = lag(np.maximum(LEAST_LPM, LPM_PER_KW * demand), _VALVE_S)
    flow = wanted * pumps[:, row_of]
    most = conductance(inlet + HOTTEST_K / 2) * flow * HOTTEST_K
    power = np.minimum(demand, lag(most, _THROTTLE_S) / LIQUID_SHARE)
    heat = np.minimum(power * LIQUID_SHARE, most)
    return Liquid(
        row_of=row_of,
        pumps=pumps,
        supply_c=supply,
        warmer_k=warmer,
        inlet_c=inlet,
        outlet_c=lag(inlet + _rise_k(heat, flow, inlet), _SENSOR_S),
        wanted_lpm=wanted,
        flow_lpm=flow,
        heat_kw=heat,
        power_kw=power,
    )


def conductance(mean_c: Array) -> Array:
    """Heat in kW that an LPM of PG25 takes for each kelvin, at a mean temperature."""
    return np.interp(mean_c, _TABLE_C, _TABLE_KW)


def _rise_k(heat: Array, flow: Array, inlet_c: Array) -> Array:
    rise = heat / (flow * conductance(inlet_c))
    for _ in range(2):  # the properties belong to the mean temperature, which this settles
        rise = heat / (flow * conductance(inlet_c + rise / 2))
    return rise
