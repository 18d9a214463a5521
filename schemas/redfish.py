"""Redfish: what happened to a fault as an event of DMTF's Redfish (DSP0268, Event)."""

from typing import Final

import msgspec

from schemas.faults import FaultView
from schemas.rfc3339 import format_instant
from twin.changes import FaultChanged
from twin.fault import Closed, State, What
from twin.severity import Severity

LEAKS: Final = frozenset({"leak.detected", "leak.tray"})
"""Codes that DMTF's registry of environmental messages has messages for."""

_ENVIRONMENTAL: Final = "Environmental.1.1.0.LeakDetected"
_OURS: Final = "Racktwin.1.0.0."

_SEVERITIES: Final = {
    Severity.OK: "OK",
    Severity.WARNING: "Warning",
    Severity.CRITICAL: "Critical",
}

_STOOD: Final = frozenset({State.UNACK, State.ACKED})


class Origin(msgspec.Struct, frozen=True):
    """A link to what an event is about."""

    id: str = msgspec.field(name="@odata.id")


class Record(msgspec.Struct, frozen=True, rename="pascal"):
    """What happened to one fault."""

    event_id: str
    event_timestamp: str
    message_id: str
    message: str
    message_args: tuple[str, ...]
    message_severity: str
    severity: str
    """The same, by the name that it had before version 1.5."""
    origin_of_condition: Origin
    event_type: str = "Event"
    member_id: str = "0"


class Event(msgspec.Struct, frozen=True, rename="pascal"):
    """What a subscriber of a Redfish event service is sent."""

    id: str
    events: tuple[Record, ...]
    name: str = "racktwin fault"
    odata_type: str = msgspec.field(name="@odata.type", default="#Event.v1_7_0.Event")


def event(identity: str, change: FaultChanged, fault: FaultView) -> Event | None:
    """What happened, for those who know OK, Warning and Critical alone.

    None where that says nothing new: of what calls nobody, and of what people do.
    """
    severity = _severity(change)
    if severity is None:
        return None
    named = _SEVERITIES[severity]
    over = severity is Severity.OK
    record = Record(
        event_id=identity,
        event_timestamp=format_instant(change.at),
        message_id=_message_id(fault.code, named, over=over),
        message=f"{fault.entity}: {f'{fault.code} is over' if over else fault.message}",
        message_args=(fault.entity, fault.qualifier) if fault.qualifier else (fault.entity,),
        message_severity=named,
        severity=named,
        origin_of_condition=Origin(fault.view),
    )
    return Event(identity, (record,))


def _severity(change: FaultChanged) -> Severity | None:
    """What there is to be told."""
    fault = change.fault
    told = fault.annunciated_at is not None
    if change.what is What.CLEARED or fault.closed is Closed.REMOVED:
        return Severity.OK if told else None
    worse_or_better = change.what is What.SEVERITY and fault.annunciated
    back = change.what is What.RETURNED and fault.annunciated and change.before not in _STOOD
    return fault.severity_now if change.annunciates or worse_or_better or back else None


def _message_id(code: str, severity: str, *, over: bool) -> str:
    if code in LEAKS:
        return _ENVIRONMENTAL + ("Normal" if over else severity)
    words = "".join(part.capitalize() for part in code.replace(".", "_").split("_"))
    letters = "".join(each for each in words if each.isalnum())
    return f"{_OURS}{letters}{'Normal' if over else severity}"
