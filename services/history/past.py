"""Past: the fleet as it was at an instant, made of what history keeps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import isnan
from typing import Final, TypeVar

import msgspec

from schemas.faults import FaultView, books_of
from services.history.block import Block, Row
from services.history.rows import FAULT, FRESHNESS, LEVELS, OBJECT
from services.history.store import Store
from twin.bygone import Bygone
from twin.faults.engine import Faults
from twin.finding import Finding
from twin.fleet import Fleet
from twin.hearing import LOST_AFTER, STALE_AFTER
from twin.held import Standing
from twin.instants import Instant, after
from twin.points import Freshness, Point, PointId, Reading
from twin.publishers import Publisher
from twin.steps import Steps

T = TypeVar("T")

PART: Final = 20
"""Points or readings that are taken at once: some 0.3 ms."""

_MANY: Final = 10_000
"""Rows that are taken out of a block at once: 2 ms."""

_FRESHNESS: Final = {level: freshness for freshness, level in LEVELS.items()}
_finding: Final = msgspec.json.Decoder(Finding)


class Past:
    """What a store knows of how the fleet was.

    Args:
        store: It is asked.
        live: The fleet of now, whose places, ratings and rules hold for then as well.
    """

    def __init__(self, store: Store, live: Fleet) -> None:
        self._store = store
        self._live = live

    async def fleet(self, at: Instant) -> Steps[Fleet] | None:
        """How to make the fleet as it was at an instant; None where nothing is known of then.

        Raises:
            HistoryError: The store cannot answer.
        """
        block = await self._store.latest(at)
        return recalled(block, self._live, at) if block.rows else None


@dataclass(slots=True)
class _Told:
    """What was known at an instant, each thing as it was told last."""

    until: Instant
    """When anything was heard last."""
    readings: dict[PointId, Row] = field(default_factory=dict)
    """In order of receipt."""
    heard: dict[str, tuple[Freshness, Instant]] = field(default_factory=dict)
    """By point, hearts among them."""
    faults: list[FaultView] = field(default_factory=list)
    findings: list[Standing] = field(default_factory=list)

    def take(self, row: Row) -> None:
        """Take one thing more."""
        kind = row.point.object_type
        if kind == FRESHNESS:
            whose = row.point.id.removeprefix(f"{FRESHNESS}/")
            self.heard[whose] = _FRESHNESS[int(row.value or 0)], row.received_at
        elif kind == FAULT:
            self.faults.append(FaultView.model_validate_json(row.text))
        elif kind != OBJECT:
            self.readings.pop(row.point.id, None)
            self.readings[row.point.id] = row
        elif row.text and row.value:
            self.findings.append(Standing(_finding.decode(row.text), row.measured_at))

    def is_(self, freshness: Freshness, row: Row) -> bool:
        """Whether that is what was said of a point since it was read last, or as it was."""
        said = self.heard.get(row.point.id)
        return said is not None and said[0] is freshness and said[1] >= row.received_at

    def lives(self, row: Row, hearts: Iterable[Publisher]) -> bool:
        """Whether a point was said to be live, by those who hear a heart now that beats for it.

        Who starts anew does not say of anybody that he is not heard any more.
        """
        said = self.heard.get(row.point.id)
        return (
            said is not None
            and said[0] is Freshness.LIVE
            and any(
                heart.freshness is Freshness.LIVE
                and heart.heartbeat in self.heard
                and said[1] >= self.heard[heart.heartbeat][1] - LOST_AFTER
                and heart.vouches_for(row.point)
                for heart in hearts
            )
        )


def recalled(block: Block, live: Fleet, at: Instant) -> Steps[Fleet]:
    """The fleet as it was at an instant, made in small parts.

    Points are described as history has them, those it says little of or nothing as they are now.
    Readings go the one way; but what was told of faults and findings then stands as it was told.

    Args:
        block: The last reading of every series that was known then, in order of receipt.
        live: The fleet of now.
        at: The instant.
    """
    told = _Told(Instant(int(block.received_at[-1])))
    for part in _parts(_rows(block)):
        for row in part:
            told.take(row)
        yield
    fleet = Bygone(live.coolant)
    fleet.configure(live.site)
    yield from _describe(fleet, told, live, at)
    yield from fleet.connect()
    yield from _read(fleet, told, at)
    yield from _fall_silent(fleet, told, at)
    faults = Faults(live.faults.rules, fleet.topology, books_of(told.faults, at))
    yield from fleet.recall(faults, told.findings, at)
    return fleet


def _read(fleet: Bygone, told: _Told, at: Instant) -> Steps[None]:
    """Take what was read until then; and what was heard since, without a word of news."""
    for rows in _parts(told.readings.values()):
        for row in rows:
            if not told.is_(Freshness.UNHEARD, row):
                fleet.recollect(_reading(row), row.received_at)
        yield
    fleet.fall_silent(told.until)
    hearts = fleet.publishers()
    for rows in _parts(told.readings.values()):
        for row in rows:
            if row.received_at + STALE_AFTER <= at and told.lives(row, hearts):
                fleet.repeat(row.point.id, told.until)
        yield


def _fall_silent(fleet: Bygone, told: _Told, at: Instant) -> Steps[None]:
    for rows in _parts(told.readings.values()):
        silent = [row.point.id for row in rows if told.is_(Freshness.STALE, row)]
        fleet.fall_silent(min(at, after(rows[-1].received_at, STALE_AFTER)), silent)
        yield
    fleet.fall_silent(at)


def _describe(fleet: Bygone, told: _Told, live: Fleet, at: Instant) -> Steps[None]:
    """Describe what was read, and of the rest what was described then, or before this process."""
    states = list(live.points())  # it goes on
    until = max(at, min((state.described_at for state in states), default=at))
    for rows in _parts(told.readings.values()):
        for row in rows:
            point = _described(row, told, live)
            if point is not None:
                fleet.describe(point, at)
        yield
    for part in _parts(states):
        for state in part:
            if state.point.id not in told.readings and state.described_at <= until:
                fleet.describe(state.point, at)
        yield


def _described(row: Row, told: _Told, live: Fleet) -> Point | None:
    """The point of a reading; one that was taken back since is none, unless it is there again."""
    point, now = row.point, live.point(row.point.id)
    if now is None:
        return None if told.is_(Freshness.UNHEARD, row) else point
    return now.point if _is_bare(point) and _alike(point, now.point) else point


def _is_bare(point: Point) -> bool:
    """Whether no more is known than what makes a series: not every store keeps all."""
    return not (point.name or point.states or point.serves or point.associated or point.scope)


def _alike(point: Point, now: Point) -> bool:
    return (point.entity, point.unit, point.is_setpoint) == (now.entity, now.unit, now.is_setpoint)


def _reading(row: Row) -> Reading:
    point = row.point
    return Reading(point.id, point.publisher, row.value, row.quality, row.measured_at)


def _rows(block: Block) -> Iterator[Row]:
    for start in range(0, block.rows, _MANY):
        some = slice(start, start + _MANY)
        columns = zip(
            range(start, block.rows),
            block.point[some].tolist(),
            block.value[some].tolist(),
            block.quality[some].tolist(),
            block.measured_at[some].tolist(),
            block.received_at[some].tolist(),
            strict=False,
        )
        for number, place, value, quality, measured_at, received_at in columns:
            known = None if isnan(value) else value
            text = block.texts.get(number, "")
            yield Row(block.points[place], known, quality, measured_at, received_at, text)


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, PART)):
        yield part
