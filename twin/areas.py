"""Process areas: the words by which metadata says where in a plant a point sits.

The contract leaves them free; these are the ones that its guide and its examples use. A word that
is a slip of the pen away from one of them is read as that one, and said so.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Area(StrEnum):
    """A word that is understood, whatever its case and whatever number follows it."""

    PRIMARY = "Primary"
    SECONDARY = "Secondary"
    SUPPLY = "Supply"
    RETURN = "Return"
    INLET = "Inlet"
    OUTLET = "Outlet"
    FILTER = "Filter"
    FILL = "Fill"


_KNOWN: Final = {area.lower(): area for area in Area}

_ONE_SLIP: Final = 5
"""From so many letters on a word may be one slip away …"""
_TWO_SLIPS: Final = 8
"""… and from so many two: shorter words are other words."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the process area of a point says."""

    areas: frozenset[Area]
    notes: tuple[str, ...]
    """Which words were not taken as they stand."""


@lru_cache(maxsize=4096)  # few sets of words, each on many points
def whereabouts(process_area: tuple[str, ...]) -> Whereabouts:
    """What the words of a process area say; those that mean nothing here are passed over."""
    areas: set[Area] = set()
    notes: list[str] = []
    for word in process_area:
        area = read(word)
        if area is not None:
            areas.add(area)
            if _bare(word) not in _KNOWN:
                notes.append(f"process area '{word}' read as '{area}'")
    return Whereabouts(frozenset(areas), tuple(notes))


def read(word: str) -> Area | None:
    """The area that a word names; None where it names none."""
    bare = _bare(word)
    if bare in _KNOWN:
        return _KNOWN[bare]
    return next((area for known, area in _KNOWN.items() if _is_slip(bare, known)), None)


def slips(one: str, other: str) -> int:
    """How many letters were left out, put in, mistaken or swapped with their neighbour.

    The optimal string alignment distance (Damerau 1964: these four are most slips of the pen).
    """
    older: list[int] = []
    old = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        new = [row]
        for column, wanted in enumerate(other, 1):
            least = min(old[column] + 1, new[-1] + 1, old[column - 1] + (letter != wanted))
            if row > 1 < column and (one[row - 2], letter) == (wanted, other[column - 2]):
                least = min(least, older[column - 2] + 1)
            new.append(least)
        older, old = old, new
    return old[-1]


def _bare(word: str) -> str:
    return word.strip().rstrip("0123456789").rstrip(" -_").lower()


def _is_slip(word: str, known: str) -> bool:
    """Whether the one is the other mistyped: hardly anyone mistakes the first letter."""
    most = (len(known) >= _ONE_SLIP) + (len(known) >= _TWO_SLIPS)
    return (
        word[:1] == known[:1] and abs(len(word) - len(known)) <= most and slips(word, known) <= most
    )
