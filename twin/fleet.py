"""Fleet: every point we were told of, folded from messages."""

from collections.abc import Iterator
from typing import Final

from twin.audit import Audit
from twin.changes import (
    Change,
    Changes,
    PointDescribed,
    PointRetracted,
    PublisherChanged,
    ReadingLate,
    ReadingTaken,
)
from twin.entities import Entity
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.faults.thresholds import SiteRules
from twin.hearing import Hearing
from twin.instants import Instant, Millis, after
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
from twin.register import Register
from twin.sentry import Sentry, Told
from twin.site import Site
from twin.thermal import Coolant
from twin.topology import Domain, domain_of
from twin.watch.trips import trips

AHEAD_AT_MOST: Final = Millis(5_000)
"""How far a source's clock may run ahead before its time stops ruling what is late."""

Message = Point | Reading | Retraction

_LIVE: Final = Freshness.LIVE
_tuple: Final = tuple.__new__


class Fleet(Register):
    """The live model of all racks and of what feeds and cools them.

    Only ``apply`` and ``advance`` change its state, and ``hear``, the short way of most readings.
    They are synchronous and deterministic: time is an argument, and what is returned is all that
    happened. ``configure`` changes how it is looked at, and nothing else.
    """

    def __init__(self, coolant: Coolant = Coolant.PG25) -> None:
        super().__init__(coolant)
        self._hearing = Hearing(self._points, self._publishers, self._freshness)
        self.faults = Faults(CATALOGUE, self.topology)
        """What is wrong, and what was."""
        self.audit = Audit(self.topology, self._entities, coolant, self.faults)
        """Its balances, and what its readings cannot be."""
        self._sentry = Sentry(self.faults, self._entities, self._publishers)
        self._told: list[Told] = []
        self._next_at: Instant = Instant(0)

    # -- the mutators ----------------------------------------------------------------------------

    def apply(self, message: Message, at: Instant) -> Changes:
        """Fold in one message that was received ``at``, up to which time has passed already."""
        if type(message) is Reading:
            state = self._points.get(message.point)
            if state is None:
                self.counters.unmatched += 1
                self.counters.unmatched_lost += self._waiting.keep(message, at)
                return ()
            changes = self._take(state, message, at)
            return self._judged(changes, at) if self._told else changes
        if isinstance(message, Point):
            return self._judged(tuple(self._describe(message, at)), at)
        assert isinstance(message, Retraction)
        return self._judged(self._retract(message.point, at), at)

    def hear(  # what a reading is; to name them would cost a tenth of it
        self,
        state: PointState,
        value: float | None,
        quality: int,
        measured_at: Instant,
        at: Instant,
    ) -> ReadingTaken | None:
        """Fold in what the publisher of a point says, if it is no more than a number: most is.

        It does what ``apply`` does. Where more may come of it, for deadlines or faults, it does
        nothing and gives None: then it is for ``apply``.
        """
        if (
            state.freshness is not _LIVE
            or measured_at <= state.ordered_at
            or quality != GOOD_QUALITY
            or value is None
            or state.bad
            or state.trips
            or measured_at - at > AHEAD_AT_MOST
        ):
            return None
        self.counters.applied += 1
        changed = value != state.value
        if changed:
            state.value = value
            state.changes += 1
        state.measured_at = state.ordered_at = measured_at
        state.received_at = state.heard_at = at
        # The tuple itself: the class's own __new__ would cost a tenth of the whole fold.
        said = (state.point, value, quality, measured_at, at, changed, False)
        return _tuple(ReadingTaken, said)

    def hear_again(self) -> None:
        """Take note of a description that says, word by word, what is known."""
        self.counters.applied += 1

    def advance(self, now: Instant) -> Changes:
        """Let time pass until ``now``: everything that fell due, at its own deadline, in order."""
        self.now = max(self.now, now)
        return () if now < self._next_at else self._pass(now)

    def next_beat(self, now: Instant) -> Instant | None:
        """The next beat due by ``now`` that takes work; time may as well pass from beat to beat."""
        beat = self.audit.next_at
        idle = beat > now or (self.audit.idle and not self._freshness[Freshness.LIVE])
        return None if idle else beat

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
        self.audit.configure(site)
        for start in tuple(found):
            for domain in (Domain.POWER, Domain.LIQUID):
                found.update(self.topology.downstream(start, domain))
        return found & self._entities.keys()

    def govern(self, site: SiteRules, at: Instant) -> Changes:
        """Judge by other rules from ``at`` on: what no rule judges any more is closed."""
        changes = (
            *self.faults.configure(site.rules, at),
            *self.audit.govern(site.thresholds, at),
        )
        self._next_at = self._due_at()
        return changes

    def resume(self, faults: Faults, at: Instant) -> Changes:
        """Go on with the faults of the process before this one; what has no rule now is closed."""
        self.faults = self._sentry.faults = faults
        self.audit.resume(faults)
        changes = faults.configure(faults.rules, at)
        self._next_at = self._due_at()
        return changes

    # -- readings --------------------------------------------------------------------------------

    def _take(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        if reading.publisher != state.point.publisher:
            self.counters.wrong_publisher += 1
            return ()
        freshness = state.freshness
        if freshness is not Freshness.UNHEARD:
            measured_at = reading.measured_at
            if measured_at < state.ordered_at and not self._hearing.set_back(state, measured_at):
                self.counters.late += 1
                if state.trips:
                    good = reading.quality == GOOD_QUALITY
                    self._told.append(Told(state, reading.value if good else None, late=True))
                return (ReadingLate(state.point, *reading[2:], at),)
            if (
                measured_at == state.measured_at
                and reading.value == state.value
                and reading.quality == state.quality
            ):
                self.counters.duplicate += 1
                if state.heartbeat:
                    return ()  # the beat that it was heard with last is no new one
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
                if bad is not state.bad:
                    state.bad = bad
                    self._told.append(Told(state, None if bad else value))
            state.value = value
            state.quality = quality
            if not live:
                return self._revive(state, reading, at)
            state.changes += 1
            if state.trips:
                self._told.append(Told(state, None if state.bad else value))
        return (ReadingTaken(state.point, *reading[2:], at, changed),)

    def _revive(self, state: PointState, reading: Reading, at: Instant) -> Changes:
        if state.freshness is Freshness.UNHEARD:
            self.audit.wake(state, max(at, self.now))
        self._hearing.hear(state)
        self._told.append(Told(state, None if state.bad else reading.value))
        taken = ReadingTaken(state.point, *reading[2:], at, changed=True, revived=True)
        if not state.heartbeat:
            return (taken,)
        return (taken, PublisherChanged(state.point, Freshness.LIVE, at))

    # -- metadata --------------------------------------------------------------------------------

    def _describe(self, point: Point, at: Instant) -> Iterator[Change]:
        self.counters.applied += 1
        state = self._points.get(point.id)
        before: Point | None = None
        if state is None:
            state = self._found(point, at)
        elif state.point == point:
            return
        else:
            before = state.point
            if before.entity != point.entity:
                yield PointRetracted(before, at)
            self._detach(state)
            if not point.means_as(before):
                self._forget(state)
                state.described_at = at
        self._attach(state, point)
        yield PointDescribed(point, at, before)
        yield from self._release(state, at)

    def _release(self, state: PointState, now: Instant) -> Iterator[Change]:
        """Take the readings that waited for their metadata as if it had been there in time."""
        for reading, came in self._waiting.release(state.point.id):
            yield from self._hearing.lapse(state, came)
            yield from self._take(state, reading, came)
        yield from self._hearing.lapse(state, now)

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

    def _found(self, point: Point, at: Instant) -> PointState:
        """A point that is described for the first time."""
        state = self._points[point.id] = PointState(point)
        state.described_at = at
        state.heartbeat = point.point_type in HEARTBEATS
        self._freshness[Freshness.UNHEARD] += 1
        return state

    def _attach(self, state: PointState, point: Point) -> None:
        self._connect(self._seat(state, point), point)

    def _seat(self, state: PointState, point: Point) -> Entity:
        """Have a point be as described, and belong to its entity, which is returned."""
        state.point = point
        state.trips = trips(point)
        entity = self._entities.get(point.entity)
        if entity is None:
            entity = self._entities[point.entity] = Entity(point.entity)
            self._order = None
        entity.attach(state)
        self.audit.touch(entity.id)
        if state.heartbeat and state.freshness is Freshness.UNHEARD:
            self._publishers[point.id] = Publisher(state)
        return entity

    def _detach(self, state: PointState) -> None:
        point = state.point
        entity = self._entities[point.entity]
        entity.detach(point.id)
        self.audit.touch(entity.id)
        self._connect(entity, point)
        if not entity.points:
            del self._entities[entity.id]
            self._order = None

    def _connect(self, entity: Entity, point: Point) -> None:
        domain = domain_of(point)
        if domain is not None:
            same = (s.point for s in entity.points.values() if domain_of(s.point) is domain)
            self.topology.connect(entity.id, domain, {end for p in same for end in p.serves})

    # -- time ------------------------------------------------------------------------------------

    def _judged(self, changes: Changes, at: Instant) -> Changes:
        """``changes``, and what they and what points told mean for faults."""
        told, self._told = self._told, []
        found = (*changes, *self._sentry.heed(changes), *self._sentry.tell(told, at))
        self._next_at = self._due_at()
        return found

    def _pass(self, now: Instant) -> Changes:
        """Whatever falls due is judged silent before the balances of that instant are drawn up."""
        changes: list[Change] = []
        while (beat := self.audit.next_at) <= now:
            changes += self._silenced(beat)
            live = self._freshness[Freshness.LIVE]
            drawn_up = self.audit.take() if live else self.audit.skip(now)
            changes += drawn_up
            changes += self._sentry.heed(drawn_up)
        changes += self._silenced(now)
        self._next_at = self._due_at()
        return tuple(changes)

    def _silenced(self, now: Instant) -> list[Change]:
        """What fell due until ``now``, and what comes of it and of time itself for faults."""
        due = self._hearing.fall_due(now)
        return [*due, *self._sentry.heed(due), *self.faults.advance(now)]

    def _due_at(self) -> Instant:
        return min(self._hearing.next_at, self.audit.next_at, self.faults.next_at)

    def _forget(self, state: PointState) -> None:
        self._bad -= state.bad
        self._hearing.mark(state, Freshness.UNHEARD)
        state.forget()
