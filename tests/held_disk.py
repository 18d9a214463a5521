"""A disk that a test holds, and lets go."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class HeldDisk:
    """Does what it is given once it is let; a port of ``Off``."""

    def __init__(self) -> None:
        self.begun = 0
        """Works that it was given."""
        self._free = asyncio.Event()
        self._free.set()

    async def __call__(self, work: Callable[[], T]) -> T:
        self.begun += 1
        await self._free.wait()
        return work()

    def hold(self) -> None:
        """Let everything wait from now on."""
        self._free.clear()

    def let(self) -> None:
        """Let everything go on."""
        self._free.set()


class Gate:
    """Where what is to be shown waits until a test opens it; a port of ``Settled``."""

    def __init__(self) -> None:
        self.asked = 0
        """Times that somebody had to see to it that it is open."""
        self._open = asyncio.Event()

    async def __call__(self) -> None:
        self.asked += 1
        await self._open.wait()

    def open(self) -> None:
        """Let everybody through."""
        self._open.set()


async def turns(number: int = 20) -> None:
    """Let everybody else go on as far as they can, in no time."""
    for _ in range(number):
        await asyncio.sleep(0)
