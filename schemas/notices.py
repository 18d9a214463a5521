"""Notices: what the twin tells others of faults, by webhook and on topics of its own."""

from typing import Final
from urllib.parse import quote

from schemas.documents import Document, Time
from schemas.faults import FaultEvent
from twin.fault import Key

ROOT: Final = "racktwin/v1"
"""Of all topics that the twin speaks on."""

FAULTS: Final = f"{ROOT}/faults"
HEARTBEAT: Final = f"{ROOT}/heartbeat"


class FaultNotice(Document):
    """What happened to one fault; who answers with 2xx has it."""

    id: str
    """Of this notice, the same however often it is sent: run and number of the event."""
    fault: FaultEvent


class Heartbeat(Document):
    """Word that the twin lives: while it is not heard, nobody knows whether documents are true."""

    at: Time
    epoch: str
    """Name of the run."""
    faults: int
    """How many fault documents are retained."""


def fault_topic(key: Key) -> str:
    """The topic of the document of one fault; a level never is empty, or has what brokers read."""
    return "/".join((FAULTS, *map(_level, (key.entity, key.code, key.qualifier))))


def _level(text: str) -> str:
    """A text as one level of a topic: percent-encoded, dots as well, for NATS splits at them."""
    plain = quote(text, safe="").replace(".", "%2E")
    return {"": "-", "-": "%2D"}.get(plain, plain)
