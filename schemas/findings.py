"""Findings as documents."""

from schemas.documents import Document, finite
from twin.finding import Finding


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


class FindingsPage(Document):
    """Everything that the present readings disagree about."""

    items: tuple[FindingView, ...]
    revision: str


def finding_view(finding: Finding) -> FindingView:
    """A finding as a document."""
    return FindingView(
        code=finding.code,
        entity=finding.entity,
        suspect=finding.suspect,
        reason=finding.reason,
        ratio=finite(finding.ratio),
        implied=finite(finding.implied),
        unit=finding.unit,
    )
