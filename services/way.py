"""Way: long work for readers gives way to the fold, and never for long."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from twin.steps import Steps

T = TypeVar("T")

PATIENCE_S: Final = 0.05
"""How long work for readers waits for the fold at the most, between two of its slices …"""

TIMES: Final = 3
"""… and this many times as long as the slice before took: where messages never end, readers have a
quarter of the time, and small slices go often."""

LOOK_S: Final = 0.005
"""How often whoever waits looks whether it is time: the slice before may have been short."""


def _never() -> bool:
    return False


class Way:
    """Whose turn it is, where readers want much and messages come all the time.

    The fold comes first. But where it is never done, what is worked out for readers goes on slice
    by slice, one reader after the other, in a quarter of the time: neither starves the other.

    Args:
        busy: Whether there are messages to be folded.
    """

    def __init__(self, busy: Callable[[], bool] = _never) -> None:
        self._busy = busy
        self._patient_until = 0.0
        self._turns = asyncio.Lock()  # so that whoever has waited longest goes first
        self._begun_at: float | None = None
        """When the slice began that is not known to have ended."""

    async def give(self) -> None:
        """Let others have their turn, until it is time for the next slice."""
        self._end()
        await asyncio.sleep(0)
        async with self._turns:
            while True:
                if self.free():
                    return
                await asyncio.sleep(min(LOOK_S, self._patient_until - _now()))

    def giving(self, steps: Steps[T]) -> Steps[T]:
        """The same steps, with more pauses where it is not time for the next one.

        For those who have something else to do at each pause, before they ``look`` again.
        """
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: T = end.value
                return found
            yield
            while not self.free():
                yield

    async def look(self) -> None:
        """Let others have one turn, or some where it is not time for a slice."""
        self._end()
        wait_s = min(LOOK_S, self._patient_until - _now()) if self._busy() else 0
        await asyncio.sleep(max(0, wait_s))

    def free(self) -> bool:
        """Whether it is time for a slice; whoever is told so goes on."""
        now = _now()
        if self._busy() and now < self._patient_until:
            return False
        self._begun_at, self._patient_until = now, now + PATIENCE_S
        return True

    def _end(self) -> None:
        """Take note that the slice before is over: the next one may come the sooner."""
        if self._begun_at is not None:
            now = _now()
            took_s = now - self._begun_at
            self._begun_at, self._patient_until = None, now + min(PATIENCE_S, TIMES * took_s)


def _now() -> float:
    return asyncio.get_running_loop().time()
