"""Slices: long work in small parts, between which others have their turn, and the fold first."""

import gc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final, TypeVar

from services.way import Way
from twin.steps import Steps

T = TypeVar("T")
D = TypeVar("D")

AT_ONCE: Final = 10
"""Steps before others have their turn, each some 0.3 ms at the most."""

LOOKED_AT: Final = 1000
"""Things looked at, for a few among them, before others have their turn: 1 or 2 ms."""

DOCUMENTS: Final = 20
"""Documents made before others have their turn: a few milliseconds."""


async def in_slices(way: Way, steps: Steps[T]) -> T:
    """What ``steps`` find, a few of them at a time."""
    while True:
        for _ in range(AT_ONCE):
            try:
                next(steps)
            except StopIteration as end:
                found: T = end.value
                return found
        await way.give()


async def sliced(way: Way, parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, a few of the ``parts`` at a time."""
    left = iter(parts)
    while some := list(islice(left, AT_ONCE)):
        yield b"".join(some)
        await way.give()


async def picked(way: Way, items: Iterable[T], holds: Callable[[T], bool]) -> list[T]:
    """Those of ``items`` that are asked for, looked for a few at a time."""
    found: list[T] = []
    left = iter(list(items))
    while some := list(islice(left, LOOKED_AT)):
        found += [each for each in some if holds(each)]
        await way.give()
    return found


async def made(
    way: Way, items: Iterable[T], document: Callable[[T], D], at_once: int = DOCUMENTS
) -> tuple[D, ...]:
    """The documents of ``items``, made a few at a time."""
    found: list[D] = []
    for item in items:
        found.append(document(item))
        if len(found) % at_once == 0:
            await way.give()
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
