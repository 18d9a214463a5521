"""The roll: points of which rows come again and again, found by what they are in memory."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.numbered import NOBODY
from twin.points import Point, PointId

SPARE: Final = 10_000
"""Former descriptions that are kept of however few points."""

_END: Final = np.iinfo(np.int64).max  # behind all addresses


class Roll:
    """Numbers each point when it is first met, and keeps it as JSON.

    A point that is described anew is another one. To compare points by value, or to write them down
    again for each block, would cost more than all else that is done with their rows.

    Bound: some 500 bytes for each point there ever was, and for as many former descriptions and
    ``SPARE`` more: then it is ``full``, and another one is to be begun.

    Args:
        passing: Object type of points that are made for one row alone: they get no number.
    """

    def __init__(self, passing: str) -> None:
        self._passing = passing
        self._points: list[Point] = []  # while they are here nobody else gets their addresses
        self._texts = [b""]  # the one before those of all others is of nobody
        self._ids: set[PointId] = set()
        self._addresses = np.array([_END], np.int64)  # in order
        self._numbers = np.array([NOBODY], np.int32)  # by these

    @property
    def full(self) -> bool:
        """Whether most of it are points as they were once described."""
        return len(self._points) > 2 * len(self._ids) + SPARE

    def numbers(self, addresses: NDArray[np.int64], points: Sequence[Point]) -> NDArray[np.int32]:
        """The number of each point.

        Args:
            addresses: ``id`` of each.
            points: Each once.
        """
        order = addresses.argsort()  # so that each look begins near where the last one ended
        at = self._addresses.searchsorted(addresses[order])
        numbers = np.empty(len(points), np.int32)
        numbers[order] = np.where(
            self._addresses[at] == addresses[order], self._numbers[at], NOBODY
        )
        unknown = (numbers == NOBODY).nonzero()[0].tolist()
        new = [place for place in unknown if points[place].object_type != self._passing]
        if new:
            numbers[new] = self._enrol(addresses[new], [points[place] for place in new])
        return numbers

    def texts(self, numbers: NDArray[np.int32], points: Sequence[Point]) -> list[bytes]:
        """Each point as JSON.

        Args:
            numbers: What ``numbers`` said.
            points: Of whom it said so.
        """
        texts = list(map(self._texts.__getitem__, (numbers + 1).tolist()))
        for place in (numbers == NOBODY).nonzero()[0].tolist():
            texts[place] = msgspec.json.encode(points[place])
        return texts

    def _enrol(self, addresses: NDArray[np.int64], points: Sequence[Point]) -> NDArray[np.int64]:
        numbers = np.arange(len(self._points), len(self._points) + len(points))
        self._points += points
        self._texts += map(msgspec.json.encode, points)
        self._ids.update(point.id for point in points)
        order = addresses.argsort()
        at = self._addresses.searchsorted(addresses[order])
        self._addresses = np.insert(self._addresses, at, addresses[order])
        self._numbers = np.insert(self._numbers, at, numbers[order])
        return numbers
