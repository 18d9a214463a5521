"""Board: the racks as readers see them."""

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from schemas.stream import Cell, row_of
from services.api.slices import LOOKED_AT
from services.hub import Hub
from services.way import Way
from twin.fault import Fault
from twin.fleet import Fleet
from twin.gist import Gist
from twin.health import gist_in_health
from twin.points import EntityId
from twin.severity import RANK, Severity
from twin.steps import Steps
from twin.topology import Domain
from twin.totals import Groups, Totals, grouping, summing_up, totals_of

AT_ONCE: Final = 100
"""Racks worked out before others have their turn, some 4 ms; and those that are few."""

REST_S_PER_RACK: Final = 2e-4
"""How long readers rest from when they began to work out a rack: four times what it takes.

So they never take more than a quarter of the time: when more changes than can be told, they tell it
less often, and the fold goes on. A hundred and more racks may change ten times a second.
"""

WIDE: Final = 3
"""How many times as long those rest who want more racks than a few: nobody takes in a whole fleet
at a glance, and the fold is to have the time."""

SLACK_S: Final = 0.1
"""How far ahead of that those may be who listen to few racks: a turn of the stream."""

RELAXED: Final = 5
"""Times that rest, what was worked out will do for those who are in no hurry."""

TOTALS_S_PER_RACK: Final = 1e-4
"""Totals of 10,000 racks are summed up once a second at the most, of few whenever asked for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which racks a reader wants to hear of."""

    racks: frozenset[str] = frozenset()
    """These only; none is all."""
    upstream: str | None = None
    """Those that this entity feeds or cools, directly or through others."""
    severity_min: Severity = Severity.OK

    @property
    def is_wide(self) -> bool:
        """Whether any rack may be one of them."""
        return not self.racks and self.upstream is None

    def holds(self, rack: Gist) -> bool:
        """Whether a rack is one of them."""
        return (
            (not self.racks or rack.id in self.racks)
            and (self.upstream is None or self.upstream in rack.upstream)
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
    """The gist of one rack with its row of the stream."""

    gist: Gist
    row: tuple[Cell, ...]


class Changes(NamedTuple):
    """What changed of the racks in a scope."""

    here: list[Shown]
    gone: list[EntityId]
    """Those that are not in it now."""


class Board:
    """The gist of every rack, worked out once per change however many readers there are.

    Whoever listens to few racks has those worked out at once; all of them are for the others, who
    rest meanwhile. It holds one entry for each rack, the id and a number for each piece of
    equipment, one number for each that the hub remembers, and which racks ever were beneath whom;
    it does no work that nobody asks for.
    """

    def __init__(self, fleet: Fleet, hub: Hub, way: Way | None = None) -> None:
        self.fleet = fleet
        self.hub = hub
        self.way = way or Way()
        self._shown: dict[EntityId, Shown] = {}
        self._worked_out: dict[EntityId, int] = {}  # as of which revision
        self._order: list[EntityId] = []
        self._equipment: list[EntityId] = []  # in order of id
        self._moved: dict[EntityId, int] = {}  # when a rack came, went, or may have left a scope
        self._beneath: dict[EntityId, set[EntityId]] = {}  # the racks that ever were
        self._rested_at = 0.0
        self._relaxed_at = 0.0
        self._few_rested_at = 0.0
        self._seen = hub.revision
        self._pending = OrderedDict.fromkeys(self._all())
        self._totals: Totals | None = None
        self._totals_of = (-1, 0.0)  # revision and loop time
        self._groups: tuple[Totals | None, Groups] = (None, Groups())  # and beside which totals

    def __iter__(self) -> Iterator[Shown]:
        """All racks in order of id; call ``sync`` before."""
        return (self._shown[each] for each in self._order)

    def equipment(self) -> list[EntityId]:
        """The ids of all that is no rack, in order; call ``sync`` before."""
        return self._equipment.copy()

    def ids(self) -> list[EntityId]:
        """The ids of every rack of now, in no order; others may be among them."""
        self._note()
        return [*dict.fromkeys(chain(self._order, self._pending))]

    def within(self, scope: Scope) -> list[Shown]:
        """The racks in ``scope`` in order of id; call ``sync`` before."""
        few = self._few(scope)
        asked = self._order if few is None else sorted(few & self._shown.keys())
        return [shown for each in asked if scope.holds((shown := self._shown[each]).gist)]

    def rested_at(self, scope: Scope = ALL) -> float:
        """Until when, of the loop's clock, nobody in no hurry should ask for more racks."""
        return self._rested_at if self._few(scope) is None else self._few_rested_at - SLACK_S

    def is_quick(self, scope: Scope) -> bool:
        """Whether the racks in ``scope`` are so few that they are worked out in one step."""
        return self._totals is not None and self._few(scope) is not None

    @property
    def relaxed(self) -> bool:
        """Whether also those should ask for more racks to whom some seconds do not matter."""
        return _now() >= self._relaxed_at

    async def sync(self, scope: Scope = ALL) -> int:
        """Work out what changed; the revision that every rack in ``scope`` is now as new as."""
        steps = self.syncing(scope)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                revision: int = end.value
                return revision
            await self.way.give()

    async def refresh(self) -> None:
        """The same for those to whom what was worked out a few seconds ago will do."""
        if self.relaxed:
            await self.sync()

    def syncing(self, scope: Scope = ALL) -> Steps[int]:
        """The same in steps, for those who have more to do in between than to let others go on."""
        few = self._few(scope)
        if few is not None and self._totals is not None:
            revision = self.hub.revision
            changed = [each for each in few if self._changed_since(each)]
            racks, began = 0, max(_now(), self._few_rested_at)
            for each in changed:
                racks += self._work_out(each)
            self._few_rested_at = began + racks * REST_S_PER_RACK
            return revision
        self._note()
        revision = self._seen
        if len(self._pending) > LOOKED_AT:
            yield
        yield from self._all_worked_out()
        yield from self._summed_up()
        return revision

    def changes(self, scope: Scope, since: int) -> Steps[Changes | None]:
        """What changed in a scope after a revision, in steps; call ``sync`` of it just before.

        Each rack is as it is when its turn comes: what changes after that is of a later revision.
        None where what changed is not known any more.
        """
        here: list[Shown] = []
        gone: list[EntityId] = []
        for number, each in enumerate(self._changeable(scope, since), start=1):
            if number % LOOKED_AT == 0:
                yield
            shown = self._shown.get(each)
            if shown is not None and (scope is ALL or scope.holds(shown.gist)):
                if self.hub.changed(each) > since and self._worked_out[each] > since:
                    here.append(shown)
            elif self._moved.get(each, 0) > since and (not scope.racks or each in scope.racks):
                gone.append(each)
        return Changes(here, gone) if self.hub.knows(since) else None

    def totals(self) -> Totals:
        """The racks in a few numbers, some seconds old at the most; call ``sync`` before."""
        return self._totals or totals_of(shown.gist for shown in self)

    async def groups(self) -> Groups:
        """The racks by hall and row, as old as the totals; call ``sync`` before."""
        totals, steps = self.totals(), grouping([shown.gist for shown in self])
        while self._groups[0] is not totals:
            try:
                next(steps)
            except StopIteration as end:
                self._groups = (totals, end.value)
            else:
                await self.way.give()
        return self._groups[1]

    def _note(self) -> None:
        changed = self.hub.since(self._seen)
        if changed is None:
            changed = [*self._shown, *self._equipment, *self._all()]
        if len(self._moved) > len(self.hub):  # nobody can ask from before what the hub remembers
            self._moved = {each: n for each, n in self._moved.items() if self.hub.changed(each)}
        self._seen = self.hub.revision
        self._pending.update(dict.fromkeys(changed))

    def _changed_since(self, entity: EntityId) -> bool:
        """Whether something changed of an entity, or may have, since it was worked out."""
        worked_out = self._worked_out.get(entity, -1)
        return not self.hub.knows(worked_out) or self.hub.changed(entity) > worked_out

    def _all(self) -> Iterator[EntityId]:
        return (entity.id for entity in chain(self.fleet.racks(), self.fleet.equipment()))

    def _few(self, scope: Scope) -> set[EntityId] | None:
        """Whatever may be in ``scope``, or was; None where that is much, or the fleet is small."""
        if scope.is_wide or len(self._order) <= AT_ONCE:
            return None
        found = {EntityId(each) for each in scope.racks}
        if scope.upstream is not None and not found:
            source = EntityId(scope.upstream)
            found = self._beneath.get(source, set())
            if len(found) <= AT_ONCE:
                topology = self.fleet.topology
                found = found.union(*(topology.downstream(source, each) for each in FLOWS))
        return found if len(found) <= AT_ONCE else None

    def _changeable(self, scope: Scope, since: int) -> Iterable[EntityId]:
        """Whatever of a scope may have changed: of few what did, least recent first."""
        few = self._few(scope)
        if few is None:
            return dict.fromkeys(chain(self._order, self._moved))
        when = {each: revision for each in few if (revision := self.hub.changed(each)) > since}
        return sorted(when, key=lambda each: (when[each], each))

    def _all_worked_out(self) -> Steps[None]:
        left, racks, began = len(self._pending), 0, _now()
        while self._pending and left > 0:
            for _ in range(min(AT_ONCE, left, len(self._pending))):
                each, _ = self._pending.popitem(last=False)
                if self._changed_since(each):  # else it was worked out for who listens to few
                    racks += self._work_out(each)
            left -= AT_ONCE
            rest = racks * REST_S_PER_RACK
            self._rested_at = max(self._rested_at, began + WIDE * rest)
            self._relaxed_at = max(self._relaxed_at, began + RELAXED * rest)
            if self._pending and left > 0:
                yield

    def _summed_up(self) -> Steps[None]:
        """Totals of now, unless somebody else sees to them, or those of a moment ago will do."""
        (revision, at), now, racks = self._totals_of, _now(), len(self._order)
        rested = racks <= AT_ONCE or now - at >= TOTALS_S_PER_RACK * racks
        if self._totals is not None and (revision == self._seen or not rested):
            return
        self._totals_of = (self._seen, now)
        try:
            self._totals = yield from summing_up([shown.gist for shown in self])
        except GeneratorExit:
            self._totals_of = (-1, 0.0)
            raise

    def _work_out(self, entity: EntityId) -> bool:
        """Whether it is a rack: all else costs next to nothing."""
        self._worked_out[entity] = self.hub.revision
        before = self._shown.get(entity)
        gist = gist_in_health(self.fleet, entity)
        if gist is not None:
            self._shown[entity] = Shown(gist, row_of(gist))
        elif before is not None:
            del self._shown[entity]
        if gist is None or before is None:
            _list(self._order, entity, there=gist is not None)
            known = self.fleet.entity(entity) is not None
            _list(self._equipment, entity, there=known and gist is None)
            if not known:  # or anybody could have any number of ids kept
                del self._worked_out[entity]
        self._place(entity, gist, before and before.gist)
        return gist is not None

    def _place(self, rack: EntityId, now: Gist | None, before: Gist | None) -> None:
        """Note what decides whether a rack is in a scope, where that is not as it was."""
        if now is not None and (before is None or now.upstream != before.upstream):
            for each in now.upstream:
                self._beneath.setdefault(each, set()).add(rack)
        revision = self.hub.changed(rack)
        if revision and _where(now) != _where(before):
            self._moved[rack] = revision


def _now() -> float:
    return asyncio.get_running_loop().time()


def _where(rack: Gist | None) -> object:
    return rack and (rack.severity, rack.upstream)


def _list(order: list[EntityId], entity: EntityId, *, there: bool) -> None:
    """Let a sorted list hold an id, or not."""
    place = bisect_left(order, entity)
    listed = place < len(order) and order[place] == entity
    if there and not listed:
        order.insert(place, entity)
    elif listed and not there:
        del order[place]
