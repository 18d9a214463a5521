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
_NOTHING: Final = 1e-9  # what stands where there is nothing to divide by

Shown = dict[str, Array]


def meter_gauges(
    noise: Noise, rows: tuple[int, ...], power_kw: Array, seconds: Whole, live: Array | None = None
) -> tuple[Shown, Shown]:
    """Taps and busways, side A before side B, for racks that draw ``power_kw``.

    Where a tap is not ``live``, 0 in place of 1, its sister carries all that the rack draws.
    """
    sizes = np.array(rows * 2)
    taps, busways = np.arange(2 * power_kw.shape[1]), np.arange(len(sizes))
    busway_of = np.repeat(busways, sizes)
    share = 0.5 + 0.04 * (noise.uniform("side share", taps[: power_kw.shape[1]]) - 0.5)
    on = np.ones((len(seconds), len(taps))) if live is None else live
    first, second = np.split(on * np.concatenate((share, 1 - share)), 2, axis=1)
    first, second = (each / np.maximum(first + second, _NOTHING) for each in (first, second))
    active = np.concatenate((power_kw * first, power_kw * second), axis=1)
    apparent = active / (0.984 + 0.004 * noise.uniform("factor", taps))
    volts = _NOMINAL_V + noise.wander("volts", busways, seconds, 240)
    hertz = _NOMINAL_HZ + 0.015 * noise.wander("hertz", busways[:1], seconds, 60)
    lean = 0.015 * np.array([noise.white(f"lean {k}", taps, seconds[:1] * 0)[0] for k in (0, 1)])
    tap = _meter(active, apparent, volts[:, busway_of] - _DROP_V, lean)
    tap["voltage"] = tap["voltage"] * on
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
        "factor": active / np.maximum(apparent, _NOTHING),
        "voltage": volts,
        "current": amps,
        "phase A": amps * (1 + first),
        "phase B": amps * (1 + second),
        "phase C": amps * (1 - first - second),
    }
