"""Time as data: instants and spans in whole milliseconds."""

from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z, as the DSX BMS payload's ``timestamp``."""

Millis = NewType("Millis", int)
"""A span of time in milliseconds."""

NEVER = Instant(2**63 - 1)
"""Later than every instant that can be met."""


def after(instant: Instant, span: Millis) -> Instant:
    """The instant that lies ``span`` after ``instant``."""
    return Instant(instant + span)
