"""Hub: who learns what changed."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from services.fault_log import FaultLog
from twin.changes import (
    Change,
    FaultChanged,
    FindingChanged,
    PointDescribed,
    PointRetracted,
    PointStale,
    ReadingTaken,
)
from twin.fleet import Fleet
from twin.points import EntityId, Point
from twin.topology import Domain

LIMIT: Final = 1_000_000


class Hub:
    """Which entities changed, for any number of readers, each at its own pace.

    At most ``limit`` ids are kept, each once, with the revision in which it last changed. When
    full, the one that changed longest ago goes and is counted in ``forgotten``; a reader that has
    not heard of that change is told so, and starts anew.

    Args:
        epoch: A name of this run, without ``:`` and ``"``: revisions start anew with it.
        limit: How many ids are kept.
    """

    def __init__(self, epoch: str, limit: int = LIMIT) -> None:
        self.epoch = epoch
        self.revision = 0
        self.forgotten = 0
        self.ended = asyncio.Event()
        """Set when no more news will come."""
        self.faults = FaultLog()
        """What happened to faults; told before the entities that it alters are published."""
        self._limit = limit
        self._floor = 0
        self._changed: OrderedDict[EntityId, int] = OrderedDict()
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._changed)

    def publish(self, ids: Iterable[EntityId]) -> None:
        """Tell that these changed, all in one new revision."""
        revision = self.revision + 1
        for each in ids:
            self._changed[each] = self.revision = revision
            self._changed.move_to_end(each)
        while len(self._changed) > self._limit:
            _, self._floor = self._changed.popitem(last=False)
            self.forgotten += 1
        if self.revision == revision:
            self._news.set()

    def since(self, revision: int) -> list[EntityId] | None:
        """What changed after ``revision``, least recent first; None where that is not known."""
        if not self.knows(revision):
            return None
        found: list[EntityId] = []
        for each, changed in reversed(self._changed.items()):
            if changed <= revision:
                break
            found.append(each)
        return found[::-1]

    def knows(self, revision: int) -> bool:
        """Whether everything that changed after ``revision`` is still known."""
        return self._floor <= revision <= self.revision

    def changed(self, entity: EntityId) -> int:
        """The revision in which an entity last changed; 0 where that is not known."""
        return self._changed.get(entity, 0)

    async def news(self, after: int) -> None:
        """Wait until something changed after revision ``after``, or no more news will come."""
        while self.revision <= after and not self.ended.is_set():
            self._news.clear()
            await self._news.wait()

    def end(self) -> None:
        """Let every reader know that no more news will come."""
        self.ended.set()
        self._news.set()
        self.faults.end()


def affected(fleet: Fleet, change: Change) -> Iterable[EntityId]:
    """Every entity whose document a change alters, once ``fleet`` has taken it in.

    That is the one whose point it is; the racks whose feed it meters; those behind a CDU, where it
    is a flow or a set-point there; and, where what is known of a point changed, all that it serves
    or served; and whom a finding or a fault is about. A reading that only repeats a value counts:
    the document shows when it was measured. A derived number is none of a document's.
    Equipment that sums up whom it serves, and the headroom of a rack's path above its feeds, are
    worked out when asked for, and not told of.
    """
    if isinstance(change, ReadingTaken | PointStale):
        entity = change.point.entity
        fed = fleet.topology.serves(Domain.POWER).get(entity, ())
        if _rules_a_loop(change.point):
            return (entity, *fed, *fleet.topology.downstream(entity, Domain.LIQUID))
        return (entity, *fed)
    if isinstance(change, PointDescribed):
        served = change.point.serves + (change.before.serves if change.before else ())
        return _with_served(fleet, change.point.entity, served)
    if isinstance(change, PointRetracted):
        return _with_served(fleet, change.point.entity, change.point.serves)
    return _judged(change)


def _judged(change: Change) -> Iterable[EntityId]:
    """Whom a finding, or a fault that was raised, is about."""
    if isinstance(change, FindingChanged):
        return (change.finding.entity,)
    if isinstance(change, FaultChanged) and change.fault.id:
        return (change.fault.key.entity,)
    return ()


def _rules_a_loop(point: Point) -> bool:
    """Whether racks are measured by it."""
    kind = point.point_type
    return kind == "LiquidFlow" or (kind == "LiquidTemperature" and point.is_setpoint)


def _with_served(
    fleet: Fleet, entity: EntityId, served: tuple[EntityId, ...]
) -> Iterable[EntityId]:
    found = dict.fromkeys((entity, *served))
    for start in tuple(found):
        for domain in Domain:
            found |= dict.fromkeys(fleet.topology.downstream(start, domain))
    return found
