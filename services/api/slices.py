"""Slices: long work in small parts, between which others have their turn."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final, TypeVar

from twin.steps import Steps

T = TypeVar("T")
D = TypeVar("D")

AT_ONCE: Final = 10
"""Steps before others have their turn, each some 0.3 ms at the most."""

LOOKED_AT: Final = 500
"""Things found among others before these have their turn: a few milliseconds."""

DOCUMENTS: Final = 50
"""Documents made before others have their turn: a few milliseconds."""


async def in_slices(steps: Steps[T]) -> T:
    """What ``steps`` find, a few of them at a time."""
    while True:
        for _ in range(AT_ONCE):
            try:
                next(steps)
            except StopIteration as end:
                found: T = end.value
                return found
        await asyncio.sleep(0)


async def sliced(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, a few of the ``parts`` at a time."""
    left = iter(parts)
    while some := list(islice(left, AT_ONCE)):
        yield b"".join(some)
        await asyncio.sleep(0)


async def picked(items: Iterable[T]) -> list[T]:
    """The same items, looked for a few at a time among what was there at the beginning."""
    found: list[T] = []
    left = iter(items)
    while some := list(islice(left, LOOKED_AT)):
        found += some
        await asyncio.sleep(0)
    return found


async def made(items: Iterable[T], document: Callable[[T], D]) -> tuple[D, ...]:
    """The documents of ``items``, made a few at a time."""
    found: list[D] = []
    for item in items:
        found.append(document(item))
        if len(found) % DOCUMENTS == 0:
            await asyncio.sleep(0)
    return tuple(found)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without a search for objects that only hold each other, for seconds.

    There are none in what is worked out here; but it is much, which sets off the search, and that
    goes through all that the twin holds at once: 0.1 s at 2,000 racks.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
