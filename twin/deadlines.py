"""What falls due when: deadlines of many points, cheap to postpone."""

from heapq import heappop, heappush
from typing import Final

from twin.instants import NEVER, Instant
from twin.points import PointState

_BUCKET_MS: Final = 100


class Deadlines:
    """Points by the bucket of time in which they may fall due.

    A point that is heard again is not moved: it is looked at when its old bucket comes, and put
    where it then belongs. So hearing costs nothing here, and a point has one entry at the most.
    """

    def __init__(self) -> None:
        self.next_at: Instant = NEVER
        """Nothing falls due before this."""
        self._buckets: dict[int, list[PointState]] = {}
        self._earliest: dict[int, Instant] = {}
        self._order: list[int] = []

    def add(self, at: Instant, state: PointState) -> None:
        """Have ``state`` looked at when ``at`` has come."""
        key = at // _BUCKET_MS
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = [state]
            self._earliest[key] = at
            heappush(self._order, key)
        else:
            bucket.append(state)
            self._earliest[key] = min(self._earliest[key], at)
        self.next_at = min(self.next_at, at)

    def take(self, now: Instant) -> list[PointState]:
        """Every point whose bucket has come: some may not be due, and are to be added again."""
        taken: list[PointState] = []
        while self._order and self._earliest[self._order[0]] <= now:
            key = heappop(self._order)
            taken += self._buckets.pop(key)
            del self._earliest[key]
        self.next_at = self._earliest[self._order[0]] if self._order else NEVER
        return taken
