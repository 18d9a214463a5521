"""Data: what happens to publishers and findings, as judgements of faults about data."""

from typing import Final

from twin.changes import FindingChanged, PublisherChanged
from twin.fault import FINE, Judged, Key
from twin.held import key_of
from twin.points import EntityId, Freshness, PublisherId
from twin.severity import Severity
from twin.watch.verdicts import Verdict

STALE: Final = "data.stale"
BAD: Final = "data.bad_quality"
LOST: Final = "data.publisher_lost"

_WARNING: Final = Severity.WARNING


def of_publisher(changed: PublisherChanged) -> Verdict:
    """Whether a publisher is lost; it is the entity of its own fault."""
    by = _entity_of(changed.publisher)
    lost = changed.freshness is not Freshness.LIVE
    said = Judged(_WARNING, message=f"no heartbeat of {by}", publisher=by) if lost else FINE
    return Key(LOST, by), said


def of_finding(changed: FindingChanged) -> Verdict:
    """That readings disagree, with the ratio of the two sides where it is a balance."""
    finding = changed.finding
    code, entity, *told_apart = key_of(finding)
    key = Key(code, entity, ": ".join(each for each in told_apart if each))
    if not changed.standing:
        return key, FINE
    ratio = finding.ratio
    unit = None if ratio is None else "1"
    return key, Judged(_WARNING, ratio, None, unit, finding.suspect, finding.reason)


def _entity_of(publisher: PublisherId) -> EntityId:
    return EntityId(publisher)
