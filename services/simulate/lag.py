"""Lag: how a sensor, a valve or a body of metal comes after what drives it."""

from itertools import accumulate, repeat
from operator import mul
from typing import Final

import numpy as np

from services.simulate.noise import Array

REACH: Final = 40
"""Seconds of the past that count: a fixed window, so that no state has to be carried along."""


def lag(driven: Array, tau_s: float) -> Array:
    """The first-order answer to ``driven``, one row a second.

    Its first ``REACH`` rows see less of the past than the others: the caller has them to spare.
    """
    decay = tau_s / (tau_s + 1)
    weights = list(accumulate(repeat(decay, REACH - 1), mul, initial=1.0))
    whole = sum(weights)
    rows = len(driven)
    padded = np.concatenate((np.repeat(driven[:1], REACH, axis=0), driven))
    answer = np.zeros_like(driven)
    for age, weight in enumerate(weights):
        answer += padded[REACH - age : REACH - age + rows] * (weight / whole)
    return answer
