"""Inbox: what the broker sent and nobody has taken yet."""

import asyncio
from typing import TypeVar

Item = TypeVar("Item")


class Inbox(asyncio.Queue[Item]):
    """Messages between the socket and the fold.

    Bound: ``maxsize`` messages. Overflow: the oldest goes, for the newest says how things stand
    now. Counter: ``dropped``.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Messages that nobody has taken yet."""
        return self.qsize()

    def put_nowait(self, item: Item) -> None:
        """Put a message in; where there is no room, in place of the oldest."""
        if self.full():
            self.get_nowait()
            self.dropped += 1
        super().put_nowait(item)

    def drain(self) -> list[Item]:
        """Take everything that waits now, so that one wake-up serves a whole batch."""
        return [self.get_nowait() for _ in range(self.qsize())]
