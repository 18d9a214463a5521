"""Findings as documents."""

from schemas.documents import Document, Time, finite
from schemas.rfc3339 import format_instant
from twin.held import Standing


class FindingView(Document):
    """One disagreement within the data: it is about readings, never about the plant."""

    code: str
    """Of the fault catalogue."""
    entity: str
    suspect: str | None
    """Point type of the reading that is to blame; null where more than one would explain it."""
    reason: str
    ratio: float | None
    """Of the two sides of the balance; 1 is closed."""
    implied: float | None
    """What the suspect would read if the balance closed …"""
    unit: str | None
    """… in this unit."""
    since: Time
    """When it began, as far as it has been seen; it counted once it had lasted."""


class FindingsPage(Document):
    """Everything that readings disagree about for longer than any transient lasts."""

    items: tuple[FindingView, ...]
    revision: str


def finding_view(standing: Standing) -> FindingView:
    """A finding that counts, as a document."""
    finding = standing.finding
    return FindingView(
        code=finding.code,
        entity=finding.entity,
        suspect=finding.suspect,
        reason=finding.reason,
        ratio=finite(finding.ratio),
        implied=finite(finding.implied),
        unit=finding.unit,
        since=format_instant(standing.since),
    )
