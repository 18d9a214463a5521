"""Readers of the spool: how far each store is."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from services.history.block import Block

Runs = dict[str, tuple[int, int]]
"""Who numbered which rows: the first, and the one behind the last; in order."""


class Taken(NamedTuple):
    """What a reader has in hand."""

    run: str
    """Who numbered it."""
    block: Block
    since: int
    """Number of the first row of it that counts."""


class Reader:
    """How far one store is in the spool.

    At any time ``accepted == shipped + refused + lost + waiting``: what the spool had for it when
    it began, and what came since.
    """

    def __init__(self, name: str, folder: Path, first: int, upto: int) -> None:
        self.name = name
        self._cursor = folder / f"{name}.cursor"
        self.found = upto - first
        """Rows of earlier runs that the store had not had."""
        self.next = first
        """Number of the row that is taken next: those before are shipped, lost, or in hand."""
        self.hand: Taken | None = None
        self.place: tuple[Path, int] | None = None
        """Where the next one lies, if it follows the last one."""
        self.shipped = 0
        self.refused = 0
        self.lost = 0

    @property
    def in_hand(self) -> int:
        """Rows that are taken and not done with."""
        hand = self.hand
        return 0 if hand is None else hand.block.upto - hand.since

    @property
    def done(self) -> int:
        """Number of the first row that may still be asked for."""
        hand = self.hand
        return self.next if hand is None else hand.since

    def takes(self, run: str, block: Block) -> Taken | None:
        """Have a block in hand; None where nothing in it counts any more."""
        if block.upto <= self.next:
            return None
        since = max(block.first, self.next)
        self.lost += since - self.next
        self.next = block.upto
        self.hand = Taken(run, block, since)
        return self.hand

    def settle(self, refused: int) -> None:
        """The store has what is in hand, but for so many rows that it never will."""
        self.shipped += self.in_hand - refused
        self.refused += refused
        self.hand = None

    def lose(self, upto: int) -> None:
        """What it had not taken before that row is gone."""
        self.lost += max(0, upto - self.next)
        self.next = max(upto, self.next)

    def resume(self, runs: Runs, had: Mapping[str, int]) -> None:
        """Begin behind what the store has.

        Args:
            runs: What there is.
            had: Of each run, the number behind the last row in the store; 0 where it has none.
        """
        for run, (first, upto) in reversed(runs.items()):
            if had.get(run, 0) > first:
                begin = max(self.next, min(had[run], upto))
                self.found -= begin - self.next
                self.next = begin
                return

    def remember(self, run: str, upto: int) -> None:
        """Write down that the store has all before a row, for a store that does not say so.

        Raises:
            OSError: It could not be written: what was shipped since is shipped again.
        """
        fresh = self._cursor.with_suffix(".new")
        fresh.write_text(f"{run} {upto}\n")
        fresh.replace(self._cursor)

    def remembered(self) -> dict[str, int]:
        """What was written down."""
        try:
            run, upto = self._cursor.read_text().split()
            return {run: int(upto)}
        except (OSError, ValueError):  # never written, or not to its end: all is shipped again
            return {}
