"""Hearing: which points are heard, and what falls silent when."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from twin.changes import Change, PointStale, PublisherChanged
from twin.deadlines import Deadlines
from twin.instants import NEVER, Instant, Millis, after
from twin.points import Freshness, PointId, PointState
from twin.publishers import Publisher

STALE_AFTER: Final = Millis(250_000)
"""Two missed repeats of the contract's 100 s, and half a one of slack."""

LOST_AFTER: Final = Millis(30_000)
"""Three missed heartbeats of the contract's 10 s."""

SET_BACK: Final = Millis(100_000)
"""What a silent point tells of longer before than a whole repeat of the contract's was not late on
its way: the clock of its source was set back, and rules anew."""


class Hearing:
    """Says of every point whether it is heard, and of every publisher whether its heart beats.

    Args:
        points: All there are, as they come and go.
        hearts: By which publishers say that they live, as they come and go.
        counts: All points by freshness.
    """

    def __init__(
        self,
        points: Mapping[PointId, PointState],
        hearts: Mapping[PointId, Publisher],
        counts: Counter[Freshness],
    ) -> None:
        self._points = points
        self._hearts = hearts
        self._counts = counts
        self._deadlines = Deadlines()

    @property
    def next_at(self) -> Instant:
        """Nothing falls silent before this."""
        return self._deadlines.next_at

    def hear(self, state: PointState) -> None:
        """Have a point be live until it is silent for too long."""
        self.mark(state, Freshness.LIVE)
        self._listen(state)

    def mark(self, state: PointState, freshness: Freshness) -> None:
        """Have a point be of this freshness."""
        self._counts[state.freshness] -= 1
        self._counts[freshness] += 1
        state.freshness = freshness

    def set_back(self, state: PointState, measured_at: Instant) -> bool:
        """Whether what a point says is the word of a clock that was set back.

        If it is a heart's, all that is silent with it begins anew as well.
        """
        if state.freshness is not Freshness.STALE or state.ordered_at - measured_at <= SET_BACK:
            return False
        for other in self._points.values() if state.heartbeat else ():
            if (
                other.freshness is Freshness.STALE
                and other.point.publisher == state.point.publisher
            ):
                other.ordered_at = Instant(0)
        return True

    def fall_due(self, now: Instant) -> list[Change]:
        """Take what is due in order of deadline, so that one long step equals many short ones."""
        if now < self._deadlines.next_at:
            return []
        due: list[tuple[Instant, bool, PointId, PointState]] = []
        for state in self._deadlines.take(now):
            state.scheduled = False
            if state.freshness is Freshness.LIVE:
                deadline = _deadline(state)
                if deadline > now:
                    self._listen(state)
                else:
                    due.append((deadline, not state.heartbeat, state.point.id, state))
        due.sort(key=lambda entry: entry[:3])  # at one instant the cause before its effects
        changes: list[Change] = []
        for deadline, _, _, state in due:
            if state.freshness is Freshness.LIVE:  # not already silenced with its publisher
                changes += self._silence(state, deadline)
        return changes

    def lapse(self, state: PointState, now: Instant) -> Iterator[Change]:
        """Let a point fall due that was not known when it should have."""
        if state.freshness is Freshness.LIVE:
            due = min(_deadline(state), self._lost_at(state))
            if due <= now:
                yield from self._silence(state, due)

    def _lost_at(self, state: PointState) -> Instant:
        """When the publisher of a point was lost, since the point was heard."""
        return min(
            (
                heart.lost_at
                for heart in self._hearts.values()
                if heart.lost_at > state.heard_at
                and not state.heartbeat
                and heart.vouches_for(state.point)
            ),
            default=NEVER,
        )

    def _silence(self, state: PointState, at: Instant) -> Iterator[Change]:
        self.mark(state, Freshness.STALE)
        yield PointStale(state.point, at)
        if state.heartbeat:
            heart = self._hearts[state.point.id]
            heart.lost_at = at
            yield PublisherChanged(state.point, Freshness.STALE, at)
            for other in self._unvouched(heart):
                self.mark(other, Freshness.STALE)
                yield PointStale(other.point, at)

    def _unvouched(self, heart: Publisher) -> list[PointState]:
        """The points that were not heard since their publisher was lost, in order of id."""
        silent = (
            state
            for state in self._points.values()
            if state.freshness is Freshness.LIVE
            and state.heard_at < heart.lost_at
            and not state.heartbeat
            and heart.vouches_for(state.point)
        )
        return sorted(silent, key=lambda state: state.point.id)

    def _listen(self, state: PointState) -> None:
        if not state.scheduled:
            state.scheduled = True
            self._deadlines.add(_deadline(state), state)


def _deadline(state: PointState) -> Instant:
    return after(state.heard_at, LOST_AFTER if state.heartbeat else STALE_AFTER)
