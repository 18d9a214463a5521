"""Board: the racks as readers see them."""

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from schemas.stream import Cell, row_of
from services.hub import Hub
from twin.fault import Fault
from twin.fleet import Fleet
from twin.health import rack_in_health
from twin.points import EntityId
from twin.racks import Rack
from twin.severity import RANK, Severity
from twin.steps import Steps
from twin.topology import Domain
from twin.totals import Groups, Totals, groups_of, totals_of

AT_ONCE: Final = 50
"""Racks worked out before others have their turn: a few milliseconds."""

REST_S_PER_RACK: Final = 6e-4
"""How long streams rest after a rack that was worked out, some three times what that took.

So they never take more than a quarter of the time: when more changes than can be told, they tell it
less often, and the fold goes on. Fifty racks may change ten times a second.
"""

TOTALS_S_PER_RACK: Final = 1e-4
"""Totals of 10,000 racks are summed up once a second at the most, of 50 whenever asked for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which racks a reader wants to hear of."""

    racks: frozenset[str] = frozenset()
    """These only; none is all."""
    upstream: str | None = None
    """Those that this entity feeds or cools, directly or through others."""
    severity_min: Severity = Severity.OK

    def holds(self, rack: Rack) -> bool:
        """Whether a rack is one of them."""
        return (
            (not self.racks or rack.id in self.racks)
            and (
                self.upstream is None or any(self.upstream in ids for ids in rack.upstream.values())
            )
            and RANK[rack.severity] >= RANK[self.severity_min]
        )

    def holds_fault(self, fault: Fault, fleet: Fleet) -> bool:
        """Whether a fault is one of theirs: of a rack, or of the entity upstream or behind it.

        One that was bad enough stays until it is over, though it is not as bad any more.
        """
        entity = fault.key.entity
        return (
            RANK[fault.severity_max] >= RANK[self.severity_min]
            and (not self.racks or entity in self.racks)
            and (
                self.upstream in {None, entity}
                or any(self.upstream in fleet.topology.upstream(entity, each) for each in FLOWS)
            )
        )


ALL: Final = Scope()

FLOWS: Final = (Domain.POWER, Domain.LIQUID)


class Shown(NamedTuple):
    """One rack with its row of the stream."""

    rack: Rack
    row: tuple[Cell, ...]


class Board:
    """Every rack, worked out once per change however many readers there are.

    It holds one entry for each rack, the id of each piece of equipment, and one number for each
    that the hub remembers; it does no work that nobody asks for.
    """

    def __init__(self, fleet: Fleet, hub: Hub) -> None:
        self.fleet = fleet
        self.hub = hub
        self._shown: dict[EntityId, Shown] = {}
        self._order: list[EntityId] = []
        self._equipment: list[EntityId] = []  # in order of id
        self._moved: dict[EntityId, int] = {}  # when a rack came, went, or may have left a scope
        self.rested_at = 0.0
        """Until when, of the loop's clock, nobody in no hurry should ask for more racks."""
        self._seen = hub.revision
        self._pending = OrderedDict.fromkeys(self._all())
        self._totals: Totals | None = None
        self._totals_of = (-1, 0.0)  # revision and loop time
        self._groups = Groups()
        self._groups_of: Totals | None = None  # beside which they were worked out

    def __iter__(self) -> Iterator[Shown]:
        """All racks in order of id; call ``sync`` before."""
        return (self._shown[each] for each in self._order)

    def equipment(self) -> list[EntityId]:
        """The ids of all that is no rack, in order; call ``sync`` before."""
        return self._equipment.copy()

    async def sync(self) -> int:
        """Work out what changed; returns the revision that every rack is now as new as."""
        steps = self.syncing()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                revision: int = end.value
                return revision
            await asyncio.sleep(0)

    async def refresh(self) -> None:
        """The same for those to whom what was worked out a few seconds ago will do."""
        if asyncio.get_running_loop().time() >= self.rested_at:
            await self.sync()

    def syncing(self) -> Steps[int]:
        """The same in steps, for those who have more to do in between than to let others go on."""
        self._note()
        revision, left = self._seen, len(self._pending)
        self.rested_at = asyncio.get_running_loop().time() + left * REST_S_PER_RACK
        while self._pending and left > 0:
            for _ in range(min(AT_ONCE, left, len(self._pending))):
                self._work_out(self._pending.popitem(last=False)[0])
            left -= AT_ONCE
            if self._pending and left > 0:
                yield
        return revision

    def current(self) -> dict[EntityId, Rack | None]:
        """Every rack, with its view where that is as it would be worked out now."""
        self._note()
        found: dict[EntityId, Rack | None] = {each: self._shown[each].rack for each in self._order}
        return found | dict.fromkeys(self._pending)

    def changes(self, scope: Scope, since: int) -> tuple[list[Shown], list[EntityId]] | None:
        """The racks in ``scope`` that changed after a revision, and those that are not in it now.

        None where what changed is not known any more.
        """
        changed = self.hub.since(since)
        if changed is None:
            return None
        here: list[Shown] = []
        gone: list[EntityId] = []
        for each in changed:
            shown = self._shown.get(each)
            if shown is not None and scope.holds(shown.rack):
                here.append(shown)
            elif self._moved.get(each, 0) > since and (not scope.racks or each in scope.racks):
                gone.append(each)
        return here, gone

    def totals(self) -> Totals:
        """The racks in a few numbers, at most a little old; call ``sync`` before."""
        revision, at = self._totals_of
        now = asyncio.get_running_loop().time()
        rested = now - at >= TOTALS_S_PER_RACK * len(self._shown)
        if self._totals is None or (revision != self._seen and rested):
            self._totals = totals_of([shown.rack for shown in self])
            self._totals_of = (self._seen, now)
        return self._totals

    def groups(self) -> Groups:
        """The racks by hall and row, as old as the totals; call ``sync`` before."""
        totals = self.totals()
        if self._groups_of is not totals:
            self._groups = groups_of([shown.rack for shown in self])
            self._groups_of = totals
        return self._groups

    def _note(self) -> None:
        changed = self.hub.since(self._seen)
        if changed is None:
            changed = [*self._shown, *self._equipment, *self._all()]
        if len(self._moved) > len(self.hub):  # nobody can ask from before what the hub remembers
            self._moved = {each: n for each, n in self._moved.items() if self.hub.changed(each)}
        self._seen = self.hub.revision
        self._pending.update(dict.fromkeys(changed))

    def _all(self) -> Iterator[EntityId]:
        return (entity.id for entity in chain(self.fleet.racks(), self.fleet.equipment()))

    def _work_out(self, entity: EntityId) -> None:
        before = self._shown.get(entity)
        rack = rack_in_health(self.fleet, entity)
        if rack is not None:
            self._shown[entity] = Shown(rack, row_of(rack))
        elif before is not None:
            del self._shown[entity]
        _list(self._order, entity, there=rack is not None)
        known = self.fleet.entity(entity) is not None
        _list(self._equipment, entity, there=known and rack is None)
        revision = self.hub.changed(entity)
        if revision and _place(rack) != _place(before and before.rack):
            self._moved[entity] = revision


def _list(order: list[EntityId], entity: EntityId, *, there: bool) -> None:
    """Let a sorted list hold an id, or not."""
    place = bisect_left(order, entity)
    listed = place < len(order) and order[place] == entity
    if there and not listed:
        order.insert(place, entity)
    elif listed and not there:
        del order[place]


def _place(rack: Rack | None) -> object:
    """What decides whether a rack is in a scope."""
    return rack and (rack.severity, rack.upstream)
