"""What operators did to faults, as documents: the lines of the audit journal are these."""

from schemas.documents import Document, Time, time_of
from schemas.rfc3339 import format_instant
from twin.changes import FaultChanged
from twin.fault import Fault, State, What
from twin.instants import NEVER, Instant


class ActView(Document):
    """One act: who did what to which fault, when, and what it changed."""

    seq: int
    """Its number among all that happened to faults: ever higher, never used twice."""
    at: Time
    by: str
    address: str | None
    """Whence they acted, as far as that is known."""
    what: What
    fault: str
    """Id of the occurrence."""
    code: str
    entity: str
    qualifier: str
    before: State
    """What was shown of it before …"""
    after: State
    """… and after."""
    text: str | None
    """The reason given, or the comment."""
    until: Time | None
    """How long it is kept quiet, where that has an end."""


def act_view(seq: int, change: FaultChanged, address: str | None) -> ActView | None:
    """An act as a document; None of what came of itself."""
    if change.by is None:
        return None
    fault = change.fault
    text, until = _said(fault, change.what)
    return ActView(
        seq=seq,
        at=format_instant(change.at),
        by=change.by,
        address=address,
        what=change.what,
        fault=fault.id,
        code=fault.key.code,
        entity=fault.key.entity,
        qualifier=fault.key.qualifier,
        before=change.before,
        after=fault.state,
        text=text,
        until=time_of(until),
    )


def _said(fault: Fault, what: What) -> tuple[str | None, Instant | None]:
    """What somebody gave as a reason or had to say, and until when it holds."""
    if what is What.COMMENTED:
        return fault.comments[-1].text, None
    masks = {What.SHELVED: fault.shelved, What.OUT_OF_SERVICE: fault.out_of_service}
    mask = masks.get(what)
    if mask is None:
        return None, None
    return mask.reason, None if mask.until == NEVER else mask.until
