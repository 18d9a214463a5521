"""Shedding: the few racks to switch off so that what remains stays inside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from twin.points import EntityId
from twin.steps import Steps


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
) -> Steps[Plan]:
    """The racks to shed, largest deficit first.

    Those in ``must`` cannot run at all. Then each excess in its turn takes the racks that relieve
    it most, and at the end whoever turns out not to be needed stays on. For one excess that is the
    smallest number of racks; for several at once it may be above it, since the smallest is a
    covering problem, which nobody solves fast.
    """
    order = sorted(candidates, key=lambda each: (-each.deficit_kw, -each.kw, each.rack))
    rank = {each.rack: number for number, each in enumerate(order)}
    off = set(must)
    left = []
    for excess in excesses:
        relieved = (excess.relief[one] for one in sorted(excess.relief.keys() & off))
        left.append(excess.kw - sum(relieved))
        yield
    for number, excess in enumerate(excesses):
        relieving = [one for one, kw in excess.relief.items() if kw > 0 and one in rank]
        for rack in sorted(relieving, key=lambda one: (-excess.relief[one], rank[one])):
            if left[number] <= 0:
                break
            if rack not in off:
                off.add(rack)
                left = _after(left, excesses, rack, -1)
            yield
    left = yield from _spare([e.rack for e in order if e.rack not in must], off, left, excesses)
    racks = tuple(each.rack for each in order if each.rack in off)
    return Plan(racks, suffices=all(each <= 0 for each in left))


def _spare(
    order: Sequence[EntityId], off: set[EntityId], left: list[float], excesses: Sequence[Excess]
) -> Steps[list[float]]:
    """Take out of ``off`` whoever turns out not to be needed; what is left too much then."""
    for rack in reversed(order):
        if rack in off:
            fewer = _after(left, excesses, rack, 1)
            if all(then <= max(0.0, now) for then, now in zip(fewer, left, strict=True)):
                off.discard(rack)
                left = fewer
        yield
    return left


def _after(
    left: Sequence[float], excesses: Sequence[Excess], rack: EntityId, sign: int
) -> list[float]:
    return [
        each + sign * excess.relief.get(rack, 0.0)
        for each, excess in zip(left, excesses, strict=True)
    ]
