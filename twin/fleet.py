"""Fleet: every point we were told of, folded from messages; changed by ``apply`` and ``advance``."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from twin.changes import (
    Change,
    Changes,
    PointDescribed,
    PointRetracted,
    PointStale,
    PublisherChanged,
    ReadingLate,
    ReadingTaken,
)
from twin.deadlines import Deadlines
from twin.entities import RACK, Entity, PointCounts, is_bad
from twin.instants import Instant, Millis, after
from twin.points import (
    EntityId,
    Freshness,
    Point,
    PointId,
    PointState,
    Reading,
    Retraction,
)
from twin.publishers import HEARTBEATS, Publisher
from twin.racks import Rack, rack_of
from twin.thermal import Coolant
from twin.topology import Topology, domain_of
from twin.waiting import Waiting

STALE_AFTER: Final = Millis(250_000)
"""Two missed repeats of the contract's 100 s, and half a one of slack."""

LOST_AFTER: Final = Millis(30_000)
"""Three missed heartbeats of the contract's 10 s."""

AHEAD_AT_MOST: Final = Millis(5_000)
"""How far a source's clock may run ahead before its time stops ruling what is late."""

Message = Point | Reading | Retraction


@dataclass(slots=True)
class Counters:
    """What became of the messages that were understood."""

    applied: int = 0
    duplicate: int = 0
    """Readings that stood there already, to the millisecond."""
    late: int = 0
    """Readings measured before the one that stands there."""
    unmatched: int = 0
    """Readings that came before their metadata, or that never get any."""
    unmatched_lost: int = 0
    """Of those, the ones that there was no room to keep."""
    wrong_publisher: int = 0
    """Readings of a point that another publisher owns."""
    ahead: int = 0
    """Readings from a clock that runs ahead of ours."""


