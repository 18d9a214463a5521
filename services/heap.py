"""Heap: what lasts is not looked through again and again for cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Final

LONG_S: Final = 0.05
"""CPU time of a collection in which everybody else waits too long."""

YOUNG: Final = 50_000
"""How many objects more than before there are when the young are looked through for cycles.

What is looked through then is all that came since, far more where new objects take the place of
old ones: the gists of 7,500 racks, 5 objects each, are replaced every three seconds. At 7,000, a
few batches with their messages, that was done up to eight times a second and took up to 0.1 s, for
nothing. Python's own is 700.
"""

OLDER: Final = (5, 1)
"""After how many of these the middle-aged are looked through as well, and after how many of those
all that is not frozen: so a large fleet is frozen once there are a million objects.

A fold of 7,500 racks met four full collections a second at Python's own, 33 ms each, in which next
to nothing was found, 2.4 µs a message: once most is frozen, a quarter of the rest is soon new.
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
    gc.set_threshold(YOUNG, *OLDER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(watch)
        gc.unfreeze()
