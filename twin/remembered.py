"""Remembered: findings of the process before this one, until they are found again, or are not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from twin.changes import FindingChanged
from twin.entities import Entity, doubtful
from twin.fault import Fault
from twin.finding import Finding
from twin.held import LASTS, Key, Standing, key_of
from twin.instants import NEVER, Instant, Millis
from twin.points import EntityId

WAITS: Final = Millis(300_000)
"""So long a finding may take to be found again: sensors are heard within 100 s, smoothed for 45 s,
and the slowest judge waits for two minutes."""


class Remembered:
    """What stood of an entity when the process before ended.

    Whoever finds it again goes on with it, and nobody hears of it. What is not found in time is
    over; but where its sensor is not heard nobody knows, and it stays.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._since: Instant = NEVER
        self._standing: dict[EntityId, dict[Key, Standing]] = {}
        for fault in faults:
            code, entity = fault.key.code, fault.key.entity
            if code in LASTS and fault.stands:
                judged = fault.judged
                finding = Finding(code, entity, judged.point, judged.message, judged.value)
                known = self._standing.setdefault(entity, {})
                known[key_of(finding)] = Standing(finding, fault.raised_at)

    def __bool__(self) -> bool:
        return bool(self._standing)

    def again(self, entity: EntityId, found: Iterable[Finding]) -> dict[Key, Standing]:
        """Those of ``found`` that stood already: they are not remembered any more."""
        known = self._standing.get(entity)
        if known is None:
            return {}
        keys = [key for each in found if (key := key_of(each)) in known]
        again = {key: known.pop(key) for key in keys}
        if not known:
            del self._standing[entity]
        return again

    def over(self, at: Instant, entities: Mapping[EntityId, Entity]) -> Iterator[FindingChanged]:
        """What was not found again ``WAITS`` after the first time that this was asked."""
        self._since = min(self._since, at)
        if at - self._since < WAITS:
            return
        for each in sorted(self._standing):
            entity = entities.get(each)
            if entity is not None:
                yield from self._let_go(entity, at)

    def _let_go(self, entity: Entity, at: Instant) -> Iterator[FindingChanged]:
        known, unheard = self._standing[entity.id], doubtful(entity)
        for key in [key for key, each in known.items() if each.finding.suspect not in unheard]:
            yield FindingChanged(known.pop(key).finding, standing=False, at=at)
        if not known:
            del self._standing[entity.id]
