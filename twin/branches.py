"""Branches of the power tree: meters and all that they serve, where all of it can be compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from enum import Enum
from functools import cache
from typing import Final, NamedTuple

from twin.circuits import load_of, three_phase_kw
from twin.entities import Entity
from twin.meters import METER, Find
from twin.phases import mean_of, phases_of
from twin.points import EntityId
from twin.site import UNWRITTEN, Site
from twin.steps import Steps, run
from twin.topology import Domain, Topology
from twin.witness import Electric, Group

_PLAIN: Final = frozenset({METER, "ATS", "Breaker", "Shunt", None})
"""What loses nothing that a meter shows, so that one may look through it: no UPS, no battery.
None is what is only known by association, as a tap by the shunt trip in it."""

_Edges = dict[EntityId, set[EntityId]]


class Branch(NamedTuple):
    """Meters, and everything that nobody but they serve, each in order of id."""

    meters: tuple[EntityId, ...]
    served: tuple[EntityId, ...]
    racks: frozenset[EntityId]
    """Those of the served that read ``RackPower``."""


def branches_of(topology: Topology, find: Find, site: Site = UNWRITTEN) -> list[Branch]:
    """Every branch whose two sides can be compared, in order of its meters.

    What does not read is looked through, up and down, to what does. What cannot be looked through
    stays as one that is silent. It depends on the metadata alone: whoever asks often keeps it.
    """
    return run(branching(topology, find, site))


def branching(topology: Topology, find: Find, site: Site) -> Steps[list[Branch]]:
    """The same, looked for in small parts."""
    role_of = cache(lambda each: _role_of(find(each)))
    down = {each: set(served) for each, served in topology.serves(Domain.POWER).items()}
    yield
    for tap, rack in _untold(topology, role_of, site):
        down.setdefault(tap, set()).add(rack)
    yield
    up: _Edges = {}
    for each, served in down.items():
        for one in served:
            up.setdefault(one, set()).add(each)
    yield
    beneath: _Edges = {}
    for each in down:
        if role_of(each) is _Role.METER:
            beneath[each] = _nearest(each, down, role_of)
        yield
    above: _Edges = {}
    for each in {each for served in beneath.values() for each in served}:
        above[each] = _nearest(each, up, role_of)
        yield
    found: list[Branch] = []
    for branch in _joined(beneath, above, role_of):
        found.append(branch)
        yield
    return sorted(found, key=lambda branch: branch.meters)


def branches_by_member(branches: Iterable[Branch]) -> dict[EntityId, list[Branch]]:
    """The branches in which each meter and each thing that is served takes part."""
    found: dict[EntityId, list[Branch]] = {}
    for branch in branches:
        for each in {*branch.meters, *branch.served}:
            found.setdefault(each, []).append(branch)
    return found


def group_of(branch: Branch, find: Find) -> Group:
    """What the two sides of a branch read now."""
    return Group(
        {each: _now(find(each)) for each in branch.meters},
        {each: _now(find(each)) for each in branch.served},
        branch.racks,
    )


def electric_of(meter: Entity) -> Electric | None:
    """What a meter shows of the power through it; None where it shows not enough."""
    kw, kva = load_of(meter).now, meter.measure("ApparentPower", "kVA").now
    if kva is None:
        mean = mean_of(phases_of(meter)).now
        amps = meter.measure("Current", "A").now if mean is None else mean
        volts = meter.measure("Voltage", "V").now
        kva = None if volts is None or amps is None else three_phase_kw(volts, amps, 1.0)
    if kw is None or kva is None:
        return None
    return Electric(kw, kva, meter.measure("PowerFactor", "").now)


def _now(entity: Entity | None) -> float | None:
    if entity is None:
        return None
    own = entity.measure("RackPower", "kW") if entity.of_type("RackPower") else load_of(entity)
    return own.now


class _Role(Enum):
    """What an entity is for the balance of power."""

    METER = "meter"
    RACK = "rack"
    """One that reads what it draws."""
    LOAD = "load"
    """Whatever else reads it."""
    THROUGH = "through"
    """It reads nothing, and what goes in comes out."""
    SILENT = "silent"


_RoleOf = Callable[[EntityId], _Role]


def _role_of(entity: Entity | None) -> _Role:
    if entity is None:
        return _Role.THROUGH
    if entity.of_type("RackPower"):
        return _Role.RACK
    reads = entity.of_type("ActivePower")
    if reads:
        return _Role.METER if reads[0].point.object_type == METER else _Role.LOAD
    return _Role.THROUGH if entity.kind in _PLAIN else _Role.SILENT


def _nearest(start: EntityId, edges: _Edges, role_of: _RoleOf) -> set[EntityId]:
    """Who reads nearest to ``start``; and who ends the way there without reading."""
    found, seen, left = set[EntityId](), {start}, [*edges[start]]
    while left:
        each = left.pop()
        if each not in seen:
            seen.add(each)
            onward = edges.get(each) if role_of(each) is _Role.THROUGH else None
            if onward:
                left += onward
            else:
                found.add(each)
    return found


def _joined(
    beneath: Mapping[EntityId, set[EntityId]],
    above: Mapping[EntityId, set[EntityId]],
    role_of: _RoleOf,
) -> Iterator[Branch]:
    """Meters that share what they serve make one branch."""
    done: set[EntityId] = set()
    for first in beneath:
        if first in done:
            continue
        meters, served, left = set[EntityId](), set[EntityId](), [first]
        while left:
            meter = left.pop()
            if meter not in meters:
                meters.add(meter)
                found = beneath.get(meter, set()) - served
                served |= found
                left += [other for each in found for other in above[each]]
        done |= meters
        if any(role_of(each) in _READING for each in served):
            racks = frozenset(each for each in served if role_of(each) is _Role.RACK)
            yield Branch(tuple(sorted(meters)), tuple(sorted(served)), racks)


_READING: Final = frozenset({_Role.METER, _Role.RACK, _Role.LOAD})


def _untold(
    topology: Topology, role_of: _RoleOf, site: Site
) -> Iterator[tuple[EntityId, EntityId]]:
    """Which racks hang on taps that nobody described: as is written down, else by their names.

    Only racks that nobody else is told to feed. NVIDIA's recorded pod describes the taps of one
    rack of six, ``C-E05-TAP-E1`` of ``Pod1C-E05``; so ``C-E02-TAP-E1`` is that of ``Pod1C-E02``.
    """
    down = topology.serves(Domain.POWER)
    written = {tap: rack for rack, place in site.racks.items() for tap in place.feeds}
    for parent, served in down.items():
        taps = [t for t in sorted(served) if t not in down and role_of(t) is _Role.THROUGH]
        if not taps or role_of(parent) is not _Role.METER:
            continue
        rules = {rule for each in served for rule in _rules(each, topology)}
        for tap in taps:
            rack = written.get(tap)
            if rack is None and len(rules) == 1:
                rack = next(iter(rules)).rack_of(tap)
            if rack is None or topology.feeders(rack, Domain.POWER):
                continue
            if role_of(rack) is _Role.RACK:
                yield tap, rack


class _Rule(NamedTuple):
    """What stands around the part of their names that a tap and its rack have in common."""

    before: str
    after: str
    rack_before: str
    rack_after: str

    def rack_of(self, tap: EntityId) -> EntityId | None:
        """The rack whose name goes with that of ``tap``."""
        if not (tap.startswith(self.before) and tap.endswith(self.after)):
            return None
        common = tap[len(self.before) : len(tap) - len(self.after)]
        return EntityId(f"{self.rack_before}{common}{self.rack_after}") if common else None


def _rules(tap: EntityId, topology: Topology) -> Iterator[_Rule]:
    """How the name of a tap and of what it serves go together."""
    for rack in topology.serves(Domain.POWER).get(tap, ()):
        one, other, size = SequenceMatcher(None, tap, rack, autojunk=False).find_longest_match()
        if size:
            yield _Rule(tap[:one], tap[one + size :], rack[:other], rack[other + size :])
