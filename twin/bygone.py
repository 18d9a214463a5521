"""Bygone: a fleet as it was, made of what was told last; it is asked, and never goes on."""

from collections.abc import Iterable

from twin.counters import Counters
from twin.faults.engine import Faults
from twin.fleet import AHEAD_AT_MOST, Fleet
from twin.held import Standing
from twin.instants import Instant, after
from twin.points import GOOD_QUALITY, EntityId, Freshness, Point, PointId, Reading
from twin.steps import Steps
from twin.topology import Domain, domain_of


class Bygone(Fleet):
    """A fleet of the past: what was, was, so nothing is judged and nothing is told.

    First all points are described, then connected; then each that was heard recollects what it
    read last, in order of receipt; then comes what was told of faults and findings.
    """

    def describe(self, point: Point, at: Instant) -> None:
        """Have a point that was not described yet; whom it serves counts once all are connected."""
        self._seat(self._found(point, at), point)

    def connect(self) -> Steps[None]:
        """Have everything serve what its points say that it serves."""
        for entity in self._entities.values():
            served: dict[Domain, set[EntityId]] = {}
            for state in entity.points.values():
                point = state.point
                domain = domain_of(point) if point.serves else None
                if domain is not None:
                    served.setdefault(domain, set()).update(point.serves)
            for domain, ends in served.items():
                self.topology.connect(entity.id, domain, ends)
            yield

    def recollect(self, reading: Reading, at: Instant) -> None:
        """Have a point read what it read last, received ``at``, up to which others fall silent."""
        self.fall_silent(at)
        key, publisher, value, quality, measured_at = reading
        state = self._points[key]
        if publisher != state.point.publisher:
            return
        state.value = value
        state.quality = quality
        state.bad = quality != GOOD_QUALITY or value is None
        self._bad += state.bad
        state.measured_at = measured_at
        state.ordered_at = min(measured_at, after(at, AHEAD_AT_MOST))
        state.received_at = state.heard_at = at
        self._hearing.hear(state)

    def repeat(self, key: PointId, at: Instant) -> None:
        """Take it that a point was heard again ``at``, where it is no heart, without any news."""
        state = self._points[key]
        if state.heartbeat or state.freshness is Freshness.UNHEARD:
            return
        state.heard_at = at
        if state.freshness is Freshness.STALE:
            self._hearing.hear(state)

    def fall_silent(self, now: Instant, silent: Iterable[PointId] = ()) -> None:
        """Let be silent who fell due until ``now``, and who is known to be."""
        self.now = max(self.now, now)
        self._hearing.fall_due(now)
        for each in silent:
            state = self._points.get(each)
            if state is not None and state.freshness is Freshness.LIVE:
                self._hearing.mark(state, Freshness.STALE)

    def recall(self, faults: Faults, findings: Iterable[Standing], at: Instant) -> Steps[None]:
        """Have these faults and findings, as they were told ``at``, and balances of that instant.

        The balances are of the readings of then alone, not of those before them.
        """
        self.faults = self._sentry.faults = faults
        self.counters = Counters()
        yield from self.audit.recall(faults, findings, at)
