"""Outcome: a recording folded offline on a virtual clock, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.balances import BalanceView, balance_view, found_by
from schemas.digest import digest, faults_of, state_digest, state_of
from schemas.envelope import Envelope
from schemas.findings import finding_view
from schemas.rfc3339 import format_instant
from schemas.views import fleet_view
from services.intake import Intake
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after


@dataclass(frozen=True, slots=True)
class Span:
    """What was folded, and from when to when."""

    messages: int
    start: Instant
    end: Instant
    """Of the last message."""
    now: Instant
    """Up to which time passed."""


def fold(envelopes: Iterable[Envelope], intake: Intake, until: Millis | None = None) -> Span:
    """Fold a recording as fast as possible; no broker, no store, no wall clock.

    Args:
        envelopes: In the order in which they came. The first one is the start.
        intake: Folds and counts them.
        until: How long after the start time is to run: messages past it are left out.
    """
    messages = 0
    start = end = Instant(0)
    for topic, payload, at, _ in envelopes:
        if messages == 0:
            start = at
        if until is not None and at > start + until:
            break
        intake.take(topic, payload, at)
        messages, end = messages + 1, max(end, at)
    now = end if until is None else after(start, until)
    intake.fleet.advance(now)
    return Span(messages, start, end, now)


def outcome(intake: Intake, span: Span) -> dict[str, object]:
    """Everything that a replay has to say, as JSON values."""
    fleet = intake.fleet
    return {
        "recording": {
            "messages": span.messages,
            "duration_s": (span.end - span.start) / 1000,
            "start": format_instant(span.start),
            "end": format_instant(span.end),
        },
        "time": format_instant(span.now),
        "counters": counters(intake),
        "fleet": fleet_view(fleet, span.now).model_dump(mode="json"),
        "racks": state_of(fleet, span.now),
        "faults": faults_of(fleet),
        "findings": [finding_view(each).model_dump(mode="json") for each in fleet.audit.findings()],
        "balances": [view.model_dump(mode="json") for view in _balances(fleet, span.now)],
        "digest": digest(fleet),
        "state_digest": state_digest(fleet),
    }


def _balances(fleet: Fleet, now: Instant) -> list[BalanceView]:
    """In order of entity and code."""
    found = found_by(fleet.audit.findings())
    drawn = sorted(fleet.audit.balances(), key=lambda each: (each.entity, each.code))
    return [balance_view(each, found, now) for each in drawn]


def counters(intake: Intake) -> dict[str, object]:
    """What became of the messages, by reason and kind."""
    counted = intake.fleet.counters
    return {
        "received": intake.received,
        "applied": counted.applied,
        "rejected": intake.rejected.total(),
        "rejected_by_reason": dict(sorted(intake.rejected.items())),
        "drift": intake.drift.total(),
        "drift_by_kind": dict(sorted(intake.drift.items())),
        "duplicate": counted.duplicate,
        "late": counted.late,
        "unmatched": counted.unmatched,
        "unmatched_lost": counted.unmatched_lost,
        "wrong_publisher": counted.wrong_publisher,
        "ahead": counted.ahead,
    }
