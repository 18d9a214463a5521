"""The one reader of time."""

import time

from twin.instants import Instant


def wall_clock() -> Instant:
    """The present instant, as everybody else's clocks have it."""
    return Instant(time.time_ns() // 1_000_000)
