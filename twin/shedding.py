"""Shedding: the few racks to switch off so that what remains stays inside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from twin.points import EntityId


class Candidate(NamedTuple):
    """A rack that could be shed."""

    rack: EntityId
    kw: float
    deficit_kw: float
    """By how much it is beyond what its feeds carry; below 0 what they could still carry."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Something that carries too much: the fleet against its budget, or a meter."""

    kw: float
    relief: Mapping[EntityId, float]
    """By how much each rack relieves it when it is shed."""


class Plan(NamedTuple):
    """The racks to shed."""

    racks: tuple[EntityId, ...]
    """Largest deficit first."""
    suffices: bool
    """Whether nothing carries too much then."""


def shed(
    candidates: Collection[Candidate], must: Collection[EntityId], excesses: Sequence[Excess]
) -> Plan:
    """The racks to shed, largest deficit first.

    Those in ``must`` cannot run at all. Then each excess in its turn takes the racks that relieve
    it most, and at the end whoever turns out not to be needed stays on. For one excess that is the
    smallest number of racks; for several at once it may be above it, since the smallest is a
    covering problem, which nobody solves fast.
    """
    order = sorted(candidates, key=lambda each: (-each.deficit_kw, -each.kw, each.rack))
    off = set(must)
    left = [each.kw - sum(each.relief.get(one, 0.0) for one in sorted(off)) for each in excesses]
    for number, excess in enumerate(excesses):
        relieving = [each.rack for each in order if excess.relief.get(each.rack, 0.0) > 0]
        for rack in sorted(relieving, key=lambda one: -excess.relief[one]):
            if left[number] <= 0:
                break
            if rack not in off:
                off.add(rack)
                left = _after(left, excesses, rack, -1)
    for each in reversed(order):
        if each.rack in off and each.rack not in must:
            fewer = _after(left, excesses, each.rack, 1)
            if all(then <= max(0.0, now) for then, now in zip(fewer, left, strict=True)):
                off.discard(each.rack)
                left = fewer
    racks = tuple(each.rack for each in order if each.rack in off)
    return Plan(racks, suffices=all(each <= 0 for each in left))


def _after(
    left: Sequence[float], excesses: Sequence[Excess], rack: EntityId, sign: int
) -> list[float]:
    return [
        each + sign * excess.relief.get(rack, 0.0)
        for each, excess in zip(left, excesses, strict=True)
    ]
