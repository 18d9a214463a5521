"""Load: what racks would draw, idle between jobs or training, before anything limits them."""

from typing import Final

import numpy as np

from services.simulate.noise import Array, Noise, Whole, smoothstep

IDLE_KW: Final = (64.0, 68.0)
TRAIN_KW: Final = (106.0, 130.0)
_TRAIN_SHARE: Final = 0.65
_JOB: Final = 8  # racks that work on one job
_SLOT_S: Final = 1200
_RAMP_S: Final = 240
_WANDER_KW: Final = 0.8
_JITTER_KW: Final = 0.03


def demand_kw(noise: Noise, racks: int, seconds: Whole) -> Array:
    """What each rack (across) would draw at each second (down)."""
    lanes = np.arange(racks)
    jobs = lanes // _JOB
    job = _phase_kw(noise, np.arange(jobs[-1] + 1), seconds)[:, jobs]
    uneven = 1 - 0.02 * noise.uniform("rack share", lanes)
    wander = _WANDER_KW * noise.wander("load wander", lanes, seconds, 90)
    return job * uneven + wander + _JITTER_KW * noise.white("load jitter", lanes, seconds)


def _phase_kw(noise: Noise, jobs: Whole, seconds: Whole) -> Array:
    """The level of each job's present slot, reached by a ramp from that of the one before."""
    shift = (noise.uniform("job shift", jobs) * _SLOT_S).astype(np.int64)
    slots, within = np.divmod(seconds + shift, _SLOT_S)
    before, now = (_level_kw(noise, jobs, slots + k) for k in (-1, 0))
    return before + (now - before) * smoothstep(within / _RAMP_S)


def _level_kw(noise: Noise, jobs: Whole, slots: Whole) -> Array:
    depth = noise.uniform("job depth", jobs, slots)
    idle, train = (low + (high - low) * depth for low, high in (IDLE_KW, TRAIN_KW))
    return np.where(noise.uniform("job kind", jobs, slots) < _TRAIN_SHARE, train, idle)
