"""Off the loop: what would hold everybody up is done in a thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Off(Protocol):
    """Does some work elsewhere and waits for it. Who is cancelled goes when it is done."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Do it."""


class InThreads:
    """Work in the threads of an executor."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads

    async def __call__(self, work: Callable[[], T]) -> T:
        """Do it."""
        loop = asyncio.get_running_loop()
        future = asyncio.ensure_future(loop.run_in_executor(self._threads, work))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise
