"""Contradictions: what the metadata of one thing say that cannot be so, or leave unsaid.

They are no matter of readings: what is found stands until something else is said.
"""

from collections.abc import Callable, Iterator
from typing import Final

from twin.entities import Entity
from twin.finding import Finding
from twin.instants import Instant
from twin.meters import METER
from twin.points import EntityId, Freshness, PublisherId
from twin.quantities import base_of
from twin.topology import Domain, Topology

Find = Callable[[EntityId], Entity | None]
"""Gives the entities that the topology names, where known."""

_UNHEARD: Final = Freshness.UNHEARD

UNHEARD_FOR: Final = 150_000
"""Milliseconds after which a point that was described has to have been heard: one and a half times
the 100 s in which DSX BMS v1 has every value republished, changed or not."""

SETPOINTS: Final = frozenset(
    {
        "RackLiquidDifferentialPressureSp",
        "LiquidTemperature",
        "LiquidDifferentialPressure",
        "LiquidFlow",
        "LiquidPressure",
        "AirTemperature",
        "AirDifferentialPressure",
        "AirRelativeHumidity",
        "AirFlow",
        "AirPressure",
        "GenericPoint",
    }
)
"""Point types that may be a set-point (DSX BMS v1, ``isSetpoint``)."""

_IN_ANY_UNIT: Final = frozenset({"GenericPoint", "PumpSpeed", "FanSpeed", "AirFlow"})
"""Of two pumps one may be told in per cent, the other in revolutions."""

_FLOWS: Final = (Domain.POWER, Domain.LIQUID, Domain.AIR)

_NAMED: Final = 3
"""So many ids stand in a reason; of others it says how many."""


def judge_metadata(entity: Entity, topology: Topology, find: Find) -> Iterator[Finding]:
    """What is said of ``entity`` that contradicts itself, the contract or what others say.

    Once for each kind of contradiction, with the point type where it is of one.
    """
    yield from _setpoints(entity)
    yield from _units(entity)
    yield from _names(entity)
    yield from _unserving(entity, topology)
    yield from _dangling(entity, topology, find)


def any_unheard(entity: Entity) -> bool:
    """Whether any of its points was never heard."""
    return _UNHEARD in {state.freshness for state in entity.points.values()}


def judge_unheard(
    entity: Entity, now: Instant, speaks_since: Callable[[PublisherId], Instant]
) -> Iterator[Finding]:
    """Whether ``entity`` has points that were described long ago and never heard, all in one.

    Args:
        entity: Whose points.
        now: The present.
        speaks_since: Since when a publisher could be heard; while it is silent as a whole that
            says nothing of its points.
    """
    if not any_unheard(entity):
        return
    types = sorted(
        {
            state.point.point_type
            for state in entity.points.values()
            if state.freshness is _UNHEARD
            and now - state.described_at >= UNHEARD_FOR
            and now - speaks_since(state.point.publisher) >= UNHEARD_FOR
        }
    )
    if types:
        suspect = types[0] if len(types) == 1 else None
        yield _finding(entity, suspect, f"described, and never heard: {', '.join(types)}")


def _setpoints(entity: Entity) -> Iterator[Finding]:
    said = {each.point.point_type for each in entity.points.values() if each.point.is_setpoint}
    for kind in sorted(said - SETPOINTS):
        yield _finding(entity, kind, f"{kind} that calls itself a set-point: the contract has none")


def _units(entity: Entity) -> Iterator[Finding]:
    """Points of one type in units of different quantities; states have none."""
    said = {
        (point.point_type, point.unit)
        for each in entity.points.values()
        if (point := each.point).unit is not None and not point.states
    }
    kinds = [kind for kind, _ in said]
    if len(kinds) == len(set(kinds)):
        return
    for kind in sorted(set(kinds) - _IN_ANY_UNIT):
        units = sorted(unit for other, unit in said if other == kind and unit is not None)
        if len({base_of(unit) for unit in units}) > 1:
            yield _finding(entity, kind, f"{kind} in {' and in '.join(units)}")


def _names(entity: Entity) -> Iterator[Finding]:
    names = {name for each in entity.points.values() if (name := each.point.name) is not None}
    if len(names) > 1:
        yield _finding(entity, None, f"goes by several names: {' and '.join(sorted(names))}")


def _unserving(entity: Entity, topology: Topology) -> Iterator[Finding]:
    """A meter that leads nowhere, where it hangs on nothing or where others beside it do lead on.

    What is only known by what is associated with it is judged as a meter: the contract has
    ``associateId`` for what stands beside one.
    """
    serves = topology.serves(Domain.POWER)
    if entity.id in serves:
        return
    kind = entity.kind
    if kind not in {METER, None}:
        return
    feeders = topology.feeders(entity.id, Domain.POWER)
    if kind == METER and not feeders:
        yield _finding(entity, None, "a meter that serves nobody, and is served by nobody")
        return
    beside = ((up, each) for up in feeders for each in sorted(serves[up]) if each in serves)
    feeder, sister = next(beside, (None, None))
    if sister is not None:
        what = "serves nobody" if kind == METER else "nowhere described, and serves nobody"
        yield _finding(entity, None, f"{what}: {sister} behind the same {feeder} does")


def _dangling(entity: Entity, topology: Topology, find: Find) -> Iterator[Finding]:
    served = [each for flow in _FLOWS for each in topology.serves(flow).get(entity.id, ())]
    lacking = sorted({each for each in served if find(each) is None})
    if lacking:
        yield _finding(entity, None, f"serves what nobody describes: {_some(lacking)}")


def _some(ids: list[EntityId]) -> str:
    left = len(ids) - _NAMED
    return ", ".join(ids) if left <= 0 else f"{', '.join(ids[:_NAMED])} and {left} more"


def _finding(entity: Entity, suspect: str | None, reason: str) -> Finding:
    return Finding("data.contract", entity.id, suspect, reason)
