"""Readings that came before their metadata."""

from collections import OrderedDict, deque
from typing import Final

from twin.instants import Instant
from twin.points import PointId, Reading

ROOM: Final = 100_000


class Waiting:
    """At most ``room`` readings; when full the oldest of the point that waits longest goes.

    What goes is counted by the caller: ``keep`` says how many it was.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[PointId, deque[tuple[Reading, Instant]]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def keep(self, reading: Reading, at: Instant) -> int:
        """Keep a reading until its metadata comes; returns how many had to go for it."""
        self._kept.setdefault(reading.point, deque()).append((reading, at))
        self._count += 1
        if self._count <= self._room:
            return 0
        oldest = next(iter(self._kept))
        self._kept[oldest].popleft()
        if not self._kept[oldest]:
            del self._kept[oldest]
        self._count -= 1
        return 1

    def release(self, point: PointId) -> deque[tuple[Reading, Instant]]:
        """Everything kept for ``point``, in the order in which it came."""
        found = self._kept.pop(point, deque())
        self._count -= len(found)
        return found
