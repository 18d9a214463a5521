"""Parts of a fleet that are judged together: racks on one loop, a cooling unit with its racks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import fsum
from typing import Final, NamedTuple

from twin.balance import FLOW, HEAT, Balance, Closure
from twin.balances import Groups, judge_rack
from twin.cdu import Cdu
from twin.changes import Derived
from twin.contradictions import any_unheard, judge_metadata, judge_unheard
from twin.entities import Entity
from twin.finding import Finding
from twin.frozen import Stillness
from twin.held import CONTRACT
from twin.implausible import SHORT, judge_cdu, judge_meter, judge_phases
from twin.instants import Instant, Millis
from twin.measured import Measured
from twin.meters import METER
from twin.points import EntityId, Freshness, PointState, PublisherId
from twin.ranges import Ranged
from twin.sensors import sensor_of
from twin.site import UNWRITTEN, Site
from twin.steady import Steady, gather
from twin.suspects import Readings
from twin.thermal import Coolant
from twin.topology import Topology

NOTHING: Final[frozenset[str]] = frozenset()

_OF_RACKS: Final = frozenset({HEAT})
_OF_UNITS: Final = frozenset({FLOW, "LiquidFlow", "LiquidTemperature"})
_OF_METERS: Final = frozenset({"Voltage", "CurrentLimit"})
"""What nothing can be told of while no current is known."""


MOVING_K_PER_S: Final = 0.02
"""A supply that moves faster is a transient: 1 K in 50 s; ours."""


class Judgement(NamedTuple):
    """What is found of one entity at one instant."""

    entity: EntityId
    found: list[Finding]
    by: str
    """Who judges: each holds its own findings of an entity."""
    unknown: frozenset[str] = NOTHING
    """Codes and point types of which nothing can be told for want of data."""


@dataclass(slots=True)
class Around:
    """What is around the parts; changed by whoever draws them up."""

    topology: Topology
    find: Callable[[EntityId], Entity | None]
    coolant: Coolant
    site: Site = UNWRITTEN
    hearts: list[PointState] = field(default_factory=list)
    """The points by which publishers say that they live."""

    _spoke: dict[PublisherId, Instant] = field(default_factory=dict)

    def speaks_since(self, publisher: PublisherId, now: Instant) -> Instant:
        """Since when a publisher is seen to live; for ever where it has no heart."""
        hearts = [each for each in self.hearts if each.point.publisher == publisher]
        if not hearts:
            return Instant(0)
        if any(each.freshness is Freshness.LIVE for each in hearts):
            return self._spoke.setdefault(publisher, now)
        self._spoke.pop(publisher, None)
        return now


class Part(ABC):
    """Things that are judged together."""

    entities: Sequence[EntityId] = ()
    """Those that are judged at once when a point of theirs is heard for the first time."""

    sampled: Millis | None = None
    """How often they are to be sampled between, one second or two; None where never."""

    def sample(self, at: Instant) -> None:
        """Take in what they read ``at``."""
        del at

    @abstractmethod
    def judge(self, at: Instant) -> Iterator[Judgement]:
        """What is found of each; called every twelve seconds."""

    def balances(self) -> Iterable[Balance]:
        """Their balances as they were last drawn up."""
        return ()

    def derived(self, at: Instant) -> Iterable[Derived]:
        """What was worked out of them ``at``, for whoever keeps it; called after ``judge``."""
        del at
        return ()


class Ring(Part):
    """Racks that the same units cool: peers of one another."""

    def __init__(self, racks: Sequence[Steady], groups: Callable[[EntityId], Groups]) -> None:
        self.racks = racks
        self._groups = groups
        self.entities = [rack.rack for rack in racks]

    def sample(self, at: Instant) -> None:
        """Take in what their sensors read, by themselves; else all of one beat are, together."""
        gather(self.racks).sample(at)

    def judge(self, at: Instant) -> Iterator[Judgement]:
        """Judge each by what it read of late, once that is all of its heat balance."""
        del at
        known: dict[EntityId, Readings] | None = None
        for rack in self.racks:
            if not rack.settled:
                yield Judgement(rack.rack, [], "ring", _OF_RACKS)
            elif rack.heat().closure is not Closure.OPEN:
                yield Judgement(rack.rack, [], "ring")
            else:
                if known is None:
                    known = {each.rack: r for each in self.racks if (r := each.readings)}
                peers = [readings for peer, readings in known.items() if peer != rack.rack]
                found = judge_rack(rack.rack, known[rack.rack], peers, self._groups(rack.rack))
                yield Judgement(rack.rack, list(found), "ring")

    def balances(self) -> Iterator[Balance]:
        """Those of every rack."""
        for rack in self.racks:
            yield rack.heat()

    def derived(self, at: Instant) -> Iterator[Derived]:
        """The heat of every rack, and how far it is off."""
        for rack in self.racks:
            heat = rack.heat()
            if heat.shown is not None:
                yield Derived(rack.rack, "heat_kw", heat.shown, at)
            if heat.residual is not None:
                yield Derived(rack.rack, "heat_residual_pct", heat.residual * 100, at)


class Unit(Part):
    """A cooling unit, against the racks behind it."""

    def __init__(
        self, unit: EntityId, view: Callable[[], Cdu], racks: Sequence[Steady] = ()
    ) -> None:
        self._unit = unit
        self.entities = [unit]
        self._view = view
        self._racks = racks
        self._flow: Balance | None = None

    def judge(self, at: Instant) -> Iterator[Judgement]:
        """Judge it by what it and its racks read now; while its supply moves only by its metadata.

        What the unit carries and what its racks give off are half a minute apart then.
        """
        view = self._believed(self._view())
        self._flow = _flow_of(self._unit, view, at)
        found = list(judge_cdu(self._unit, view))
        if any(abs(rack.supply_slope) > MOVING_K_PER_S for rack in self._racks):
            found = [each for each in found if each.code == CONTRACT]
            yield Judgement(self._unit, found, "unit", _OF_UNITS)
        else:
            unknown = NOTHING if view.racks.heat.fresh else _OF_UNITS
            yield Judgement(self._unit, found, "unit", unknown)

    def _believed(self, view: Cdu) -> Cdu:
        """The same without racks that do not balance themselves, or read what cannot be.

        They are no witness against the unit; what the others are known to take still counts.
        Where most of them are off it is no sensor of theirs, and all of them count.
        """
        whole = [(each, each.heat()) for each in self._racks]
        true = [(each, heat) for each, heat in whole if heat.closure is not Closure.OPEN]
        if len(true) * 2 < len(whole):
            true = whole
        flow = _of(view.racks.flow, [each.flow for each, _ in true])
        heat = _of(view.racks.heat, [heat.shown for _, heat in true])
        return replace(view, racks=replace(view.racks, flow=flow, heat=heat))

    def balances(self) -> Iterator[Balance]:
        """Its flow against that of its racks, as it was judged last."""
        if self._flow is not None:
            yield self._flow

    def derived(self, at: Instant) -> Iterator[Derived]:
        """How far its flow is off."""
        residual = None if self._flow is None else self._flow.residual
        if residual is not None:
            yield Derived(self._unit, "flow_residual_pct", residual * 100, at)


def _of(whole: Measured, told: Sequence[float | None]) -> Measured:
    """What is left of a sum of which only some is believed; the sum where that is all of it."""
    known = [each for each in told if each is not None]
    if len(known) >= (whole.fresh or 0):
        return whole
    return whole._replace(value=fsum(known) if known else None, fresh=len(known))


def _flow_of(unit: EntityId, cdu: Cdu, at: Instant) -> Balance:
    """Some of the flow of a unit may pass its racks by: more than theirs is no contradiction."""
    racks, shown = cdu.racks.flow, cdu.secondary.flow.now
    fresh = (racks.fresh or 0) + (shown is not None)
    inputs = (racks.expected or 0) + 1
    off = 1 - SHORT
    return Balance(FLOW, unit, "LPM", shown, racks.now, off, fresh, inputs, at, one_sided=True)


class Lone(Part):
    """A thing by itself: what its points and their metadata say, and its meter."""

    def __init__(self, entity: Entity, around: Around) -> None:
        self._entity = entity
        self._around = around
        self._metered = entity.kind == METER
        self._volts = sensor_of(entity, "Voltage", "V")
        self._amps = sensor_of(entity, "Current", "A")
        self._limit = sensor_of(entity, "CurrentLimit", "A")
        self._ranged = Ranged(entity)
        self._heard = False
        self.entities = [entity.id]

    def judge(self, at: Instant) -> Iterator[Judgement]:
        """Judge it by what it reads now, and what was said of it and of what is around it."""
        entity, around = self._entity, self._around
        found = [*self._said]
        if not self._heard:  # what was heard once was heard
            found += judge_unheard(entity, at, lambda by: around.speaks_since(by, at))
            self._heard = not any_unheard(entity)
        unknown = NOTHING
        if self._metered:
            amps = self._amps.now
            if amps is None:
                unknown = _OF_METERS
            elif self._volts.now == 0 or amps > (self._limit.now or 0.0):
                found += judge_meter(entity)
            found += judge_phases(entity, around.topology, around.find)
        found += self._ranged.judge()  # the last of two that say the same counts
        yield Judgement(entity.id, found, "lone", unknown)

    @cached_property
    def _said(self) -> tuple[Finding, ...]:
        """What contradicts itself; when anything else is said, all parts are drawn up anew."""
        return tuple(judge_metadata(self._entity, self._around.topology, self._around.find))


class Still(Part):
    """Neighbours among sensors, which are to move as long as the others do.

    Args:
        name: Of the kind of sensor; an entity may have several kinds.
        states: The sensors.
    """

    def __init__(self, name: str, states: Sequence[PointState]) -> None:
        self._name = name
        self._stillness = Stillness(states)
        self._members = sorted({state.point.entity for state in states})

    def gather(self, states: Sequence[PointState]) -> None:
        """Watch these from now on."""
        self._stillness.gather(states)
        self._members = sorted({state.point.entity for state in states})

    def judge(self, at: Instant) -> Iterator[Judgement]:
        """Those that stand still."""
        found: dict[EntityId, list[Finding]] = {each: [] for each in self._members}
        for finding in self._stillness.sample(at):
            found[finding.entity].append(finding)
        for entity, findings in found.items():
            yield Judgement(entity, findings, self._name)
