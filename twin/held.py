"""Held: verdicts that have to last before they count, and before they no longer do."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from twin.balance import FLOW, HEAT, POWER
from twin.changes import FindingChanged
from twin.finding import Finding
from twin.instants import Instant, Millis
from twin.points import EntityId

CONTRACT: Final = "data.contract"

LASTS: Final[Mapping[str, Millis]] = {
    HEAT: Millis(60_000),
    POWER: Millis(45_000),
    FLOW: Millis(45_000),
    "sensor.implausible": Millis(30_000),
    "sensor.frozen": Millis(120_000),
    CONTRACT: Millis(10_000),
}
"""How long each must last: several time constants of the sensors (10 to 20 s) where things move, a
burst of metadata where they alone say so. A meter may rest on a plateau for a minute and a half
while all others of its branch ramp."""

GONE: Final = Millis(60_000)
"""How long it must be gone."""


class Standing(NamedTuple):
    """A finding that counts."""

    finding: Finding
    since: Instant
    """When it began, as far as it has been seen; it counted once it had lasted."""


Key = tuple[str, EntityId, str | None, str | None]


_NEW: Final[Mapping[str, Instant]] = {}


class Held:
    """What is found of one entity, over time.

    What cannot be judged for want of data stays as it is: it neither begins nor ends.
    """

    __slots__ = ("_gone", "_new", "standing")

    def __init__(self) -> None:
        self.standing: dict[Key, Standing] = {}
        self._new: dict[Key, Instant] = {}
        self._gone: dict[Key, Instant] = {}

    def __bool__(self) -> bool:
        return bool(self.standing or self._new)

    def judge(
        self,
        found: Iterable[Finding],
        unknown: frozenset[str],
        at: Instant,
        began: Mapping[str, Instant] = _NEW,
    ) -> list[FindingChanged]:
        """Take in what is found ``at``; what came to count, and what no longer does.

        Args:
            found: Everything that can be told of the entity.
            unknown: The codes and point types of which nothing can be told for want of data.
            at: Not before the last time.
            began: Since when point types stand as they do that were only now heard.
        """
        present = {key_of(each): each for each in found}
        changes = [
            change
            for key, finding in present.items()
            for change in self._present(key, finding, at, began.get(finding.suspect or "", at))
        ]
        for key in self._new.keys() - present.keys():
            del self._new[key]
        for standing in self._in_order():
            key = key_of(standing.finding)
            if key in present:
                continue
            if _unknown(key, unknown):
                self._gone.pop(key, None)
            else:
                changes += self._absent(key, at)
        return changes

    def _in_order(self) -> list[Standing]:
        return sorted(self.standing.values(), key=lambda each: order_of(each.finding))

    def end(self, at: Instant) -> list[FindingChanged]:
        """The entity is no more: nothing counts of it."""
        return [FindingChanged(each.finding, standing=False, at=at) for each in self._in_order()]

    def _present(
        self, key: Key, finding: Finding, at: Instant, began: Instant
    ) -> list[FindingChanged]:
        self._gone.pop(key, None)
        before = self.standing.get(key)
        if before is not None:
            named = before.finding
            if finding.suspect is None and named.suspect is not None:
                # Who was named once stays so until somebody else is: doubt comes and goes.
                finding = replace(
                    finding, suspect=named.suspect, implied=named.implied, unit=named.unit
                )
            self.standing[key] = Standing(finding, before.since)
            if finding.suspect == named.suspect:
                return []
            return [FindingChanged(finding, standing=True, at=at)]
        since = self._new.setdefault(key, began)
        if at - since < LASTS[finding.code]:
            return []
        del self._new[key]
        self.standing[key] = Standing(finding, since)
        return [FindingChanged(finding, standing=True, at=at)]

    def _absent(self, key: Key, at: Instant) -> list[FindingChanged]:
        if at - self._gone.setdefault(key, at) < GONE:
            return []
        del self._gone[key]
        return [FindingChanged(self.standing.pop(key).finding, standing=False, at=at)]


def key_of(finding: Finding) -> Key:
    """What makes two findings the same: a balance is one, whoever is suspected.

    Of what contradicts in the metadata of one thing it is what is said before the colon.
    """
    code, entity, suspect = finding.code, finding.entity, finding.suspect
    if code.startswith("balance."):
        return code, entity, None, None
    if code == CONTRACT:
        return code, entity, None, finding.reason.partition(":")[0]
    return code, entity, suspect, None


def order_of(finding: Finding) -> tuple[str, ...]:
    """By which findings are listed: code, entity, then what else tells two of them apart."""
    return tuple(each or "" for each in key_of(finding))


def _unknown(key: Key, unknown: frozenset[str]) -> bool:
    code, _, suspect, _ = key
    if code == CONTRACT:
        return False  # metadata are there whether anything is heard or not
    return code in unknown or suspect in unknown
