"""Numbered points: what was found of each, found again by its number."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.points import Point

NOBODY: Final = -1
"""In place of a number: of a point that has none, and of what is not known."""

_Roll_co = TypeVar("_Roll_co", covariant=True)


class Enrolled(NamedTuple, Generic[_Roll_co]):
    """The numbers of some points: nobody else on the same roll ever has them."""

    roll: _Roll_co
    numbers: NDArray[np.int32]
    """``NOBODY`` where a point has none."""


class Found:
    """Another number of each point, which is asked for once.

    Bound: eight bytes for each point on the latest roll.
    """

    def __init__(self) -> None:
        self._roll: object = None
        self._found = np.array([NOBODY], np.int32)  # by number; the last is nobody's

    def of(
        self,
        points: Sequence[Point],
        enrolled: Enrolled[object] | None,
        ask: Callable[[Point], int],
    ) -> NDArray[np.int32]:
        """What ``ask`` says, or said, of each point; whoever has no number is asked for again."""
        if enrolled is None:
            return np.array([ask(point) for point in points], np.int32)
        self._make_room(enrolled)
        numbers = enrolled.numbers
        found = self._found[numbers]
        unknown = (found == NOBODY).nonzero()[0]
        found[unknown] = [ask(points[place]) for place in unknown.tolist()]
        self._found[numbers[unknown]] = found[unknown]
        self._found[NOBODY] = NOBODY
        return found

    def forget(self, found: Sequence[int]) -> None:
        """Ask for whoever has one of these once more."""
        self._found[np.isin(self._found, found)] = NOBODY

    def _make_room(self, enrolled: Enrolled[object]) -> None:
        roll, numbers = enrolled
        if roll is not self._roll:
            self._roll, self._found = roll, np.array([NOBODY], np.int32)
        missing = int(numbers.max(initial=NOBODY)) + 2 - len(self._found)
        if missing > 0:
            more = np.full(missing + len(self._found), NOBODY, np.int32)
            self._found = np.concatenate([self._found, more])
