"""Chatter: a fault that comes and goes so often that it calls once, and is then one."""

from typing import Final

from twin.instants import Instant, Millis

OFTEN: Final = 3
"""Activations that are chatter …"""

WITHIN: Final = Millis(60_000)
"""… within so long: "occurs and clears three or more times in a minute" (PAS, Alarm Management)."""

QUIET: Final = Millis(300_000)
"""It is over when it was quiet for so long; ours."""


def noted(recent: tuple[Instant, ...], at: Instant) -> tuple[Instant, ...]:
    """The activations that may still make a fault chatter, with the one ``at``."""
    return (*(each for each in recent if each > at - WITHIN), at)[-OFTEN:]


def chatters(recent: tuple[Instant, ...]) -> bool:
    """Whether so many are chatter."""
    return len(recent) >= OFTEN


def off_delay(usual: Millis, *, chattering: bool) -> Millis:
    """How long a fault must be over to be over: while it chatters, as long as quiet lasts."""
    return max(usual, QUIET) if chattering else usual
