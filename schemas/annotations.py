"""Annotations: faults as marks on a chart, as flat rows.

The names of the columns are those by which Grafana knows the fields of an annotation.
"""

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec
from pydantic import Field

from schemas.documents import Document, Time
from schemas.rfc3339 import parse_instant
from twin.instants import Instant
from twin.severity import RANK, Severity


class Told(Protocol):
    """As much of a fault's document as makes a mark."""

    @property
    def id(self) -> str:
        """Of the occurrence."""

    @property
    def code(self) -> str:
        """Of the catalogue."""

    @property
    def entity(self) -> str:
        """Whom it is about."""

    @property
    def severity_max(self) -> Severity:
        """The worst that it has been."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def raised_at(self) -> Time:
        """When it began."""

    @property
    def cleared_at(self) -> Time | None:
        """When it ended."""

    @property
    def closed_at(self) -> Time | None:
        """When it was over for another reason."""


class Kept(msgspec.Struct, frozen=True):
    """The same, read from what history keeps; what else stands there is left alone."""

    id: str
    code: str
    entity: str
    severity_max: Severity
    message: str
    raised_at: str
    cleared_at: str | None = None
    closed_at: str | None = None


kept: Final = msgspec.json.Decoder(Kept).decode
"""A fault of its text in history.

Raises:
    msgspec.MsgspecError: It is none.
"""


class AnnotationView(Document):
    """One occurrence of a fault."""

    time: Time
    """When it was raised."""
    time_end: Time | None = Field(serialization_alias="timeEnd")
    """null while it is there."""
    title: str
    text: str
    tags: str
    """Code, severity and entity, with commas between."""
    severity: Severity
    """The worst that it has been."""
    code: str
    entity: str
    id: str


def annotation_view(fault: Told) -> AnnotationView:
    """One fault as a mark."""
    return AnnotationView(
        time=fault.raised_at,
        time_end=_end(fault),
        title=f"{fault.code} {fault.entity}",
        text=fault.message,
        tags=f"{fault.code},{fault.severity_max},{fault.entity}",
        severity=fault.severity_max,
        code=fault.code,
        entity=fault.entity,
        id=fault.id,
    )


def marks(
    faults: Iterable[Told], start: Instant, end: Instant, severity_min: Severity
) -> list[AnnotationView]:
    """Those that were there at any time of the range, each once as it was told last, by time."""
    latest = {fault.id: fault for fault in faults}
    found = [
        annotation_view(fault)
        for fault in latest.values()
        if _overlaps(fault, start, end) and RANK[fault.severity_max] >= RANK[severity_min]
    ]
    return sorted(found, key=lambda mark: (mark.time, mark.id))


def _end(fault: Told) -> Time | None:
    return fault.closed_at if fault.cleared_at is None else fault.cleared_at


def _overlaps(fault: Told, start: Instant, end: Instant) -> bool:
    over = _end(fault)
    return parse_instant(fault.raised_at) < end and (over is None or parse_instant(over) >= start)
