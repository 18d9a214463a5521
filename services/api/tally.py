"""Tally: all balances and faults looked through, a few at a time, and how many stand how."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from services.api.slices import LOOKED_AT
from services.way import Way
from twin.balance import Balance, Closure
from twin.fault import Fault
from twin.fleet import Fleet

AT_ONCE: Final = 500
"""Balances looked at before others have their turn: 2 ms."""

REST_S_PER_BALANCE: Final = 1e-4
"""How long a count will do: twenty times what it took. That of a small fleet is always of now."""

MASKS: Final[Mapping[str, Callable[[Fault], bool]]] = {
    "suppressed": lambda fault: bool(fault.suppressed_by),
    "shelved": lambda fault: fault.shelved is not None,
    "out_of_service": lambda fault: fault.out_of_service is not None,
}
"""By what a fault may be kept quiet."""


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
    """How many balances and faults stand how, counted when somebody asks."""

    def __init__(self, fleet: Fleet, way: Way) -> None:
        self.counted: Counter[tuple[str, Closure]] = Counter()
        """Balances by code and closure."""
        self.active: Counter[str] = Counter()
        """Faults that stand, by code."""
        self.masked: dict[str, int] = dict.fromkeys(MASKS, 0)
        """Faults that are kept quiet, by how."""
        self._fleet = fleet
        self._way = way
        self._rested_at = 0.0

    async def sync(self) -> None:
        """Count the faults, and the balances unless that was just done."""
        await self._count_faults()
        begin = asyncio.get_running_loop().time()
        if begin < self._rested_at:
            return
        found = await drawn_up(self._fleet, lambda _: True, self._way)
        counted = Counter[tuple[str, Closure]]()
        for start in range(0, len(found), LOOKED_AT):
            counted.update((each.code, each.closure) for each in found[start : start + LOOKED_AT])
            await self._way.give()
        self.counted = counted
        if len(found) > AT_ONCE:
            self._rested_at = begin + len(found) * REST_S_PER_BALANCE

    async def _count_faults(self) -> None:
        standing = self._fleet.faults.standing()
        await self._way.give()
        active, masked = Counter[str](), dict.fromkeys(MASKS, 0)
        for start in range(0, len(standing), LOOKED_AT):
            some = standing[start : start + LOOKED_AT]
            active.update(each.key.code for each in some if each.stands)
            for mask, holds in MASKS.items():
                masked[mask] += sum(map(holds, some))
            await self._way.give()
        self.active, self.masked = active, masked
