"""Alerts: faults as Prometheus' Alertmanager takes them by its API v2."""

import msgspec

from schemas.faults import FaultView
from schemas.rfc3339 import format_instant
from twin.instants import Instant
from twin.site import RackPlace


class Alert(msgspec.Struct, frozen=True, rename="camel"):
    """One element of ``POST /api/v2/alerts``; its labels are what Alertmanager knows it by."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    ends_at: str
    """It fires until then."""


def alert(fault: FaultView, place: RackPlace, ends_at: Instant) -> Alert:
    """A fault as an alert; Alertmanager drops labels that are empty, so these are left out."""
    labels = {
        "alertname": fault.code,
        "entity": fault.entity,
        "entity_type": fault.entity_type,
        "qualifier": fault.qualifier,
        "severity": fault.severity.lower(),
        "priority": str(fault.priority),
        "hall": place.hall,
        "row": place.row,
    }
    annotations = {
        "message": fault.message,
        "guidance": fault.guidance,
        "view": fault.view,
        "id": fault.id,
        "state": fault.state,
    }
    return Alert(
        {name: text for name, text in labels.items() if text},
        annotations,
        fault.raised_at,
        max(fault.raised_at, format_instant(ends_at)),
    )


def ended(fired: Alert, at: Instant) -> Alert:
    """The same alert, over; none may end before it began."""
    return msgspec.structs.replace(fired, ends_at=max(fired.starts_at, format_instant(at)))
