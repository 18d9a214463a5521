"""Losses: which points lost rows, and how many."""

from collections import Counter
from collections.abc import Mapping
from heapq import nlargest
from threading import Lock
from typing import Final

from twin.points import PointId

MOST: Final = 250_000
"""Points that are told apart."""

OTHERS: Final = "others"
"""Stands for all further ones, and for those whose names were lost with their rows."""


class Losses:
    """Rows that no store, or not every store, will ever have. May be added to in any thread.

    Bound: ``most`` points. Overflow: whoever comes later counts among ``OTHERS``.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._rows: Counter[str] = Counter()
        self.total = 0

    def add(self, rows: Mapping[PointId, int] | Mapping[str, int]) -> None:
        """Count what was lost, by point."""
        with self._lock:
            for point, count in rows.items():
                known = point in self._rows or len(self._rows) < self._most
                self._rows[point if known else OTHERS] += count
                self.total += count

    def worst(self, count: int) -> dict[str, int]:
        """The points that lost most, most first; the last entry is all the others, if any."""
        with self._lock:
            named = ((rows, point) for point, rows in self._rows.items() if point != OTHERS)
            worst = {point: rows for rows, point in nlargest(count, named)}
            rest = self.total - sum(worst.values())
        return worst | ({OTHERS: rest} if rest else {})
