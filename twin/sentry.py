"""Sentry: brings what happens to points, publishers and findings before the fault engine."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from twin.changes import (
    Change,
    FaultChanged,
    FindingChanged,
    PointRetracted,
    PointStale,
    PublisherChanged,
)
from twin.entities import Entity
from twin.fault import FINE, UNKNOWN, Judged, Key
from twin.faults.engine import Faults
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PointState, PublisherId
from twin.publishers import HEARTBEATS
from twin.severity import Severity
from twin.watch.data import BAD, STALE, of_finding, of_publisher
from twin.watch.trips import trip, tripped


class Told(NamedTuple):
    """What a point said that may raise or clear a fault at once."""

    state: PointState
    value: float | None
    """None where it is not to be trusted."""
    late: bool = False
    """It was so for a while, and is something else now."""


class Sentry:
    """Judges at once what cannot wait for the next look.

    Args:
        faults: The engine.
        entities: All there are, as they come and go.
    """

    def __init__(self, faults: Faults, entities: Mapping[EntityId, Entity]) -> None:
        self.faults = faults
        self._entities = entities
        self._silent: dict[tuple[EntityId, PublisherId], set[PointId]] = {}

    def heed(self, changes: Iterable[Change]) -> list[FaultChanged]:
        """Judge what changed, each at its own instant."""
        out: list[FaultChanged] = []
        for change in changes:
            if isinstance(change, PointStale):
                out += self._silence(change)
            elif isinstance(change, PublisherChanged):
                out += self.faults.judge(*of_publisher(change), change.at)
            elif isinstance(change, FindingChanged):
                out += self.faults.judge(*of_finding(change), change.at)
            elif isinstance(change, PointRetracted):
                out += self._retract(change)
        return out

    def tell(self, told: Iterable[Told], at: Instant) -> list[FaultChanged]:
        """Judge what points said ``at``."""
        out: list[FaultChanged] = []
        for state, value, late in told:
            entity = self._entities[state.point.entity]
            if not late:
                out += self._heard(state, at)
            if state.trips:
                verdict = trip(self.faults.rules, entity, state, value, late=late)
                if verdict is not None:
                    out += self.faults.judge(*verdict, at)
                if late:
                    for key, judged in tripped(
                        self.faults.rules, entity, self.faults.on(entity.id)
                    ):
                        out += self.faults.judge(key, judged, at)
        return out

    def _heard(self, state: PointState, at: Instant) -> list[FaultChanged]:
        """That a point is heard, and whether its publisher trusts what it tells."""
        point = state.point
        out: list[FaultChanged] = []
        silent = self._silent.get((point.entity, point.publisher))
        if silent is not None:
            silent.discard(point.id)
            if not silent:
                del self._silent[point.entity, point.publisher]
        if silent is None or not silent:
            out += self.faults.judge(_stale(point), FINE, at)
        bad = Key(BAD, point.entity, point.id)
        if state.bad:
            why = "no value" if state.value is None else f"quality {state.quality}"
            said = f"{point.id}: {why}"
            judged = Judged(Severity.WARNING, state.value, None, point.unit, point.id, said)
            out += self.faults.judge(bad, judged, at)
        else:
            out += self.faults.judge(bad, FINE, at)
        return out

    def _silence(self, change: PointStale) -> list[FaultChanged]:
        """That a point is silent: one fault for all that one publisher tells of an entity."""
        point, at = change.point, change.at
        if point.point_type in HEARTBEATS:
            return []  # told as its publisher's
        self._silent.setdefault((point.entity, point.publisher), set()).add(point.id)
        by = EntityId(point.publisher)
        said = f"nothing heard of {point.point_type} past its deadline"
        judged = Judged(Severity.WARNING, point=point.id, message=said, publisher=by)
        out = [*self.faults.judge(_stale(point), judged, at)]
        for key in self._of(point):
            out += self.faults.judge(key, UNKNOWN, at)
        return out

    def _retract(self, change: PointRetracted) -> list[FaultChanged]:
        point, at = change.point, change.at
        if point.entity not in self._entities:
            self._silent.pop((point.entity, point.publisher), None)
            return [*self.faults.remove(point.entity, at)]
        out: list[FaultChanged] = []
        for key in self._of(point):
            out += self.faults.remove(key, at)
        silent = self._silent.get((point.entity, point.publisher), set())
        silent.discard(point.id)
        if not silent:
            out += self.faults.judge(_stale(point), FINE, at)
        return out

    def _of(self, point: Point) -> list[Key]:
        """The faults that one point alone tells of."""
        return [key for key in self.faults.on(point.entity) if key.qualifier == point.id]


def _stale(point: Point) -> Key:
    return Key(STALE, point.entity, point.publisher)
