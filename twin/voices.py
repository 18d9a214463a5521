"""Voices: what is so of most that a publisher tells at once, and is one fault of its own."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Final

from twin.entities import Entity
from twin.instants import Instant, Millis, after
from twin.points import EntityId, Freshness, PointId, PointState, PublisherId
from twin.publishers import HEARTBEATS, Publisher

REPEATS: Final = Millis(100_000)
"""Within it all that a publisher tells is told anew (DSX BMS v1)."""

MANY: Final = 10
"""So many at once are a flood to whoever is called (EEMUA 191: 10 alarms in 10 minutes) …"""
PART: Final = 0.25
"""… and so large a part of all is the publisher's own trouble, not that of sensors; ours."""
LEFT: Final = 0.125
"""It is over once less is left of it; ours."""


class Voices:
    """Publishers, as all their points together show them.

    All points are looked through where it may matter: of a publisher that falls silent once in
    ``REPEATS``, of one that is not trusted when its doubted points became as many as it would take.

    Args:
        entities: All there are, as they come and go.
    """

    def __init__(self, entities: Mapping[EntityId, Entity]) -> None:
        self._entities = entities
        self._spoke: dict[PublisherId, Instant] = {}
        self._bad: dict[PublisherId, dict[PointId, EntityId]] = {}
        self._enough: dict[PublisherId, int] = {}
        self._doubted: dict[PublisherId, int] = {}

    # -- silence ---------------------------------------------------------------------------------

    def mute(self, publisher: PublisherId, at: Instant) -> bool:
        """Whether nothing that it tells of several things was heard for a whole repeat."""
        if at < after(self._spoke.get(publisher, Instant(-REPEATS)), REPEATS):
            return False
        heard = [each for each in self._of(publisher) if each.heard_at]
        if len({each.point.entity for each in heard}) <= 1:
            return False
        self._spoke[publisher] = max(each.heard_at for each in heard)
        return at >= after(self._spoke[publisher], REPEATS)

    def dumb(self, heart: Publisher) -> bool:
        """Whether all that a heart beats for is silent still."""
        silent = False
        for each in self._of(heart.id):
            if each.freshness is Freshness.LIVE and heart.vouches_for(each.point):
                return False
            silent = silent or (each.freshness is Freshness.STALE and heart.vouches_for(each.point))
        return silent

    # -- doubt -----------------------------------------------------------------------------------

    def trusts(self, state: PointState) -> None:
        """Take note whether a publisher trusts what it tells of a point now."""
        point = state.point
        if state.bad:
            self._bad.setdefault(point.publisher, {})[point.id] = point.entity
        else:
            self.forget(point.id, point.publisher)

    def forget(self, point: PointId, publisher: PublisherId) -> None:
        """Take it that a point is no more, or is trusted."""
        bad = self._bad.get(publisher)
        if bad is not None:
            bad.pop(point, None)

    def doubted(self, publisher: PublisherId) -> tuple[int, int] | None:
        """Of how many points a publisher has no trust, and of how many in all, where it is most."""
        bad = self._bad.get(publisher)
        if not bad:
            self._doubted.pop(publisher, None)
            return None
        count, whole = len(bad), self._doubted.get(publisher)
        if whole is not None:
            if count >= LEFT * whole:
                return count, whole
            del self._doubted[publisher]
            return None
        if count < self._enough.get(publisher, MANY):
            return None
        whole = sum(1 for each in self._of(publisher) if each.heard_at)
        self._enough[publisher] = max(MANY, ceil(PART * whole))
        if count < self._enough[publisher] or len(set(bad.values())) <= 1:
            return None
        self._doubted[publisher] = whole
        return count, whole

    def _of(self, publisher: PublisherId) -> Iterator[PointState]:
        for entity in self._entities.values():
            for state in entity.points.values():
                if state.point.publisher == publisher and state.point.point_type not in HEARTBEATS:
                    yield state
