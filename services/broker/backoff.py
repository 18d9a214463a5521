"""Backoff: how long to wait before trying again, so that not everybody comes back at once."""

import random
from collections.abc import Callable, Iterator
from typing import Final

FIRST_S: Final = 0.25
LONGEST_S: Final = 10.0

Jitter = Callable[[float, float], float]
"""A number between two, as ``random.uniform`` draws it."""


class Backoff:
    """Waits that grow exponentially, with full jitter, while attempts are short."""

    def __init__(self, jitter: Jitter = random.uniform) -> None:
        self._jitter = jitter
        self._most_s = FIRST_S

    def wait_s(self, lasted_s: float = 0.0) -> float:
        """Seconds to wait after an attempt that failed or lasted so long.

        One that lasted was a good one: the next loss starts afresh. One that stood but for a
        moment was not: two clients of one name put each other out like that.
        """
        if lasted_s > LONGEST_S:
            self._most_s = FIRST_S
        wait_s = self._jitter(0.0, self._most_s)
        self._most_s = min(LONGEST_S, self._most_s * 2)
        return wait_s


def waits(jitter: Jitter = random.uniform) -> Iterator[float]:
    """Seconds before each further attempt at one thing, for as long as one asks."""
    backoff = Backoff(jitter)
    while True:
        yield backoff.wait_s()
