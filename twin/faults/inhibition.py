"""Inhibition: which faults explain another, by who serves whom and who speaks for whom."""

from typing import Final, Protocol

from twin.fault import Fault, Key
from twin.faults.ledger import Ledger
from twin.faults.rule import Rules
from twin.points import EntityId
from twin.severity import RANK
from twin.topology import Domain

PATHS: Final = 256
"""Sets of causes of which it is kept what is cut off by them."""


class Above(Protocol):
    """Who serves whom; ``Topology`` is one."""

    def upstream(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Who serves ``entity`` directly or through others."""

    def downstream(self, entity: EntityId, domain: Domain) -> list[EntityId]:
        """Whom ``entity`` serves directly or through others."""

    def lost_with(self, lost: frozenset[EntityId], domain: Domain) -> frozenset[EntityId]:
        """All of ``lost``, and everything that has no way to a root left without them."""


class Inhibition:
    """Finds the causes of effects, and the effects that a cause may have.

    What sets of causes cut off is kept until the topology changes: at most ``PATHS`` sets, all of
    them go when one more is asked for; ``walked`` counts what was not found there.
    """

    def __init__(self, rules: Rules, above: Above, ledger: Ledger) -> None:
        self.rules = rules
        self._above = above
        self._ledger = ledger
        self._cut: dict[tuple[frozenset[EntityId], Domain], frozenset[EntityId]] = {}
        self.walked = 0

    def forget(self) -> None:
        """Take it that the topology has changed."""
        self._cut.clear()

    def causes_of(self, fault: Fault) -> tuple[str, ...]:
        """The ids of the occurrences that explain a fault, in order; none where it is no effect.

        It is explained by what is wrong beside it, by the silence of its publisher, or where every
        way to what serves it leads through something that carries a cause: of redundant ones, all.
        Nothing explains what is worse than itself: a pump that is replaced by another does not
        hide that a rack has no flow.
        """
        rule = self.rules[fault.key.code]
        if not fault.stands or not rule.has_causes:
            return ()
        found = self._of(fault.key.entity, rule.beside, fault)
        if fault.judged.publisher is not None:
            found |= self._of(fault.judged.publisher, rule.effects_of, fault, fault.judged.scopes)
        if rule.domain is not None:
            found |= self._upstream(fault, rule.effects_of, rule.domain)
        found.discard(fault.id)
        return tuple(sorted(found))

    def effects_of(self, cause: Key) -> list[Key]:
        """Keys of all that a cause may explain, beside it, behind it and downstream of it."""
        near = self._ledger.at(cause.entity) + self._ledger.behind(cause.entity)
        domains = {
            rule.domain
            for rule in self.rules.by_code.values()
            if rule.domain is not None and cause.code in rule.effects_of
        }
        for domain in domains:
            for entity in self._above.downstream(cause.entity, domain):
                near += self._ledger.at(entity)
        return sorted({each.key for each in near if self._listens(each, cause)})

    def _listens(self, fault: Fault, cause: Key) -> bool:
        rule = self.rules[fault.key.code]
        return fault.key != cause and cause.code in rule.effects_of | rule.beside

    def _upstream(self, fault: Fault, codes: frozenset[str], domain: Domain) -> set[str]:
        entity = fault.key.entity
        carried = {
            each: ids
            for each in self._above.upstream(entity, domain)
            if (ids := self._of(each, codes, fault))
            and entity not in self._above.upstream(each, domain)  # never what it serves itself
        }
        if not carried or entity not in self._cut_off(frozenset(carried), domain):
            return set()
        return set[str]().union(*carried.values())

    def _cut_off(self, lost: frozenset[EntityId], domain: Domain) -> frozenset[EntityId]:
        found = self._cut.get((lost, domain))
        if found is None:
            self.walked += 1
            if len(self._cut) >= PATHS:
                self._cut.clear()
            found = self._cut[lost, domain] = self._above.lost_with(lost, domain)
        return found

    def _of(
        self,
        entity: EntityId,
        codes: frozenset[str],
        effect: Fault,
        qualifiers: tuple[str, ...] | None = None,
    ) -> set[str]:
        if not codes:
            return set()
        gravity = RANK[effect.severity_now]
        return {
            each.id
            for each in self._ledger.at(entity)
            if each.key.code in codes
            and each.explains
            and RANK[each.severity_max] >= gravity
            and (qualifiers is None or each.key.qualifier in qualifiers)
        }
