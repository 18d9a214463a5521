"""Wiring: which things of a fleet are judged together, as its topology and their points decide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar, cast

from twin.balances import Groups
from twin.branches import Branch, branches_by_member, branching, electric_of
from twin.cdu import CDU, Cdu, cdu_of, cdus_of, racks_behind
from twin.entities import RACK, Entity
from twin.faults.rule import Rules
from twin.faults.thresholds import Threshold
from twin.feeding import Feeding
from twin.frozen import neighbours
from twin.guards import Guard, RingGuard, Tripped, Watch
from twin.meters import METER
from twin.parts import Around, Lone, Part, Ring, Still, Unit
from twin.points import EntityId
from twin.site import Site
from twin.steady import Steady
from twin.steps import Steps, run
from twin.suspects import Readings
from twin.thermal import Coolant
from twin.topology import Domain, Topology
from twin.watch.meters import MeterWatch
from twin.watch.racks import RackWatch
from twin.watch.thresholds import ThresholdWatch
from twin.watch.units import UnitWatch
from twin.witness import Electric

Key = tuple[str, ...]
"""What a part is called; it decides when the part is looked at."""


_W = TypeVar("_W")

_READS: Final = ("RackPower", "ActivePower")


class _Hung(NamedTuple):
    """A rack as it was last found to hang in the topology."""

    loop: Key
    feeders: tuple[EntityId, ...]
    coolant: Coolant
    steady: Steady
    meters: list[Entity]


class Wiring:
    """The parts of a fleet. Those that remember stay the same objects while nothing of them alters.

    Args:
        topology: Who serves whom.
        entities: All there are, as they come and go.
        coolant: What flows where nothing is written down.
    """

    def __init__(
        self, topology: Topology, entities: Mapping[EntityId, Entity], coolant: Coolant
    ) -> None:
        self.touched: set[EntityId] = set()
        """Those that have other points, or serve others, than when the parts were drawn up."""
        self.thresholds: Sequence[Threshold] = ()
        """Limits of the site's own."""
        self._entities = entities
        self._around = Around(topology, entities.get, coolant)
        self._hung: dict[EntityId, _Hung] = {}
        self._behind: dict[EntityId, tuple[list[Steady], bool]] = {}
        self._rings: dict[Key, Ring] = {}
        self._feedings: dict[Key, Feeding] = {}
        self._branches: list[Branch] = []
        self._branches_of: dict[EntityId, list[Branch]] = {}
        self._power: dict[EntityId, object] = {}
        self._sited = self._around.site
        self._stills: dict[Key, Still] = {}
        self._watched: dict[EntityId, tuple[object, object]] = {}

    def configure(self, site: Site) -> None:
        """Take what is written down from ``site`` now."""
        self._around.site = site
        self.touched.update(self._entities)

    def steady(self, rack: EntityId) -> Steady | None:
        """What the sensors of a rack read of late; None where it has not been drawn up."""
        hung = self._hung.get(rack)
        return None if hung is None else hung.steady

    def parts(self) -> dict[Key, Part]:
        """Everything that is judged together, as it hangs together now."""
        self._watched = {
            each: kept for each, kept in self._watched.items() if each not in self.touched
        }
        run(self._hang())
        self._rings = self._ring()
        self._feedings = run(self._feed())
        self._stills = self._stand()
        self.touched.clear()
        parts: dict[Key, Part] = {}
        for kind, found in (("ring", self._rings), ("feeding", self._feedings)):
            parts.update({(kind, *key): part for key, part in found.items()})
        parts.update({("still", *key): part for key, part in self._stills.items()})
        self._around.hearts, self._behind = [], {}
        for each, entity in sorted(self._entities.items()):
            parts["lone", each] = Lone(entity, self._around)
            if entity.kind == CDU:
                self._behind[each] = self._served_by(each)
                parts["unit", each] = Unit(each, partial(self._cdu, entity), self._behind[each][0])
            elif entity.kind == "System":
                self._around.hearts += [s for s in entity.points.values() if s.heartbeat]
        return parts

    def balanced(self) -> Steps[list[Part]]:
        """Those of the parts that have balances, each that reads another behind it."""
        yield from self._hang()
        self._rings = self._ring()
        yield
        self._feedings = yield from self._feed()
        units: list[Part] = []
        for each, entity in sorted(self._entities.items()):
            if entity.kind == CDU:
                units.append(Unit(each, partial(self._cdu, entity)))
            yield
        return [*self._rings.values(), *self._feedings.values(), *units]

    def guards(self, rules: Rules) -> dict[Key, Guard | RingGuard]:
        """Whoever watches the parts that were drawn up last, by the same names."""
        if not rules.by_code and not self.thresholds:
            return {}  # there is nothing to be judged by
        guards: dict[Key, Guard | RingGuard] = {
            ("ring", *loop): RingGuard([self._rack_watch(each.rack, rules) for each in ring.racks])
            for loop, ring in self._rings.items()
        }
        for each, entity in self._entities.items():
            watches = [*self._watches(entity, rules)]
            if watches:
                guards["lone", each] = Guard(each, watches, hurries=entity.kind != METER)
        return guards

    def _kept(self, entity: EntityId, beside: object, build: Callable[[], _W]) -> _W:
        """A watch, which remembers: the same while neither it nor what is beside it is altered."""
        kept = self._watched.get(entity)
        if kept is None or kept[0] != beside:
            kept = self._watched[entity] = beside, build()
        return cast("_W", kept[1])

    def _rack_watch(self, rack: EntityId, rules: Rules) -> RackWatch:
        hung, site = self._hung[rack], self._around.site
        entity = self._entities[rack]
        return self._kept(
            rack,
            (rules, hung.steady, site),
            lambda: RackWatch(entity, hung.steady, rules, hung.meters, site),
        )

    def _watches(self, entity: Entity, rules: Rules) -> Iterator[Watch]:
        kind = entity.kind
        if kind == METER:
            rating = self._around.site.meter(entity.id)
            yield self._kept(entity.id, (rules, rating), lambda: MeterWatch(entity, rating, rules))
        elif kind == CDU:
            steadies, alone = self._behind[entity.id]
            yield self._kept(
                entity.id,
                (rules, steadies, alone),
                lambda: UnitWatch(entity, steadies, rules, alone=alone),
            )
        if kind != RACK and any(state.trips for state in entity.points.values()):
            yield Tripped(entity, rules)
        own = ThresholdWatch(entity, self.thresholds)
        if own:
            yield own

    def _served_by(self, unit: EntityId) -> tuple[list[Steady], bool]:
        """The racks that a unit serves, and whether any of them has no other unit."""
        topology, find = self._around.topology, self._around.find
        racks = racks_behind(unit, topology, find)
        alone = any(len(cdus_of(each, topology, find)) == 1 for each in racks)
        return [steady for each in racks if (steady := self.steady(each)) is not None], alone

    def _cdu(self, entity: Entity) -> Cdu:
        around = self._around
        return cdu_of(entity, around.topology, around.find, around.coolant, around.site)

    def _hang(self) -> Steps[None]:
        """Look at every rack's place anew: an edge far above may have moved it."""
        racks = self._hung.keys() | self.touched
        hung, self._hung = self._hung, {}
        for each in sorted(racks):
            entity = self._entities.get(each)
            if entity is not None and entity.kind == RACK:
                self._hung[each] = self._place(entity, hung.get(each))
            yield

    def _place(self, rack: Entity, before: _Hung | None) -> _Hung:
        around = self._around
        upstream = around.topology.upstream(rack.id, Domain.LIQUID)
        feeders = tuple(around.topology.feeders(rack.id, Domain.POWER))
        coolant = around.site.coolant_from(upstream, around.coolant)
        loop = tuple(upstream) or (rack.id,)  # nobody knows its peers
        same = before is not None and before[:3] == (loop, feeders, coolant)
        if before is not None and same and self.touched.isdisjoint((rack.id, *feeders)):
            return before
        meters = [meter for each in feeders if (meter := self._entities.get(each)) is not None]
        return _Hung(loop, feeders, coolant, Steady(rack, meters, coolant), meters)

    def _ring(self) -> dict[Key, Ring]:
        racks: dict[Key, list[Steady]] = {}
        for hung in self._hung.values():
            racks.setdefault(hung.loop, []).append(hung.steady)
        return {
            loop: before
            if (before := self._rings.get(loop)) is not None and before.racks == together
            else Ring(together, self._groups)
            for loop, together in racks.items()
        }

    def _feed(self) -> Steps[dict[Key, Feeding]]:
        around = self._around
        if (yield from self._branch()):
            self._branches = yield from branching(around.topology, around.find, around.site)
            self._branches_of = branches_by_member(self._branches)
        found: dict[Key, Feeding] = {}
        for branch in self._branches:
            before = self._feedings.get(branch.meters)
            if before is None or before.branch != branch or self._altered(branch):
                before = Feeding(branch, around.find, self._readings, self._groups, self._among)
            found[branch.meters] = before
            yield
        return found

    def _branch(self) -> Steps[bool]:
        """Whether anything was altered that decides what the branches are: it takes long."""
        serves, sites = self._around.topology.serves(Domain.POWER), self._around.site
        altered = sites is not self._sited
        self._sited = sites
        for each in self.touched:
            entity = self._entities.get(each)
            now = None
            if entity is not None:
                reads = [kind for kind in _READS if entity.of_type(kind)]
                now = (entity.kind, frozenset(serves.get(each, ())), *reads)
            altered |= self._power.get(each) != now
            if now is None:
                self._power.pop(each, None)
            else:
                self._power[each] = now
            yield
        return altered

    def _altered(self, branch: Branch) -> bool:
        return not self.touched.isdisjoint((*branch.meters, *branch.served))

    def _stand(self) -> dict[Key, Still]:
        found = {}
        for key, states in neighbours(self._entities.values(), self._around.topology).items():
            still = self._stills.get(key)
            if still is None:
                still = Still("/".join(("still", *key[:3])), states)
            else:
                still.gather(states)
            found[key] = still
        return found

    # -- what the parts ask of one another -------------------------------------------------------

    def _readings(self, rack: EntityId) -> Readings | None:
        steady = self.steady(rack)
        return None if steady is None or not steady.settled else steady.readings

    def _groups(self, *members: EntityId) -> Groups:
        """The groups in which these take part, as they read of late."""
        keys = {branch.meters for each in members for branch in self._branches_of.get(each, ())}
        return Groups([self._feedings[key].group for key in sorted(keys)], self._electric)

    def _among(self, member: EntityId) -> list[Feeding]:
        """The feedings in which it takes part."""
        return [self._feedings[branch.meters] for branch in self._branches_of.get(member, ())]

    def _electric(self, meter: EntityId) -> Electric | None:
        entity = self._entities.get(meter)
        return None if entity is None else electric_of(entity)
