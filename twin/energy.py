"""Energy over a range of time, from readings of a power."""

from collections.abc import Iterable
from itertools import chain, pairwise
from typing import Final, NamedTuple

from twin.instants import NEVER, Instant, Millis

_MS_PER_H: Final = 3_600_000


class Power(NamedTuple):
    """What is known of a power from an instant on."""

    at: Instant
    kw: float
    share: float
    """Of the time that follows, for how much of it that is known: 0 where the reading is bad."""


class Energy(NamedTuple):
    """What was drawn while it was known."""

    kwh: float
    known_ms: float


def energy_of(powers: Iterable[Power], start: Instant, end: Instant, longest: Millis) -> Energy:
    """The energy drawn from ``start`` to ``end``.

    A power holds until the next reading: the bus tells of every change. It holds no longer than
    ``longest``, and a bad one not at all: what is not known is no energy.

    Args:
        powers: In order of time; some from before ``start``, to know what held then.
        start: The first millisecond.
        end: The one behind the last.
        longest: After which a point that says nothing is stale.
    """
    kwh = known_ms = 0.0
    never = Power(NEVER, 0.0, 0.0)
    for power, following in pairwise(chain(powers, [never])):
        until = min(following.at, power.at + longest, end)
        ms = max(0, until - max(power.at, start)) * power.share
        kwh += power.kw * ms / _MS_PER_H
        known_ms += ms
    return Energy(kwh, known_ms)
