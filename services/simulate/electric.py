"""Electric: what the meters of taps and busways show of the power that racks draw."""

from math import sqrt
from typing import Final

import numpy as np

from services.simulate.noise import Array, Noise, Whole

LIMIT_A: Final = 250.0
"""Of a tap; a busway may carry as much for each of its racks."""

_NOMINAL_V: Final = 415.0
_DROP_V: Final = 0.3
_NOMINAL_HZ: Final = 60.0
_LOSS: Final = 0.0015  # of what a busway carries, on the way to its taps
_ROOT_3: Final = sqrt(3)

Shown = dict[str, Array]


def meter_gauges(
    noise: Noise, rows: tuple[int, ...], power_kw: Array, seconds: Whole
) -> tuple[Shown, Shown]:
    """Taps and busways, side A before side B, for racks that draw ``power_kw``."""
    sizes = np.array(rows * 2)
    taps, busways = np.arange(2 * power_kw.shape[1]), np.arange(len(sizes))
    busway_of = np.repeat(busways, sizes)
    share = 0.5 + 0.04 * (noise.uniform("side share", taps[: power_kw.shape[1]]) - 0.5)
    active = np.concatenate((power_kw * share, power_kw * (1 - share)), axis=1)
    apparent = active / (0.984 + 0.004 * noise.uniform("factor", taps))
    volts = _NOMINAL_V + noise.wander("volts", busways, seconds, 240)
    hertz = _NOMINAL_HZ + 0.015 * noise.wander("hertz", busways[:1], seconds, 60)
    lean = 0.015 * np.array([noise.white(f"lean {k}", taps, seconds[:1] * 0)[0] for k in (0, 1)])
    tap = _meter(active, apparent, volts[:, busway_of] - _DROP_V, lean)
    starts = np.cumsum(sizes) - sizes
    active, apparent = (
        np.add.reduceat(each, starts, axis=1) * (1 + _LOSS) for each in (active, apparent)
    )
    busway = _meter(active, apparent, volts, lean[:, busways] / 4)
    for shown in (tap, busway):
        shown["frequency"] = np.broadcast_to(hertz, shown["voltage"].shape)
    tap["limit"] = np.full_like(tap["voltage"], LIMIT_A)
    busway["limit"] = np.broadcast_to(LIMIT_A * sizes, volts.shape)
    return tap, busway


def _meter(active: Array, apparent: Array, volts: Array, lean: Array) -> Shown:
    """Meters that agree with themselves: P = √3 · V · I · PF, and the phases' mean is I."""
    amps = apparent * 1000 / (_ROOT_3 * volts)
    first, second = lean
    return {
        "active": active,
        "apparent": apparent,
        "factor": active / apparent,
        "voltage": volts,
        "current": amps,
        "phase A": amps * (1 + first),
        "phase B": amps * (1 + second),
        "phase C": amps * (1 - first - second),
    }
