"""Heap: what lasts is not looked through again and again for cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Final

LONG_S: Final = 0.05
"""CPU time of a collection in which everybody else waits too long."""

YOUNG: Final = 7_000
"""How many objects more than before are looked through for cycles.

At Python's own 700 that is twice a batch, while all its messages are still there; after ten times
as many most are gone unseen. And full collections are ten times as rare: a fold of 7,500 racks met
four a second, 33 ms each, in which next to nothing was found, 2.4 µs a message. For once most is
frozen, a quarter of the rest is soon new.
"""

_FULL: Final = 2


@contextmanager
def sparing(long_s: float = LONG_S) -> Iterator[None]:
    """Let full collections of a large fleet be rare, and none take long twice, within the block.

    One that took long has found much that lasts, as the points of a fleet; what it left is frozen.
    So a collection is long again only when as much has come anew. What is frozen goes as ever when
    nobody refers to it; only of cycles among it nothing is found any more.
    """
    began_s = 0.0
    before = gc.get_threshold()

    def watch(phase: str, info: dict[str, int]) -> None:
        nonlocal began_s
        if info["generation"] != _FULL:
            return
        if phase == "start":
            began_s = thread_time()
        elif thread_time() - began_s >= long_s:
            gc.freeze()

    gc.callbacks.append(watch)
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(watch)
        gc.unfreeze()
