"""Wiring: which things of a fleet are judged together, as its topology and their points decide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, TypeVar, cast

from twin.balances import Groups
from twin.branches import Branch, branches_by_member, branching, electric_of
from twin.cdu import CDU, Cdu, cdu_of, cdus_of, racks_behind
from twin.entities import RACK, Entity
from twin.faults.rule import Rules
from twin.faults.thresholds import Threshold
from twin.feeding import Feeding
from twin.frozen import neighbouring
from twin.guards import Guard, Tripped, Watch
from twin.meters import METER
from twin.parts import Around, Lone, Part, Ring, Still, Unit
from twin.points import EntityId, PointState
from twin.site import UNWRITTEN, Site
from twin.steady import Steady
from twin.steps import Steps
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


@dataclass(slots=True)
class Plan:
    """How all hangs together, as it was drawn up at one time."""

    parts: dict[Key, Part] = field(default_factory=dict)
    """Everything that is judged together."""
    guards: dict[Key, Guard] = field(default_factory=dict)
    """Whoever watches it, by the same names …"""
    meters: dict[Key, MeterWatch] = field(default_factory=dict)
    """… and meters, by the same …"""
    loops: dict[Key, list[RackWatch]] = field(default_factory=dict)
    """… and racks, by those of their rings."""
    hung: dict[EntityId, _Hung] = field(default_factory=dict)
    behind: dict[EntityId, tuple[list[Steady], bool]] = field(default_factory=dict)
    """The racks that each unit serves, and whether any of them has no other unit."""
    rings: dict[Key, Ring] = field(default_factory=dict)
    branches: list[Branch] = field(default_factory=list)
    branches_of: dict[EntityId, list[Branch]] = field(default_factory=dict)
    feedings: dict[Key, Feeding] = field(default_factory=dict)
    stills: dict[Key, Still] = field(default_factory=dict)
    watched: dict[EntityId, tuple[object, object]] = field(default_factory=dict)
    hearts: list[PointState] = field(default_factory=list)
    power: dict[EntityId, object] = field(default_factory=dict)
    """What decides which branches there are …"""
    site: Site = UNWRITTEN
    """… and what was written down of them then."""


class Wiring:
    """The parts of a fleet. Those that remember stay the same objects while nothing of them alters.

    To draw them up takes seconds where a site is large, so it goes in steps. Meanwhile all stays as
    it was, whatever else is touched: that is drawn up the next time.

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
        self._plan = Plan()
        self._altered: set[EntityId] = set()  # touched, and being drawn up

    def configure(self, site: Site) -> None:
        """Take what is written down from ``site`` now."""
        self._around.site = site
        self.touched.update(self._entities)

    def steady(self, rack: EntityId) -> Steady | None:
        """What the sensors of a rack read of late; None where it has not been drawn up."""
        return _steady(self._plan, rack)

    def draw_up(self, rules: Rules) -> Steps[Plan]:
        """How all hangs together now; it counts from ``take`` on.

        What begins anew before it was taken draws up as well what this one was to.
        """
        self._altered |= self.touched
        self.touched.clear()
        plan = yield from self._balanced()
        plan.stills = yield from self._stand()
        for kind, found in (("ring", plan.rings), ("feeding", plan.feedings)):
            plan.parts.update({(kind, *key): part for key, part in found.items()})
        plan.parts.update({("still", *key): part for key, part in plan.stills.items()})
        yield
        yield from self._judged_alone(plan)
        if rules.by_code or self.thresholds:  # else there is nothing to be judged by
            yield from self._guarded(plan, rules)
        return plan

    def take(self, plan: Plan) -> None:
        """Take it that all hangs together so."""
        self._plan = plan
        self._around.hearts = plan.hearts
        self._altered.clear()

    def balanced(self) -> Steps[list[Part]]:
        """Those of the parts that have balances, each that reads another behind it."""
        self._altered |= self.touched
        plan = yield from self._balanced()
        self._plan = plan
        units: list[Part] = []
        for each, entity in sorted(self._entities.items()):
            if entity.kind == CDU:
                units.append(Unit(each, partial(self._cdu, entity)))
            yield
        return [*plan.rings.values(), *plan.feedings.values(), *units]

    # -- drawing up ------------------------------------------------------------------------------

    def _balanced(self) -> Steps[Plan]:
        """A plan of what has balances."""
        plan = Plan()
        yield from self._hang(plan)
        plan.rings = self._ring(plan)
        yield
        yield from self._feed(plan)
        return plan

    def _judged_alone(self, plan: Plan) -> Steps[None]:
        """Each thing by itself, and cooling units against their racks; who watches these."""
        for each, entity in sorted(self._entities.items()):
            plan.parts["lone", each] = Lone(entity, self._around)
            if entity.kind == CDU:
                plan.behind[each] = behind = self._served_by(plan, each)
                plan.parts["unit", each] = Unit(each, partial(self._cdu, entity), behind[0])
            elif entity.kind == "System":
                plan.hearts += [s for s in entity.points.values() if s.heartbeat]
            yield

    def _guarded(self, plan: Plan, rules: Rules) -> Steps[None]:
        for loop, ring in plan.rings.items():
            racks: list[RackWatch] = []
            for steady in ring.racks:
                entity = self._entities.get(steady.rack)
                if entity is not None:  # it may have gone meanwhile
                    racks.append(self._rack_watch(plan, entity, rules))
                yield
            plan.loops["ring", *loop] = racks
        for each, entity in [*self._entities.items()]:
            if entity.kind == METER:
                plan.meters["lone", each] = self._meter_watch(plan, entity, rules)
            watches = [*self._watches(plan, entity, rules)]
            if watches:
                plan.guards["lone", each] = Guard(each, watches, hurries=entity.kind != METER)
            yield

    def _kept(self, plan: Plan, entity: EntityId, beside: object, build: Callable[[], _W]) -> _W:
        """A watch, which remembers: the same while neither it nor what is beside it is altered."""
        kept = None if entity in self._altered else self._plan.watched.get(entity)
        if kept is None or kept[0] != beside:
            kept = beside, build()
        plan.watched[entity] = kept
        return cast("_W", kept[1])

    def _rack_watch(self, plan: Plan, rack: Entity, rules: Rules) -> RackWatch:
        hung, site = plan.hung[rack.id], self._around.site
        return self._kept(
            plan,
            rack.id,
            (rules, hung.steady, site),
            lambda: RackWatch(rack, hung.steady, rules, hung.meters, site),
        )

    def _meter_watch(self, plan: Plan, meter: Entity, rules: Rules) -> MeterWatch:
        rating = self._around.site.meter(meter.id)
        return self._kept(plan, meter.id, (rules, rating), lambda: MeterWatch(meter, rating, rules))

    def _watches(self, plan: Plan, entity: Entity, rules: Rules) -> Iterator[Watch]:
        kind, each = entity.kind, entity.id
        if kind == CDU and each in plan.behind:  # else it came meanwhile
            steadies, alone = plan.behind[each]
            beside = (rules, steadies, alone)
            watch = partial(UnitWatch, entity, steadies, rules, alone=alone)
            yield self._kept(plan, each, beside, watch)
        if kind != RACK and any(state.trips for state in entity.points.values()):
            yield Tripped(entity, rules)
        own = ThresholdWatch(entity, self.thresholds)
        if own:
            yield own

    def _served_by(self, plan: Plan, unit: EntityId) -> tuple[list[Steady], bool]:
        """The racks that a unit serves, and whether any of them has no other unit."""
        topology, find = self._around.topology, self._around.find
        racks = racks_behind(unit, topology, find)
        alone = any(len(cdus_of(each, topology, find)) == 1 for each in racks)
        return [found for each in racks if (found := _steady(plan, each)) is not None], alone

    def _cdu(self, entity: Entity) -> Cdu:
        around = self._around
        return cdu_of(entity, around.topology, around.find, around.coolant, around.site)

    def _hang(self, plan: Plan) -> Steps[None]:
        """Look at every rack's place anew: an edge far above may have moved it."""
        before = self._plan.hung
        for each in sorted(before.keys() | self._altered):
            entity = self._entities.get(each)
            if entity is not None and entity.kind == RACK:
                plan.hung[each] = self._place(entity, before.get(each))
            yield

    def _place(self, rack: Entity, before: _Hung | None) -> _Hung:
        around = self._around
        upstream = around.topology.upstream(rack.id, Domain.LIQUID)
        feeders = tuple(around.topology.feeders(rack.id, Domain.POWER))
        coolant = around.site.coolant_from(upstream, around.coolant)
        loop = tuple(upstream) or (rack.id,)  # nobody knows its peers
        same = before is not None and before[:3] == (loop, feeders, coolant)
        if before is not None and same and self._altered.isdisjoint((rack.id, *feeders)):
            return before
        meters = [meter for each in feeders if (meter := self._entities.get(each)) is not None]
        return _Hung(loop, feeders, coolant, Steady(rack, meters, coolant), meters)

    def _ring(self, plan: Plan) -> dict[Key, Ring]:
        racks: dict[Key, list[Steady]] = {}
        for hung in plan.hung.values():
            racks.setdefault(hung.loop, []).append(hung.steady)
        return {
            loop: before
            if (before := self._plan.rings.get(loop)) is not None and before.racks == together
            else Ring(together, self._groups)
            for loop, together in racks.items()
        }

    def _feed(self, plan: Plan) -> Steps[None]:
        around, before = self._around, self._plan
        if (yield from self._branch(plan)):
            plan.branches = yield from branching(around.topology, around.find, plan.site)
            plan.branches_of = branches_by_member(plan.branches)
        else:
            plan.branches, plan.branches_of = before.branches, before.branches_of
        yield
        for branch in plan.branches:
            kept = before.feedings.get(branch.meters)
            members = (*branch.meters, *branch.served)
            if kept is None or kept.branch != branch or not self._altered.isdisjoint(members):
                kept = Feeding(branch, around.find, self._readings, self._groups, self._among)
            plan.feedings[branch.meters] = kept
            yield

    def _branch(self, plan: Plan) -> Steps[bool]:
        """Whether anything was altered that decides what the branches are: it takes long."""
        serves, plan.site = self._around.topology.serves(Domain.POWER), self._around.site
        plan.power = dict(self._plan.power)
        altered = plan.site is not self._plan.site
        for each in sorted(self._altered):
            entity = self._entities.get(each)
            now = None
            if entity is not None:
                reads = [kind for kind in _READS if entity.of_type(kind)]
                now = (entity.kind, frozenset(serves.get(each, ())), *reads)
            altered |= plan.power.get(each) != now
            if now is None:
                plan.power.pop(each, None)
            else:
                plan.power[each] = now
            yield
        return altered

    def _stand(self) -> Steps[dict[Key, Still]]:
        found: dict[Key, Still] = {}
        groups = yield from neighbouring([*self._entities.values()], self._around.topology)
        for key, states in groups.items():
            still = self._plan.stills.get(key)
            if still is None:
                still = Still("/".join(("still", *key[:3])), states)
            else:
                still.gather(states)
            found[key] = still
            yield
        return found

    # -- what the parts ask of one another -------------------------------------------------------

    def _readings(self, rack: EntityId) -> Readings | None:
        steady = self.steady(rack)
        return None if steady is None or not steady.settled else steady.readings

    def _groups(self, *members: EntityId) -> Groups:
        """The groups in which these take part, as they read of late."""
        plan = self._plan
        keys = {branch.meters for each in members for branch in plan.branches_of.get(each, ())}
        return Groups([plan.feedings[key].group for key in sorted(keys)], self._electric)

    def _among(self, member: EntityId) -> list[Feeding]:
        """The feedings in which it takes part."""
        plan = self._plan
        return [plan.feedings[branch.meters] for branch in plan.branches_of.get(member, ())]

    def _electric(self, meter: EntityId) -> Electric | None:
        entity = self._entities.get(meter)
        return None if entity is None else electric_of(entity)


def _steady(plan: Plan, rack: EntityId) -> Steady | None:
    hung = plan.hung.get(rack)
    return None if hung is None else hung.steady
