"""How soon a frozen sensor is found: every sensor of a recording is stopped in turn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from schemas.envelope import Envelope
from services.bench.load import START
from services.bench.report import Report
from services.bench.rounds import length, round_and_round
from services.intake import Intake
from services.simulate.plant import Plant
from twin.finding import Finding
from twin.fleet import Fleet
from twin.frozen import Key, Stillness, neighbours
from twin.instants import NEVER, Instant, Millis, after
from twin.points import Freshness, Point, PointState

LOOK: Final = Millis(5_000)
"""How often neighbours are looked at."""

FIVE_MINUTES: Final = Millis(300_000)
HOUR: Final = Millis(3_600_000)
SEEDS: Final = (1, 2, 3, 4)
RACKS: Final = 16


class Shown(NamedTuple):
    """What a look at one point saw."""

    value: float | None
    changes: int
    freshness: Freshness
    bad: bool


class Group(NamedTuple):
    """Neighbours, and what they showed at each look."""

    points: list[Point]
    looks: list[tuple[Instant, list[Shown]]]

    def moving(self) -> Iterator[int]:
        """Those that ever moved while they were looked at: only these can be seen to freeze."""
        for index in range(len(self.points)):
            counts = [shown[index].changes for _, shown in self.looks]
            if any(earlier != later for earlier, later in pairwise(counts)):
                yield index


def bench_frozen(
    envelopes: Sequence[Envelope],
    origin: str,
    seeds: Iterable[int] = SEEDS,
    span: Millis = HOUR,
) -> Report:
    """Stop each sensor of a recording that is played round and round, and wait until it is named.

    Args:
        envelopes: The recording, whole; its sensors are taken for healthy.
        origin: Where it came from, for the report.
        seeds: Of the simulated plants in which nothing is frozen.
        span: For how long these run.
    """
    report = Report("frozen", f"{origin}: each sensor that has neighbours stopped in turn")
    groups = _groups(round_and_round(envelopes, Millis(2 * FIVE_MINUTES)))
    report.add("healthy sensors accused", sum(map(_accused, groups)), "", 0, "lower")
    half = length(envelopes) // 2
    _stop_all(report, groups, "half of it known, to its end", half, length(envelopes) - half)
    _stop_all(report, groups, "half of it known, and on", half, FIVE_MINUTES)
    _stop_all(report, groups, "5 min of it known", FIVE_MINUTES, FIVE_MINUTES)
    plants = [_groups(Plant(RACKS, each).recording(START, after(START, span))) for each in seeds]
    accused = sum(_accused(group) for plant in plants for group in plant)
    name = f"{len(plants)} plants, {span / HOUR:g} h each: healthy sensors accused"
    report.add(name, accused, "", 0, "lower")
    return report


def _stop_all(report: Report, groups: list[Group], known: str, at: int, within: int) -> None:
    took: list[int] = []
    stopped = others = 0
    for group in groups:
        for index in group.moving():
            began = group.looks[0][0] + at
            found = [(when, each) for when, each in _findings(group, index, Instant(began))]
            right = [when for when, each in found if _is_of(each, group.points[index])]
            stopped += 1
            others += any(not _is_of(each, group.points[index]) for _, each in found)
            if right and right[0] - began <= within:
                took.append(right[0] - began)
    report.add(f"{known}: stopped", stopped, "")
    report.add(f"{known}: named in {within / 1000:.0f} s", len(took) / max(1, stopped) * 100, "%")
    report.add(f"{known}: took, median", median(took) / 1000 if took else 0.0, "s")
    report.add(f"{known}: others accused", others, "", 0, "lower")


def _is_of(finding: Finding, point: Point) -> bool:
    return (finding.entity, finding.suspect) == (point.entity, point.point_type)


def _accused(group: Group) -> int:
    return len({each.entity for _, each in _findings(group)})


def _findings(
    group: Group, stopped: int | None = None, at: Instant = NEVER
) -> Iterator[tuple[Instant, Finding]]:
    """What is found at each look, where one of the group counts no change any more from ``at``."""
    states = [PointState(point) for point in group.points]
    stillness = Stillness(states)
    for now, shown in group.looks:
        for index, (state, each) in enumerate(zip(states, shown, strict=True)):
            state.value, state.freshness, state.bad = each.value, each.freshness, each.bad
            if index != stopped or now < at:
                state.changes = each.changes
        for finding in stillness.sample(now):
            yield now, finding


def _groups(envelopes: Iterable[Envelope]) -> list[Group]:
    """All neighbours of a fleet that takes in ``envelopes``, whatever they showed on the way."""
    intake = Intake(Fleet())
    looks: list[tuple[Instant, Mapping[PointState, Shown]]] = []
    next_at: Instant | None = None
    for topic, payload, at, _ in envelopes:
        next_at = Instant(at - at % LOOK + LOOK) if next_at is None else next_at
        while next_at <= at:
            intake.fleet.advance(next_at)
            looks.append((next_at, {each: _shown(each) for each in intake.fleet.points()}))
            next_at = after(next_at, LOOK)
        intake.take(topic, payload, at)
    fleet = intake.fleet
    found: dict[Key, list[PointState]] = neighbours(
        [*fleet.racks(), *fleet.equipment()], fleet.topology
    )
    nothing = Shown(None, 0, Freshness.UNHEARD, bad=False)
    return [
        Group(
            [state.point for state in states],
            [(now, [seen.get(state, nothing) for state in states]) for now, seen in looks],
        )
        for states in found.values()
    ]


def _shown(state: PointState) -> Shown:
    return Shown(state.value, state.changes, state.freshness, state.bad)
