"""Steps: long work that can be left for something else after every part of it."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Work that pauses after each part, and returns what it found in the end."""


def run(steps: Steps[T]) -> T:
    """What ``steps`` find, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def some(steps: Steps[T], most: int) -> T | None:
    """Take at most so many parts; what was found once there are none left, and None until then."""
    for _ in range(most):
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found
    return None
