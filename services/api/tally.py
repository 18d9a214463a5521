"""Tally: all balances looked through, a few at a time, and how many of them stand how."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from twin.balance import Balance, Closure
from twin.fleet import Fleet

AT_ONCE: Final = 500
"""Balances looked at before others have their turn: 2 ms."""


async def drawn_up(fleet: Fleet, holds: Callable[[Balance], bool]) -> list[Balance]:
    """The balances that are asked for, looked for a few at a time."""
    asked: list[Balance] = []
    for number, balance in enumerate(fleet.audit.balances(), start=1):
        if holds(balance):
            asked.append(balance)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
    return asked


class Tally:
    """How many balances stand how, counted when somebody asks."""

    def __init__(self, fleet: Fleet) -> None:
        self.counted: Counter[tuple[str, Closure]] = Counter()
        """By code and closure."""
        self._fleet = fleet

    async def sync(self) -> None:
        """Count them."""
        found = await drawn_up(self._fleet, lambda _: True)
        self.counted = Counter((each.code, each.closure) for each in found)
