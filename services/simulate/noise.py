"""Noise without memory: any instant can be asked for, in any order, and answers the same."""

from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_Bits = npt.NDArray[np.uint64]

_U64 = np.uint64
_SPARE: Final = _U64(11)  # bits beyond the 53 of a float
_STRIDE: Final = _U64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio
_FIRST: Final = _U64(0xBF58476D1CE4E5B9)  # the two multipliers of SplitMix64 (Steele et al., 2014)
_SECOND: Final = _U64(0x94D049BB133111EB)
_ALL: Final = 2**64 - 1


class Noise:
    """Numbers that look random and are a function of seed, subject, lane and step alone.

    Only integer hashing, sums and products go in, so that every machine gets the same bits.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def uniform(self, subject: str, lanes: Whole, steps: Whole | None = None) -> Array:
        """0 up to 1, one for each lane, or for each step (down) and lane (across).

        Args:
            subject: What it is for: different subjects have nothing to do with each other.
            lanes: One number for each rack, row or meter.
            steps: As a column, or with one column for each lane.
        """
        key = self._seed << 32 | crc32(subject.encode())
        bits = _mix(_mix(_bits(lanes) * _STRIDE) ^ _U64(key & _ALL))
        if steps is not None:
            bits = _mix(_bits(steps) * _STRIDE + bits)
        return (bits >> _SPARE).astype(np.float64) * 2.0**-53

    def white(self, subject: str, lanes: Whole, steps: Whole) -> Array:
        """-1 up to 1, anew at each step."""
        return self.uniform(subject, lanes, steps) * 2 - 1

    def wander(self, subject: str, lanes: Whole, seconds: Whole, period_s: int) -> Array:
        """-1 up to 1, on a smooth way from one value to the next each ``period_s``."""
        shifted = seconds + (self.uniform(f"{subject} shift", lanes) * period_s).astype(np.int64)
        steps, within = np.divmod(shifted, period_s)
        before, behind = (self.white(subject, lanes, steps + k) for k in (0, 1))
        return before + (behind - before) * smoothstep(within / period_s)


def smoothstep(share: Array) -> Array:
    """From 0 to 1 as ``share`` does, level at both ends."""
    within = np.clip(share, 0.0, 1.0)
    return within * within * (3 - 2 * within)


def _bits(numbers: Whole) -> _Bits:
    return numbers.astype(np.uint64)


def _mix(bits: _Bits) -> _Bits:
    bits = (bits ^ (bits >> _U64(30))) * _FIRST
    bits = (bits ^ (bits >> _U64(27))) * _SECOND
    return bits ^ (bits >> _U64(31))
