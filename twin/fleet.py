"""Fleet: every point we were told of, folded from messages."""

from collections import Counter
from collections.abc import Iterable, Iterator, KeysView
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
from twin.entities import RACK, Entity, PointCounts
from twin.instants import NEVER, Instant, Millis, after
from twin.points import (
    GOOD_QUALITY,
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
from twin.site import UNWRITTEN, Site
from twin.thermal import Coolant
from twin.topology import Domain, Topology, domain_of
from twin.waiting import Waiting

STALE_AFTER: Final = Millis(250_000)
"""Two missed repeats of the contract's 100 s, and half a one of slack."""

LOST_AFTER: Final = Millis(30_000)
"""Three missed heartbeats of the contract's 10 s."""

AHEAD_AT_MOST: Final = Millis(5_000)
"""How far a source's clock may run ahead before its time stops ruling what is late."""

Message = Point | Reading | Retraction

_tuple: Final = tuple.__new__


@dataclass(slots=True)
class Counters:
    """What became of the messages that were understood."""

    applied: int = 0
    duplicate: int = 0
    """Readings that stood there already, to the millisecond: heard, but nothing new."""
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

    Only ``apply`` and ``advance`` change its state. Both are synchronous and deterministic: time
    is an argument, and what is returned is all that happened. ``configure`` changes how it is
    looked at, and nothing else.
    """

    def __init__(self, coolant: Coolant = Coolant.PG25) -> None:
        self.coolant = coolant
        self.site = UNWRITTEN
        """What is written down of it; replaced by ``configure``."""
        self.now: Instant = Instant(0)
        self.counters = Counters()
        self.topology = Topology()
        self._points: dict[PointId, PointState] = {}
        self.known: KeysView[PointId] = self._points.keys()
        """The ids of all points."""
        self._entities: dict[EntityId, Entity] = {}
        self._publishers: dict[PointId, Publisher] = {}
        self._deadlines = Deadlines()
        self._waiting = Waiting()
        self._freshness: Counter[Freshness] = Counter()
        self._bad = 0

    # -- the two mutators ------------------------------------------------------------------------

    def apply(self, message: Message, at: Instant) -> Changes:
        """Fold in one message that was received ``at``, up to which time has passed already."""
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

    def configure(self, site: Site) -> set[EntityId]:
        """Take what is written down from ``site`` now; whose documents that alters.

        Those are the entities of which something else is written, and all that these serve.
        """
        before, self.site = self.site, site
        found = site.differing(before)
        held = site.holds()
        for place in before.holds().keys() | held.keys():
            self.topology.connect(place, Domain.PLACE, held.get(place, ()))
        if site.coolant is not before.coolant:
            found.update(self._entities)
        for start in tuple(found):
            for domain in (Domain.POWER, Domain.LIQUID):
                found.update(self.topology.downstream(start, domain))
        return found & self._entities.keys()

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
        return self._view(found)

    def views(self) -> Iterator[Rack]:
        """The views of all racks, in order of id, each worked out when it is taken."""
        return map(self._view, self.racks())

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

    def _view(self, rack: Entity) -> Rack:
        return rack_of(rack, self.topology, self.entity, self.coolant, self.site)

    def _sorted(self) -> list[Entity]:
        return [self._entities[key] for key in sorted(self._entities)]

    # -- readings --------------------------------------------------------------------------------

    def _take(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        if reading.publisher != state.point.publisher:
            self.counters.wrong_publisher += 1
            return ()
        freshness = state.freshness
        if freshness is not Freshness.UNHEARD:
            measured_at = reading.measured_at
            if measured_at < state.ordered_at:
                self.counters.late += 1
                return (ReadingLate(state.point, reading, at),)
            if (
                measured_at == state.measured_at
                and reading.value == state.value
                and reading.quality == state.quality
            ):
                self.counters.duplicate += 1
                state.heard_at = at
                return () if freshness is Freshness.LIVE else self._revive(state, reading, at)
        self.counters.applied += 1
        return self._hold(state, reading, at)

    def _hold(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        state.measured_at = state.ordered_at = reading.measured_at
        state.received_at = state.heard_at = at
        if reading.measured_at > at + AHEAD_AT_MOST:
            self.counters.ahead += 1
            state.ordered_at = after(at, AHEAD_AT_MOST)
        value, quality = reading.value, reading.quality
        live = state.freshness is Freshness.LIVE
        changed = not live or value != state.value or quality != state.quality
        if changed:
            if quality != GOOD_QUALITY or value is None or state.bad:
                self._bad += (bad := quality != GOOD_QUALITY or value is None) - state.bad
                state.bad = bad
            state.value = value
            state.quality = quality
            if not live:
                return self._revive(state, reading, at)
        # The tuple itself: the class's own __new__ would cost a tenth of the whole fold.
        return (_tuple(ReadingTaken, (state.point, reading, at, changed)),)

    def _revive(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        self._set(state, Freshness.LIVE)
        self._schedule(state)
        taken = ReadingTaken(state.point, reading, at, changed=True)
        if not state.heartbeat:
            return (taken,)
        return (taken, PublisherChanged(state.point.publisher, Freshness.LIVE, at))

    # -- metadata --------------------------------------------------------------------------------

    def _describe(self, point: Point, at: Instant) -> Iterator[Change]:
        self.counters.applied += 1
        state = self._points.get(point.id)
        before: Point | None = None
        if state is None:
            state = self._points[point.id] = PointState(point)
            state.heartbeat = point.point_type in HEARTBEATS
            self._freshness[Freshness.UNHEARD] += 1
        elif state.point == point:
            return
        else:
            before = state.point
            if before.entity != point.entity:
                yield PointRetracted(before, at)
            self._detach(state)
            if not point.means_as(before):
                self._forget(state)
        self._attach(state, point)
        yield PointDescribed(point, at, before)
        yield from self._release(state, at)

    def _release(self, state: PointState, now: Instant) -> Iterator[Change]:
        """Take the readings that waited for their metadata as if it had been there in time."""
        for reading, came in self._waiting.release(state.point.id):
            yield from self._lapse(state, came)
            yield from self._take(state, reading, came)
        yield from self._lapse(state, now)

    def _lapse(self, state: PointState, now: Instant) -> Iterator[Change]:
        """Let a point fall due that was not known when it should have."""
        if state.freshness is Freshness.LIVE:
            due = min(self._deadline(state), self._lost_at(state))
            if due <= now:
                yield from self._silence(state, due)

    def _lost_at(self, state: PointState) -> Instant:
        """When the publisher of a point was lost, since the point was heard."""
        return min(
            (
                publisher.lost_at
                for publisher in self._publishers.values()
                if publisher.lost_at > state.heard_at
                and not state.heartbeat
                and publisher.vouches_for(state.point)
            ),
            default=NEVER,
        )

    def _retract(self, key: PointId, at: Instant) -> Changes:
        self.counters.applied += 1
        state = self._points.pop(key, None)
        if state is None:
            return ()
        self._forget(state)
        self._freshness[Freshness.UNHEARD] -= 1
        self._publishers.pop(key, None)
        self._detach(state)
        return (PointRetracted(state.point, at),)

    def _attach(self, state: PointState, point: Point) -> None:
        state.point = point
        entity = self._entities.get(point.entity)
        if entity is None:
            entity = self._entities[point.entity] = Entity(point.entity)
        entity.attach(state)
        self._connect(entity, point)
        if state.heartbeat and state.freshness is Freshness.UNHEARD:
            self._publishers[point.id] = Publisher(state)

    def _detach(self, state: PointState) -> None:
        point = state.point
        entity = self._entities[point.entity]
        entity.detach(point.id)
        self._connect(entity, point)
        if not entity.points:
            del self._entities[entity.id]

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
            if state.freshness is Freshness.LIVE:
                deadline = self._deadline(state)
                if deadline > now:
                    self._schedule(state)
                else:
                    due.append((deadline, not state.heartbeat, state.point.id, state))
        due.sort(key=lambda entry: entry[:3])  # at one instant the cause before its effects
        changes: list[Change] = []
        for deadline, _, _, state in due:
            if state.freshness is Freshness.LIVE:  # not already silenced with its publisher
                changes += self._silence(state, deadline)
        return tuple(changes)

    def _silence(self, state: PointState, at: Instant) -> Iterator[Change]:
        self._set(state, Freshness.STALE)
        yield PointStale(state.point, at)
        if state.heartbeat:
            publisher = self._publishers[state.point.id]
            publisher.lost_at = at
            yield PublisherChanged(publisher.id, Freshness.STALE, at)
            for other in self._unvouched(publisher):
                self._set(other, Freshness.STALE)
                yield PointStale(other.point, at)

    def _unvouched(self, publisher: Publisher) -> list[PointState]:
        """The points that were not heard since their publisher was lost, in order of id."""
        silent = (
            state
            for state in self._points.values()
            if state.freshness is Freshness.LIVE
            and state.heard_at < publisher.lost_at
            and not state.heartbeat
            and publisher.vouches_for(state.point)
        )
        return sorted(silent, key=lambda state: state.point.id)

    def _deadline(self, state: PointState) -> Instant:
        return after(state.heard_at, LOST_AFTER if state.heartbeat else STALE_AFTER)

    def _schedule(self, state: PointState) -> None:
        if not state.scheduled:
            state.scheduled = True
            self._deadlines.add(self._deadline(state), state)

    def _set(self, state: PointState, freshness: Freshness) -> None:
        self._freshness[state.freshness] -= 1
        self._freshness[freshness] += 1
        state.freshness = freshness

    def _forget(self, state: PointState) -> None:
        self._bad -= state.bad
        self._set(state, Freshness.UNHEARD)
        state.forget()