class Fleet:
    """The live model of all racks and of what feeds and cools them.

    Synchronous and deterministic: time is an argument, and what is returned is all that happened.
    """

    def __init__(self, coolant: Coolant = Coolant.PG25) -> None:
        self.coolant = coolant
        self.now: Instant = Instant(0)
        self.counters = Counters()
        self.topology = Topology()
        self._points: dict[PointId, PointState] = {}
        self._entities: dict[EntityId, Entity] = {}
        self._publishers: dict[PointId, Publisher] = {}
        self._deadlines = Deadlines()
        self._waiting = Waiting()
        self._freshness: Counter[Freshness] = Counter()
        self._bad = 0

    # -- the two mutators ------------------------------------------------------------------------

    def apply(self, message: Message, at: Instant) -> Changes:
        """Fold in one message that was received ``at``."""
        if type(message) is Reading:
            state = self._points.get(message.point)
            if state is None:
                self.counters.unmatched += 1
                self.counters.unmatched_lost += self._waiting.keep(message, at)
                return ()
            return self._take(state, message, at)
        if isinstance(message, Point):
            return tuple(self._describe(message, at))
        assert isinstance(message, Retraction)
        return self._retract(message.point, at)

    def advance(self, now: Instant) -> Changes:
        """Let time pass until ``now``: everything that fell due, at its own deadline, in order."""
        self.now = max(self.now, now)
        if now < self._deadlines.next_at:
            return ()
        return self._fall_due(now)

    # -- what is asked of it ---------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._points)

    def point(self, point: PointId) -> PointState | None:
        """One point with its reading."""
        return self._points.get(point)

    def points(self) -> Iterable[PointState]:
        """All points, in no order."""
        return self._points.values()

    def entity(self, entity: EntityId) -> Entity | None:
        """One rack or piece of equipment."""
        return self._entities.get(entity)

    def racks(self) -> Iterator[Entity]:
        """All racks, in order of id."""
        return (each for each in self._sorted() if each.kind == RACK)

    def equipment(self) -> Iterator[Entity]:
        """All that is no rack, in order of id."""
        return (each for each in self._sorted() if each.kind != RACK)

    def rack(self, entity: EntityId) -> Rack | None:
        """The view of one rack; None where there is no such rack."""
        found = self._entities.get(entity)
        if found is None or found.kind != RACK:
            return None
        return rack_of(found, self.topology, self.entity, self.coolant)

    def publishers(self) -> list[Publisher]:
        """Every publisher with a heartbeat, in order of its point."""
        return [self._publishers[key] for key in sorted(self._publishers)]

    @property
    def counts(self) -> PointCounts:
        """All points by freshness."""
        return PointCounts(
            live=self._freshness[Freshness.LIVE],
            stale=self._freshness[Freshness.STALE],
            unheard=self._freshness[Freshness.UNHEARD],
            bad=self._bad,
        )

    @property
    def waiting(self) -> int:
        """How many readings are kept for metadata that has not come."""
        return len(self._waiting)

    def _sorted(self) -> list[Entity]:
        return [self._entities[key] for key in sorted(self._entities)]

    # -- readings --------------------------------------------------------------------------------

    def _take(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        point = state.point
        if reading.publisher != point.publisher:
            self.counters.wrong_publisher += 1
            return ()
        freshness = state.freshness
        measured_at = reading.measured_at
        if freshness is not Freshness.UNHEARD:
            if measured_at < state.ordered_at:
                self.counters.late += 1
                return (ReadingLate(point, reading, at),)
            if (
                measured_at == state.measured_at
                and reading.value == state.value
                and reading.quality == state.quality
                and freshness is Freshness.LIVE
            ):
                self.counters.duplicate += 1
                state.heard_at = at
                return ()
        self.counters.applied += 1
        return self._hold(state, reading, at)

    def _hold(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        changed = (
            reading.value != state.value
            or reading.quality != state.quality
            or state.freshness is not Freshness.LIVE
        )
        if changed:
            self._bad -= is_bad(state)
        state.value = reading.value
        state.quality = reading.quality
        state.measured_at = state.ordered_at = reading.measured_at
        state.received_at = state.heard_at = at
        if reading.measured_at > at + AHEAD_AT_MOST:
            self.counters.ahead += 1
            state.ordered_at = after(at, AHEAD_AT_MOST)
        taken = ReadingTaken(state.point, reading, at, changed)
        if not changed and state.heartbeat is None:
            return (taken,)
        if state.freshness is not Freshness.LIVE:
            self._set(state, Freshness.LIVE)
            self._schedule(state)
        self._bad += changed and is_bad(state)
        return (taken, *self._beat(state, at)) if state.heartbeat is not None else (taken,)

    def _beat(self, state: PointState, at: Instant) -> Iterator[Change]:
        publisher = self._publishers[state.point.id]
        publisher.heard_at = at
        if publisher.freshness is not Freshness.LIVE:
            publisher.freshness = Freshness.LIVE
            yield PublisherChanged(publisher.id, Freshness.LIVE, at)

    # -- metadata --------------------------------------------------------------------------------

    def _describe(self, point: Point, at: Instant) -> Iterator[Change]:
        self.counters.applied += 1
        state = self._points.get(point.id)
        if state is None:
            state = self._points[point.id] = PointState(point)
            self._freshness[Freshness.UNHEARD] += 1
        elif state.point == point:
            return
        else:
            self._detach(state)
            if not point.means_as(state.point):
                self._forget(state)
        self._attach(state, point)
        yield PointDescribed(point, at)
        for reading, came in self._waiting.release(point.id):
            yield from self._take(state, reading, came)

    def _retract(self, key: PointId, at: Instant) -> Changes:
        self.counters.applied += 1
        state = self._points.pop(key, None)
        if state is None:
            return ()
        self._forget(state)
        self._freshness[Freshness.UNHEARD] -= 1
        self._detach(state)
        return (PointRetracted(state.point, at),)

    def _attach(self, state: PointState, point: Point) -> None:
        state.point = point
        entity = self._entities.get(point.entity)
        if entity is None:
            entity = self._entities[point.entity] = Entity(point.entity)
        entity.attach(state)
        self._connect(entity, point)
        if point.point_type in HEARTBEATS:
            name = point.name or point.entity
            beating = state.freshness, state.heard_at if state.freshness is Freshness.LIVE else None
            self._publishers[point.id] = Publisher(
                point.id, point.publisher, name, point.scope, *beating
            )
            state.heartbeat = self._publishers[point.id]

    def _detach(self, state: PointState) -> None:
        point = state.point
        entity = self._entities[point.entity]
        entity.detach(point.id)
        self._connect(entity, point)
        if not entity.points:
            del self._entities[entity.id]
        self._publishers.pop(point.id, None)
        state.heartbeat = None

    def _connect(self, entity: Entity, point: Point) -> None:
        domain = domain_of(point)
        if domain is not None:
            same = (s.point for s in entity.points.values() if domain_of(s.point) is domain)
            self.topology.connect(entity.id, domain, {end for p in same for end in p.serves})

    # -- time ------------------------------------------------------------------------------------

    def _fall_due(self, now: Instant) -> Changes:
        """Take what is due in order of deadline, so that one long step equals many short ones."""
        due: list[tuple[Instant, bool, PointId, PointState]] = []
        for state in self._deadlines.take(now):
            state.scheduled = False
            if state.freshness is Freshness.LIVE and self._points.get(state.point.id) is state:
                deadline = self._deadline(state)
                if deadline > now:
                    self._schedule(state)
                else:
                    due.append((deadline, state.heartbeat is None, state.point.id, state))
        due.sort(key=lambda entry: entry[:3])  # at one instant the cause before its effects
        changes: list[Change] = []
        for deadline, _, _, state in due:
            if state.freshness is Freshness.LIVE:  # not already silenced with its publisher
                changes += self._silence(state, deadline)
        return tuple(changes)

    def _silence(self, state: PointState, at: Instant) -> Iterator[Change]:
        self._set(state, Freshness.STALE)
        yield PointStale(state.point, at)
        if state.heartbeat is None:
            return
        publisher = self._publishers[state.point.id]
        publisher.freshness = Freshness.STALE
        yield PublisherChanged(publisher.id, Freshness.STALE, at)
        for other in self._vouched_for(publisher):
            if other.freshness is Freshness.LIVE and other.heard_at <= at:
                self._set(other, Freshness.STALE)
                yield PointStale(other.point, at)

    def _vouched_for(self, publisher: Publisher) -> Iterator[PointState]:
        for key in sorted(self._points):
            state = self._points[key]
            if state.heartbeat is None and publisher.vouches_for(state.point):
                yield state

    def _deadline(self, state: PointState) -> Instant:
        return after(state.heard_at, STALE_AFTER if state.heartbeat is None else LOST_AFTER)

    def _schedule(self, state: PointState) -> None:
        if not state.scheduled:
            state.scheduled = True
            self._deadlines.add(self._deadline(state), state)

    def _set(self, state: PointState, freshness: Freshness) -> None:
        self._freshness[state.freshness] -= 1
        self._freshness[freshness] += 1
        state.freshness = freshness

    def _forget(self, state: PointState) -> None:
        self._bad -= is_bad(state)
        self._set(state, Freshness.UNHEARD)
        state.forget()
