"""Sentry: brings what happens to points, publishers and findings before the fault engine."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from twin.changes import (
    Change,
    FaultChanged,
    FindingChanged,
    PointDescribed,
    PointRetracted,
    PointStale,
    PublisherChanged,
)
from twin.entities import Entity
from twin.fault import FINE, UNKNOWN, Judged, Key
from twin.faults.engine import NOTHING, Changed, Faults
from twin.instants import Instant
from twin.points import EntityId, Freshness, Point, PointId, PointState, PublisherId
from twin.publishers import HEARTBEATS, Publisher
from twin.severity import Severity
from twin.voices import Voices
from twin.watch.data import (
    BAD,
    STALE,
    VALUES,
    key_of_heart,
    of_doubt,
    of_finding,
    of_publisher,
    of_values,
)
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
        hearts: By which publishers say that they live, as they come and go.
    """

    def __init__(
        self,
        faults: Faults,
        entities: Mapping[EntityId, Entity],
        hearts: Mapping[PointId, Publisher],
    ) -> None:
        self.faults = faults
        self._entities = entities
        self._hearts = hearts
        self._silent: dict[tuple[EntityId, PublisherId], set[PointId]] = {}
        self._voices = Voices(entities)
        self._dumb: dict[PublisherId, set[Key]] = {}

    def heed(self, changes: Iterable[Change]) -> list[FaultChanged]:
        """Judge what changed, each at its own instant."""
        out: list[FaultChanged] = []
        for change in changes:
            if isinstance(change, PointStale):
                out += self._silence(change)
            elif isinstance(change, PublisherChanged):
                out += self._beat(change)
            elif isinstance(change, FindingChanged):
                out += self.faults.judge(*of_finding(change), change.at)
            elif isinstance(change, PointRetracted):
                out += self._retract(change)
            elif isinstance(change, PointDescribed) and change.before is not None:
                out += self._redescribe(change.before, change.point, change.at)
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
        out += self._speaks(state, at)
        bad = Key(BAD, point.entity, point.id)
        if state.bad:
            why = "no value" if state.value is None else f"quality {state.quality}"
            said = f"{point.id}: {why}"
            by = EntityId(point.publisher)
            judged = Judged(
                Severity.WARNING, state.value, None, point.unit, point.id, said, publisher=by
            )
            out += self.faults.judge(bad, judged, at)
        else:
            out += self.faults.judge(bad, FINE, at)
        return out

    def _speaks(self, state: PointState, at: Instant) -> Iterable[FaultChanged]:
        """That a publisher tells something, and whether it trusts most of what it tells."""
        if state.heartbeat:
            return
        publisher = state.point.publisher
        by = EntityId(publisher)
        yield from self.faults.judge(*of_values(by, told=True), at)
        for key in sorted(self._dumb.pop(publisher, ())):
            yield from self.faults.judge(key, FINE, at)
        self._voices.trusts(state)
        yield from self.faults.judge(*of_doubt(by, self._voices.doubted(publisher)), at)

    def _silence(self, change: PointStale) -> list[FaultChanged]:
        """That a point is silent: one fault for all that one publisher tells of an entity."""
        point, at = change.point, change.at
        if point.point_type in HEARTBEATS:
            return []  # told as its publisher's
        self._silent.setdefault((point.entity, point.publisher), set()).add(point.id)
        by = EntityId(point.publisher)
        said = f"nothing heard of {point.point_type} past its deadline"
        hearts = [each for each in self._hearts.values() if each.id == point.publisher]
        scopes = {VALUES, *(each.scope or "" for each in hearts if each.vouches_for(point))}
        judged = Judged(
            Severity.WARNING,
            point=point.id,
            message=said,
            publisher=by,
            scopes=tuple(sorted(scopes)),
        )
        out = list[FaultChanged]()
        beats = all(each.freshness is not Freshness.STALE for each in hearts)
        if beats and self._voices.mute(point.publisher, at):
            out += self.faults.judge(*of_values(by, told=False), at)
        out += self.faults.judge(_stale(point), judged, at)
        for key in self._of(point):
            out += self.faults.judge(key, UNKNOWN, at)
        return out

    def _beat(self, change: PublisherChanged) -> Changed:
        """That a heart beats or does not: of several of one scope, whether all of them do."""
        key, judged = of_publisher(change)
        if change.freshness is Freshness.LIVE:
            if self._lost(key, change.heart):
                return NOTHING
            heart = self._hearts[change.heart.id]
            if key in self.faults.on(key.entity) and self._voices.dumb(heart):
                self._dumb.setdefault(heart.id, set()).add(key)
                return NOTHING
        return self.faults.judge(key, judged, change.at)

    def _lost(self, key: Key, but: Point) -> bool:
        """Whether a heart of a fault's is lost, another one aside."""
        return any(
            each.freshness is Freshness.STALE
            for each in self._hearts.values()
            if each.heartbeat != but.id and key_of_heart(each.point) == key
        )

    def _redescribe(self, before: Point, heart: Point, at: Instant) -> Changed:
        """That a heart beats for something else than it did, or for as much as before."""
        if heart.point_type not in HEARTBEATS or key_of_heart(heart) == key_of_heart(before):
            return NOTHING
        stopped = self._stop(before, at)
        if self._hearts[heart.id].freshness is not Freshness.STALE:
            return stopped
        return (*stopped, *self._beat(PublisherChanged(heart, Freshness.STALE, at)))

    def _stop(self, heart: Point, at: Instant) -> Changed:
        """That a heart is none any more."""
        key = key_of_heart(heart)
        return NOTHING if self._lost(key, heart) else self.faults.remove(key, at)

    def _retract(self, change: PointRetracted) -> list[FaultChanged]:
        point, at = change.point, change.at
        out: list[FaultChanged] = []
        self._voices.forget(point.id, point.publisher)
        if point.point_type in HEARTBEATS:
            out += self._stop(point, at)
        if point.entity not in self._entities:
            self._silent.pop((point.entity, point.publisher), None)
            return [*out, *self.faults.remove(point.entity, at)]
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
