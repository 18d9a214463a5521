"""Timers: when which fault falls due, and in which order."""

from heapq import heapify, heappop, heappush
from typing import Final

from twin.fault import Condition, Fault, Key
from twin.instants import NEVER, Instant

_SPARE: Final = 64

Due = tuple[Instant, bool, Key]
"""At one instant what is raised comes before all else: a cause before its effects call."""


class Timers:
    """One instant for each fault that falls due by itself.

    An instant that was set anew stays in the heap until it comes up or the heap is twice as long as
    there are faults in it; then those of old are dropped.
    """

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._due: dict[Key, Due] = {}
        self.next_at: Instant = NEVER
        """Nothing falls due before this."""

    def __len__(self) -> int:
        return len(self._heap)

    def set(self, fault: Fault) -> None:
        """Let a fault fall due when it says."""
        due = (fault.next_at, fault.condition is not Condition.PENDING, fault.key)
        if due[0] == NEVER:
            self.drop(fault.key)
        elif self._due.get(fault.key) != due:
            self._due[fault.key] = due
            heappush(self._heap, due)
            self._trim()

    def drop(self, key: Key) -> None:
        """Let nothing more fall due of a key."""
        if self._due.pop(key, None) is not None:
            self._trim()

    def first(self) -> tuple[Instant, Key]:
        """What falls due next, and when; there must be something."""
        at, _, key = self._heap[0]
        return at, key

    def _trim(self) -> None:
        if len(self._heap) > 2 * len(self._due) + _SPARE:
            self._heap = list(self._due.values())
            heapify(self._heap)
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0]:
            heappop(self._heap)
        self.next_at = self._heap[0][0] if self._heap else NEVER
