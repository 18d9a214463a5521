"""Tests of rules: recordings and written series folded as any other, their faults compared."""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from schemas import bms
from schemas.durations import format_ms
from schemas.envelope import Envelope
from schemas.recording import DEFAULT_START, RecordingError
from schemas.rule_tests import (
    STALE,
    Expectation,
    ExpectedFault,
    RuleTest,
    RuleTestsError,
    SeriesEntry,
    parse,
    series_of,
)
from schemas.rules_file import USUAL
from services.cli.options import fleet_of, settings_of
from services.ingest.edited import read
from services.ingest.rules import read as read_rules
from services.intake import Intake
from services.replay import files
from services.replay.outcome import fold
from services.simulate.metadata import metadata_of
from twin.fault import Fault
from twin.faults.picture import Picture
from twin.faults.thresholds import SiteRules
from twin.fleet import Fleet
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis, after
from twin.severity import Severity


class Outcome(NamedTuple):
    """What came of one test."""

    name: str
    lines: list[str]
    """What is not as expected; nothing where all is."""


class _Found(NamedTuple):
    """A fault, in the words of an expectation."""

    code: str
    entity: str
    severity: Severity
    state: str
    qualifier: str
    raised: Millis
    """Since the start."""


def run(file: Path) -> list[Outcome]:
    """Run every test of a file.

    Raises:
        RuleTestsError: The file, or a recording that it names, cannot be used.
        RulesFileError: Its rules cannot be used.
    """
    tests = read(file, parse, RuleTestsError)
    beside = file.parent
    rules = USUAL if tests.rules is None else read_rules(beside / tests.rules)
    return [Outcome(each.name, _differences(each, beside, rules)) for each in tests.tests]


def _differences(test: RuleTest, beside: Path, rules: SiteRules) -> list[str]:
    said = _written(test) if test.recording is None else _recorded(beside / test.recording)
    timeline = _Timeline(test, Intake(_fleet(rules)))
    fold(timeline.watched(said), timeline.intake)
    timeline.finish()
    return timeline.lines


def _fleet(rules: SiteRules) -> Fleet:
    """A fleet that has heard nothing yet, and judges by ``rules``."""
    fleet = fleet_of(settings_of(None))
    fleet.govern(rules, fleet.now)
    return fleet


class _Timeline:
    """A test while its messages are folded: each expectation is asked at its own instant."""

    def __init__(self, test: RuleTest, intake: Intake) -> None:
        self.intake = intake
        self.lines: list[str] = []
        """What is not as expected."""
        self._until = test.until
        self._start: Instant | None = None
        self._due = sorted(
            ((each.at, each) for each in test.expect if each.at is not None), key=itemgetter(0)
        )
        self._at_last = [each for each in test.expect if each.at is None]

    def watched(self, envelopes: Iterable[Envelope]) -> Iterator[Envelope]:
        """The messages as they came, no more than the test wants."""
        for each in envelopes:
            if self._start is None:
                self._start = each.received_at
            past = Millis(each.received_at - self._start)
            self._ask(past)
            if self._until is not None and past > self._until:
                return
            yield each

    def finish(self) -> None:
        """Ask what is left, when all is said."""
        self._ask(None)
        if self._until is not None:
            self.intake.advance(self._instant(self._until))
        found = [self._found(each, each.severity_max) for each in self._faults.occurrences()]
        for each in self._at_last:
            self.lines += _compared("until the end", each, found)

    def _ask(self, past: Millis | None) -> None:
        """Ask what is due before so long after the start; all where nothing comes any more."""
        while self._due and (past is None or self._due[0][0] < past):
            span, expectation = self._due.pop(0)
            self.intake.advance(self._instant(span))
            found = [self._found(each, each.severity_now) for each in self._faults.standing()]
            self.lines += _compared(f"at {format_ms(span)}", expectation, found)

    @property
    def _faults(self) -> Picture:
        return self.intake.fleet.faults

    def _instant(self, span: Millis) -> Instant:
        return after(self._start or DEFAULT_START, span)

    def _found(self, fault: Fault, severity: Severity) -> _Found:
        raised = Millis(fault.raised_at - (self._start or DEFAULT_START))
        code, entity, qualifier = fault.key
        return _Found(code, entity, severity, fault.state, qualifier, raised)


def _compared(when: str, expectation: Expectation, found: Sequence[_Found]) -> Iterator[str]:
    """What is lacking, with a minus, and what is too much, with a plus."""
    left = list(found)
    lacking = []
    for expected in sorted(expectation.faults, key=_openness):
        fitting = next((each for each in left if _fits(expected, each)), None)
        if fitting is None:
            lacking.append(expected)
        else:
            left.remove(fitting)
    named = {(each.code, each.entity) for each in lacking}
    odd = [each for each in left if expectation.nothing_else or (each.code, each.entity) in named]
    if lacking or (odd and expectation.nothing_else):
        yield f"{when}:"
        yield from (f"  - {_wanted(each)}" for each in lacking)
        yield from (f"  + {_told(each)}" for each in odd)


def _openness(expected: ExpectedFault) -> int:
    """How much it leaves open: who asks for most is served first."""
    said = (expected.severity, expected.state, expected.qualifier, expected.raised)
    return said.count(None)


def _fits(expected: ExpectedFault, found: _Found) -> bool:
    return (
        (expected.code, expected.entity) == (found.code, found.entity)
        and expected.severity in {None, found.severity}
        and expected.state in {None, found.state}
        and expected.qualifier in {None, found.qualifier}
        and (expected.raised is None or expected.raised[0] <= found.raised <= expected.raised[1])
    )


def _wanted(expected: ExpectedFault) -> str:
    said = [
        expected.code,
        expected.entity,
        expected.severity,
        expected.state,
        expected.qualifier,
    ]
    if expected.raised is not None:
        said.append(f"raised {' to '.join(map(format_ms, expected.raised))}")
    return " ".join(filter(None, said))


def _told(found: _Found) -> str:
    return f"{' '.join(filter(None, found[:-1]))} raised {format_ms(found.raised)}"


def _recorded(file: Path) -> Iterator[Envelope]:
    try:
        yield from files.read(file)
    except (OSError, RecordingError) as error:
        raise RuleTestsError(f"{file}: {error}") from error


def _written(test: RuleTest) -> list[Envelope]:
    """The messages of a test's series: their metadata, then all values in order of time."""
    points = [each.described() for each in test.series]
    told = [
        Envelope(bms.metadata_topic(point), metadata_of(point), DEFAULT_START, retain=True)
        for point in points
    ]
    said = [
        Envelope(bms.value_topic(point), _payload(value, at), at)
        for series, point in zip(test.series, points, strict=True)
        for value, at in _values(series, test.interval)
    ]
    return told + sorted(said, key=lambda each: each.received_at)


def _values(series: SeriesEntry, interval: Millis) -> Iterator[tuple[float, Instant]]:
    """What is said, and when."""
    silence = ceil(STALE_AFTER / interval)
    step = 0
    for value, times in series_of(series.values):
        if isinstance(value, str):
            step += times * (silence if value == STALE else 1)
            continue
        for _ in range(times):
            yield value, after(DEFAULT_START, Millis(step * interval))
            step += 1


def _payload(value: float, at: Instant) -> bytes:
    return msgspec.json.encode({"value": value, "timestamp": at, "quality": 1})
