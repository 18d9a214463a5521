"""Faults as documents, and how operators are called."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import Field

from schemas.api import Page
from schemas.documents import Document, Time, finite, time_of
from schemas.rfc3339 import format_instant, parse_instant
from twin.cdu import CDU
from twin.changes import FaultChanged
from twin.entities import RACK
from twin.fault import Closed, Comment, Condition, Fault, Judged, Key, Mask, State, What
from twin.faults.ledger import Books
from twin.faults.picture import Picture
from twin.faults.rule import Rule
from twin.faults.statistics import Statistics
from twin.fleet import Fleet
from twin.instants import NEVER, Instant
from twin.meters import METER
from twin.points import EntityId
from twin.severity import Severity
from twin.watch.data import LOST

_KINDS: Final = {CDU: "Cdu", METER: "Meter"}
"""Types of the contract as the catalogue calls them; all others have one name."""


_UNACKED: Final = frozenset({State.UNACK, State.RTNUN, State.LTUNA})


class MaskView(Document):
    """Who keeps a fault quiet, why, and until when."""

    by: str
    reason: str
    since: Time
    until: Time | None
    """null is until somebody puts it back."""


class CommentView(Document):
    """What somebody had to say."""

    by: str
    text: str
    at: Time


class FaultView(Document):
    """One occurrence of a fault: one activation of a code on an entity."""

    id: str
    code: str
    severity: Severity
    """As it is now, or was last."""
    severity_max: Severity
    """The worst that it has been."""
    priority: int
    """How soon somebody has to act, from 1, at once, to 4, some day."""
    entity: str
    entity_type: str | None
    """null where nothing is known of the entity any more."""
    qualifier: str
    """Tells several of one code on one entity apart."""
    point: str | None
    message: str
    guidance: str
    value: float | None
    limit: float | None
    unit: str | None
    """Of value and limit: what it was raised or got worse with."""
    raised_at: Time
    cleared_at: Time | None
    condition: Condition
    state: State
    """The strongest mask, or what lies beneath."""
    beneath: State
    """The state without its masks."""
    held: bool
    """There are no data: it stays as it was."""
    annunciated: bool
    """Whether it is put before an operator."""
    acknowledged_by: str | None
    acknowledged_at: Time | None
    latched: bool
    shelved: MaskView | None
    out_of_service: MaskView | None
    suppressed_by: tuple[str, ...]
    """Ids of the occurrences that explain it."""
    suppresses: int
    """Faults that it keeps quiet …"""
    suppresses_racks: int
    """… and on how many racks."""
    first_out: bool
    """Whether it was raised before all that explains it and all that it explains."""
    chattering: bool
    flap_count: int
    realarm_count: int
    comments: tuple[CommentView, ...]
    closed: Closed | None
    """Why it is over and done with."""
    closed_at: Time | None
    view: str
    """Where to look."""


class FaultsPage(Page[FaultView]):
    """Faults."""


class FaultEvent(FaultView):
    """What happened to one fault, which is told whole; every one of them, each once."""

    seq: int
    """Counts them without a gap from 1; filters leave out some."""
    what: What
    at: Time
    by: str | None
    """Who did it; null where it came of itself."""
    annunciates: bool
    """Whether an operator is to be called."""


class SubjectView(Document):
    """What operators were called for, and how often."""

    code: str
    entity: str
    calls: int


class ShelvedView(MaskView):
    """A fault on the shelf."""

    id: str


class StatisticsView(Document):
    """The calls of the last day: whether operators can live with them, and what spoils it."""

    now: Time
    calls: int
    last_10_min: int
    most_in_10_min: int
    flood: bool
    """Whether there is one now: it begins with more than 10 calls in 10 min, and ends below 5."""
    flood_pct: float
    """Share of the time since the first call."""
    by_priority: dict[int, int]
    worst: tuple[SubjectView, ...]
    worst_pct: float
    """Their share in all calls."""
    standing_long: tuple[str, ...]
    """Ids of what stands for longer than a day."""
    chattering: tuple[str, ...]
    shelved: tuple[ShelvedView, ...]
    longest_unacked_s: float
    fleeting: dict[str, int]
    """By code, since the beginning: began, and was over before it was raised."""
    standing: dict[Severity, int] = Field(description="Faults that stand in service, by severity.")


def fault_view(fault: Fault, fleet: Fleet) -> FaultView:
    """One occurrence as a document."""
    return FaultView.model_validate(_told(fault, fleet))


def fault_event(seq: int, change: FaultChanged, fleet: Fleet) -> FaultEvent:
    """What happened to a fault, as a message."""
    happened = {
        "seq": seq,
        "what": change.what,
        "at": format_instant(change.at),
        "by": change.by,
        "annunciates": change.annunciates,
    }
    return FaultEvent.model_validate(_told(change.fault, fleet) | happened)


def books_of(told: Iterable[FaultView], at: Instant) -> Books:
    """Faults as they were ``at`` by what was told of each; delays and counts are not told."""
    found = list(told)
    lost = {each.id: EntityId(each.entity) for each in found if each.code == LOST}
    faults = [_fault(each, lost, at) for each in found]
    live = sorted(each for each in faults if each.closed is None)
    return Books(at, tuple(live), tuple(each for each in faults if each.closed is not None))


def statistics_view(faults: Picture, now: Instant) -> StatisticsView:
    """How operators are called."""
    told: Statistics = faults.statistics(now)
    return StatisticsView(
        now=format_instant(now),
        calls=told.calls,
        last_10_min=told.last_10_min,
        most_in_10_min=told.most_in_10_min,
        flood=told.flood,
        flood_pct=told.flood_pct,
        by_priority=told.by_priority,
        worst=tuple(
            SubjectView(code=subject.code, entity=subject.entity, calls=calls)
            for subject, calls in told.worst
        ),
        worst_pct=told.worst_pct,
        standing_long=tuple(told.standing_long),
        chattering=tuple(told.chattering),
        shelved=tuple(ShelvedView(id=id_, **dict(_mask(mask))) for id_, mask in told.shelved),
        longest_unacked_s=told.longest_unacked_ms / 1000,
        fleeting=told.fleeting,
        standing=faults.counts(),
    )


def _fault(told: FaultView, lost: Mapping[str, EntityId], at: Instant) -> Fault:
    """One fault, and of the ``lost`` publishers that whose silence explains it."""
    by = next((lost[each] for each in told.suppressed_by if each in lost), None)
    said = told.value, told.limit, told.unit, told.point, told.message, by
    masked = told.shelved or told.out_of_service or told.suppressed_by
    calls = told.beneath is not State.NORM and told.beneath is not State.LTACK
    waits = calls and told.closed is None and not masked and not told.annunciated
    raised_at = parse_instant(told.raised_at)
    return Fault(
        Key(told.code, EntityId(told.entity), told.qualifier),
        told.id,
        condition=told.condition,
        since=raised_at,
        held_since=at if told.held else None,
        judged=Judged(told.severity, *said),
        severity_now=told.severity,
        severity_max=told.severity_max,
        raised_at=raised_at,
        cleared_at=_instant(told.cleared_at),
        flap_count=told.flap_count,
        unacked_since=raised_at if told.beneath in _UNACKED else None,
        acknowledged_by=told.acknowledged_by,
        acknowledged_at=_instant(told.acknowledged_at),
        realarm_count=told.realarm_count,
        latched=told.latched,
        shelved=_masked(told.shelved),
        out_of_service=_masked(told.out_of_service),
        suppressed_by=told.suppressed_by,
        waits_until=at if waits else NEVER,
        chattering=told.chattering,
        comments=tuple(_said(each) for each in told.comments),
        closed=told.closed,
        closed_at=_or_never(told.closed_at),
    )


def _masked(mask: MaskView | None) -> Mask | None:
    if mask is None:
        return None
    return Mask(mask.by, mask.reason, parse_instant(mask.since), _or_never(mask.until))


def _said(comment: CommentView) -> Comment:
    return Comment(comment.by, comment.text, parse_instant(comment.at))


def _instant(text: str | None) -> Instant | None:
    return None if text is None else parse_instant(text)


def _or_never(text: str | None) -> Instant:
    return NEVER if text is None else parse_instant(text)


def _told(fault: Fault, fleet: Fleet) -> dict[str, object]:
    rule, judged, entity = fleet.faults.rules[fault.key.code], fault.judged, fault.key.entity
    kind = _entity_type(rule, fault, fleet)
    return {
        "id": fault.id,
        "code": fault.key.code,
        "severity": fault.severity_now,
        "severity_max": fault.severity_max,
        "priority": rule.priority,
        "entity": entity,
        "entity_type": kind,
        "qualifier": fault.key.qualifier,
        "point": judged.point,
        "message": judged.message,
        "guidance": rule.guidance,
        "value": finite(judged.value),
        "limit": finite(judged.limit),
        "unit": judged.unit,
        "annunciated": fault.annunciated,
        "view": rule.link(entity, rack=kind == RACK),
        **_course(fault),
        **_explained(fault, fleet),
    }


def _course(fault: Fault) -> dict[str, object]:
    """How it went, and what people did."""
    return {
        "raised_at": format_instant(fault.raised_at),
        "cleared_at": time_of(fault.cleared_at),
        "condition": fault.condition,
        "state": fault.state,
        "beneath": fault.beneath,
        "held": fault.held,
        "acknowledged_by": fault.acknowledged_by,
        "acknowledged_at": time_of(fault.acknowledged_at),
        "latched": fault.latched,
        "shelved": fault.shelved and _mask(fault.shelved),
        "out_of_service": fault.out_of_service and _mask(fault.out_of_service),
        "chattering": fault.chattering,
        "flap_count": fault.flap_count,
        "realarm_count": fault.realarm_count,
        "comments": tuple(map(_comment, fault.comments)),
        "closed": fault.closed,
        "closed_at": _unless_never(fault.closed_at),
    }


def _explained(fault: Fault, fleet: Fleet) -> dict[str, object]:
    """What explains it, and what it explains."""
    faults = fleet.faults
    explains = fault.closed is None and fault.key.code in faults.rules.causes
    effects = faults.suppresses(fault.id) if explains else []
    on = {each.key.entity for each in effects}
    related = bool(effects or fault.suppressed_by)
    return {
        "suppressed_by": fault.suppressed_by,
        "suppresses": len(effects),
        "suppresses_racks": sum(_kind(each, fleet) == RACK for each in on),
        "first_out": related and faults.first_out(fault.id),
    }


def _entity_type(rule: Rule, fault: Fault, fleet: Fleet) -> str | None:
    """What the catalogue calls the kind of thing that a fault is on."""
    if len(rule.kinds) == 1:
        (only,) = rule.kinds
        return only
    kind = _kind(fault.key.entity, fleet)
    return None if kind is None else _KINDS.get(kind, kind)


def _kind(identity: EntityId, fleet: Fleet) -> str | None:
    entity = fleet.entity(identity)
    return None if entity is None else entity.kind


def _mask(mask: Mask) -> MaskView:
    return MaskView(
        by=mask.by,
        reason=mask.reason,
        since=format_instant(mask.since),
        until=_unless_never(mask.until),
    )


def _comment(comment: Comment) -> CommentView:
    return CommentView(by=comment.by, text=comment.text, at=format_instant(comment.at))


def _unless_never(instant: Instant) -> str | None:
    return None if instant == NEVER else format_instant(instant)
