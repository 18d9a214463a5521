"""Cooling: what the gauges on the liquid side of racks and CDUs show."""

from typing import Final

import numpy as np

from services.simulate.liquid import SUPPLY_C, Liquid
from services.simulate.noise import Array, Noise, Whole
from twin.thermal import Coolant, heat_kw

RACK_DP_KPA: Final = 80.0
DP_KPA: Final = 90.0
_SUPPLY_KPA: Final = 325.0
_VALVE_LPM: Final = 220.0  # through a rack's open valve at its set-point
_INLET_C: Final = 24.0
_PRIMARY_K: Final = 8.0
_PRIMARY_LPM: Final = 300.0  # for each rack, through an open primary valve
_STANDING: Final = 0.5  # where less is brought, the pumps stand and the liquid only drifts
_WATER_KW: Final = heat_kw(1.0, _INLET_C, _INLET_C + 1, Coolant.WATER)

Shown = dict[str, Array]


def rack_gauges(noise: Noise, liquid: Liquid, seconds: Whole) -> Shown:
    """The liquid side of every rack, each sensor with its own small noise."""
    lanes = np.arange(len(liquid.row_of))
    brought = liquid.pumps[:, liquid.row_of]

    def jitter(subject: str) -> Array:
        return noise.white(subject, lanes, seconds)

    return {
        "supply": liquid.inlet_c + 0.005 * jitter("supply sensor"),
        "return": liquid.outlet_c + 0.005 * jitter("return sensor"),
        "flow": liquid.flow_lpm * (1 + 0.002 * jitter("flow sensor")),
        "dp": RACK_DP_KPA * brought**2 + 0.08 * (1 + jitter("dp sensor")),
        "dp setpoint": np.full_like(brought, RACK_DP_KPA),
        "valve": np.minimum(100.0, liquid.wanted_lpm / brought / _VALVE_LPM * 100),
        "power": liquid.power_kw,
    }


def cdu_gauges(
    noise: Noise,
    liquid: Liquid,
    rows: tuple[int, ...],
    seconds: Whole,
    second_pump: Array | None = None,
) -> Shown:
    """Every CDU: on its secondary side the sum of its racks, on its primary side their heat.

    The first of its pumps runs and the other stands by, except where ``second_pump`` tells which
    part of the flow the other brings: head goes with the square of the speed.
    """
    sizes = np.array(rows)
    starts = np.cumsum(sizes) - sizes
    flow, heat, warm = (
        np.add.reduceat(each, starts, axis=1)
        for each in (liquid.flow_lpm, liquid.heat_kw, liquid.flow_lpm * liquid.outlet_c)
    )
    dp = DP_KPA * liquid.pumps**2
    jitter = noise.white("cdu dp sensor", np.arange(len(rows)), seconds)
    pressure = np.full_like(dp, _SUPPLY_KPA - DP_KPA)
    primary = heat / (_WATER_KW * _PRIMARY_K)
    speed = (30 + 60 * flow / (_VALVE_LPM * sizes)) * (liquid.pumps > _STANDING)
    second = np.zeros_like(dp) if second_pump is None else second_pump
    return {
        "supply": liquid.supply_c,
        "return": warm / flow,
        "supply setpoint": np.full_like(dp, SUPPLY_C),
        "dp": dp + 0.1 * (1 + jitter),
        "dp setpoint": np.full_like(dp, DP_KPA),
        "flow": flow,
        "supply pressure": pressure + dp,
        "return pressure": pressure,
        "pump 1": speed * np.sqrt(1 - second),
        "pump 2": speed * np.sqrt(second),
        "inlet": _INLET_C + liquid.warmer_k,
        "outlet": _INLET_C + liquid.warmer_k + _PRIMARY_K,
        "primary flow": primary,
        "valve": primary / (_PRIMARY_LPM * sizes) * 100,
    }
