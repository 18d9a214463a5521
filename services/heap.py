"""Heap: what lasts is not looked through again and again for cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Final

LONG_S: Final = 0.05
"""CPU time of a collection in which everybody else waits too long."""

_FULL: Final = 2


@contextmanager
def sparing(long_s: float = LONG_S) -> Iterator[None]:
    """Let no full collection of a large fleet take long twice, within the block.

    One that took long has found much that lasts, as the points of a fleet; what it left is frozen.
    So a collection is long again only when as much has come anew. What is frozen goes as ever when
    nobody refers to it; only of cycles among it nothing is found any more.
    """
    began_s = 0.0

    def watch(phase: str, info: dict[str, int]) -> None:
        nonlocal began_s
        if info["generation"] != _FULL:
            return
        if phase == "start":
            began_s = thread_time()
        elif thread_time() - began_s >= long_s:
            gc.freeze()

    gc.callbacks.append(watch)
    try:
        yield
    finally:
        gc.callbacks.remove(watch)
        gc.unfreeze()
