"""Tally: all balances looked through, a few at a time, and how many of them stand how."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from services.way import Way
from twin.balance import Balance, Closure
from twin.fleet import Fleet

AT_ONCE: Final = 500
"""Balances looked at before others have their turn: 2 ms."""

REST_S_PER_BALANCE: Final = 1e-4
"""How long a count will do: twenty times what it took. That of a small fleet is always of now."""


async def drawn_up(fleet: Fleet, holds: Callable[[Balance], bool], way: Way) -> list[Balance]:
    """The balances that are asked for, looked for a few at a time."""
    asked: list[Balance] = []
    for number, balance in enumerate(fleet.audit.balances(), start=1):
        if holds(balance):
            asked.append(balance)
        if number % AT_ONCE == 0:
            await way.give()
    return asked


class Tally:
    """How many balances stand how, counted when somebody asks."""

    def __init__(self, fleet: Fleet, way: Way) -> None:
        self.counted: Counter[tuple[str, Closure]] = Counter()
        """By code and closure."""
        self._fleet = fleet
        self._way = way
        self._rested_at = 0.0

    async def sync(self) -> None:
        """Count them, unless that was just done."""
        begin = asyncio.get_running_loop().time()
        if begin < self._rested_at:
            return
        found = await drawn_up(self._fleet, lambda _: True, self._way)
        self.counted = Counter((each.code, each.closure) for each in found)
        if len(found) > AT_ONCE:
            self._rested_at = begin + len(found) * REST_S_PER_BALANCE
