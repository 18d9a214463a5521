"""Data: what happens to publishers and findings, as judgements of faults about data."""

from typing import Final

from twin.changes import FindingChanged, PublisherChanged
from twin.fault import FINE, Judged, Key
from twin.finding import Finding
from twin.held import key_of
from twin.points import EntityId, Freshness, Point
from twin.severity import Severity
from twin.watch.verdicts import Verdict

STALE: Final = "data.stale"
BAD: Final = "data.bad_quality"
LOST: Final = "data.publisher_lost"

VALUES: Final = "values"
"""What is lost of a publisher whose heart may beat on."""

_WARNING: Final = Severity.WARNING


def of_publisher(changed: PublisherChanged) -> Verdict:
    """Whether a publisher is lost, or what one of its hearts beats for."""
    key = key_of_heart(changed.heart)
    if changed.freshness is Freshness.LIVE:
        return key, FINE
    what = f" for {key.qualifier}" if key.qualifier else ""
    said = f"no heartbeat of {key.entity}{what}"
    return key, Judged(_WARNING, point=changed.heart.id, message=said, publisher=key.entity)


def of_values(publisher: EntityId, *, told: bool) -> Verdict:
    """Whether a publisher tells anything at all, whatever its heart does."""
    key = Key(LOST, publisher, VALUES)
    said = f"no values of {publisher}: nothing of all that it tells is repeated"
    return key, FINE if told else Judged(_WARNING, message=said, publisher=publisher)


def of_doubt(publisher: EntityId, doubted: tuple[int, int] | None) -> Verdict:
    """Whether a publisher trusts what it tells, where it has no trust in so many of so many."""
    key = Key(BAD, publisher)
    if doubted is None:
        return key, FINE
    count, whole = doubted
    said = f"{publisher} has no trust in {count} of the {whole} points that it tells"
    return key, Judged(_WARNING, message=said)


def key_of_heart(heart: Point) -> Key:
    """Which fault tells that a heart does not beat: the publisher's own, one for each scope."""
    return Key(LOST, EntityId(heart.publisher), heart.scope or "")


def of_finding(changed: FindingChanged) -> Verdict:
    """That readings disagree, with the ratio of the two sides where it is a balance."""
    finding = changed.finding
    key = key_of_fault(finding)
    if not changed.standing:
        return key, FINE
    ratio = finding.ratio
    unit = None if ratio is None else "1"
    return key, Judged(_WARNING, ratio, None, unit, finding.suspect, finding.reason)


def key_of_fault(finding: Finding) -> Key:
    """Which fault tells of a finding."""
    code, entity, *told_apart = key_of(finding)
    return Key(code, entity, ": ".join(each for each in told_apart if each))
