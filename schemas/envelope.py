"""Envelope: one message as a broker or a recording gives it."""

from typing import NamedTuple

from twin.instants import Instant


class Envelope(NamedTuple):
    """A topic and its payload, and when it came."""

    topic: str
    payload: bytes
    received_at: Instant
    retain: bool = False
