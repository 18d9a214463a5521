"""Band: where a set-point stood of late, for what it controls takes its time to follow."""

from collections import deque
from typing import Final

from twin.instants import Instant, Millis, after

FOLLOWS: Final = Millis(300_000)
"""A cooling unit has followed its set-point after so long: some time constants of loop and valve,
which take a minute or two; ours."""


class Band:
    """The set-points of the last ``FOLLOWS``; at most one a look, which is one a second."""

    __slots__ = ("_left", "now")

    def __init__(self) -> None:
        self.now: float | None = None
        self._left: deque[tuple[Instant, float]] = deque()

    def take(self, value: float | None, at: Instant) -> None:
        """Take in where it stands ``at``; where that is not known, it is where it was."""
        while self._left and self._left[0][0] <= at:
            self._left.popleft()
        if value is not None and value != self.now:
            if self.now is not None:
                self._left.append((after(at, FOLLOWS), self.now))
            self.now = value

    def off(self, value: float, sign: int) -> tuple[float, float] | None:
        """How far ``value`` is above all of them, and the one that it is nearest to.

        With ``sign`` -1 it is how far below. None where none was ever known.
        """
        if self.now is None:
            return None
        if not self._left:  # as nearly always
            return sign * (value - self.now), self.now
        nearest = max((self.now, *(each for _, each in self._left)), key=lambda each: sign * each)
        return sign * (value - nearest), nearest
