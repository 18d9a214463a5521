"""Counters: what became of the messages that were understood."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """What became of the messages that were understood."""

    applied: int = 0
    duplicate: int = 0
    """Readings that stood there already, to the millisecond: heard, but nothing new."""
    late: int = 0
    """Readings measured before the one that stands there."""
    unmatched: int = 0
    """Readings that came before their metadata, or that never get any."""
    unmatched_lost: int = 0
    """Of those, the ones that there was no room to keep."""
    wrong_publisher: int = 0
    """Readings of a point that another publisher owns."""
    ahead: int = 0
    """Readings from a clock that runs ahead of ours."""
