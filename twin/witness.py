"""Witness: meters and all that they serve, which of their readings lies, and who bears it out.

Power is balanced more than once: at the meters above, at those below, by volts and amperes, by the
heat that leaves the rack. Where one balance is off, each of its readings is asked what it would
have to be for it to close, and every other way of knowing that reading says whether it is so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from statistics import median
from typing import Final, NamedTuple

from twin.points import EntityId

GROUP_BOUND: Final = 0.01
"""Meters against all that they serve: class 1 meters (IEC 62053-21), whose errors partly cancel;
the pod that NVIDIA recorded closes to 0.0001."""

LEAST_KW: Final = 0.1
"""So little no balance of meters tells: what an idle rack of the recording draws."""

ELECTRIC_BOUND: Final = 0.03
"""A meter against its own volts and amperes, with the power factor of its sisters: they differ by
a hundredth where they feed alike, and amperes by another."""


class Expected(NamedTuple):
    """What somebody else makes of a reading, and how far he may be off."""

    kw: float
    within: float

    def agrees(self, kw: float, off: float = 0.0) -> bool:
        """Whether he takes a number for the truth, that may itself be ``off`` by so much."""
        return abs(kw - self.kw) <= self.within + off


def bears_out(
    reads: float, implied: float, words: Iterable[Expected], off: float = 0.0
) -> bool | None:
    """Whether a reading lies, and should be ``implied``; None where nobody can tell.

    Who agrees with both numbers, or with neither, has nothing to say.

    Args:
        reads: The reading.
        implied: What it would be if a balance closed.
        words: What others make of it.
        off: How far ``implied`` may be off; that excuses nobody who agrees with the reading.
    """
    said = {
        not true
        for word in words
        if (true := word.agrees(reads)) is not word.agrees(implied, 0.0 if true else off)
    }
    return said.pop() if len(said) == 1 else None


@dataclass(frozen=True, slots=True)
class Group:
    """Meters and everything that they serve: the one takes what the other reads.

    None is a reading that is not the truth of now.
    """

    meters: Mapping[EntityId, float | None]
    served: Mapping[EntityId, float | None]
    racks: frozenset[EntityId] = frozenset()
    """Those of the served that are racks and read it themselves; the others are meters."""

    @property
    def whole(self) -> bool:
        """Whether all of it is known: else it is judged from one side."""
        return None not in self.served.values() and None not in self.meters.values()

    @property
    def residual_kw(self) -> float | None:
        """What the meters read less what is known to be taken; None unless all meters are heard."""
        if None in self.meters.values():
            return None
        read = fsum(kw for kw in self.meters.values() if kw is not None)
        return read - fsum(kw for kw in self.served.values() if kw is not None)

    @property
    def bound_kw(self) -> float:
        """How far the two may lie apart: of the smaller, or a reading a thousandfold hides all."""
        read = fsum(kw for kw in self.meters.values() if kw is not None)
        taken = fsum(kw for kw in self.served.values() if kw is not None)
        return max(LEAST_KW, GROUP_BOUND * min(read, taken))

    @property
    def off_kw(self) -> float:
        """The residual beyond its bound, else 0; what is silent can only take more."""
        residual = self.residual_kw
        if residual is None or (residual > 0 and not self.whole):
            return 0.0
        return residual if abs(residual) > self.bound_kw else 0.0

    def expects(self, entity: EntityId) -> Expected | None:
        """What the others of the group make of the reading of one; None unless all is known."""
        residual = self.residual_kw
        if residual is None or not self.whole:
            return None
        if entity in self.meters:
            return Expected((self.meters[entity] or 0.0) - residual, self.bound_kw)
        return Expected((self.served[entity] or 0.0) + residual, self.bound_kw)


class Electric(NamedTuple):
    """What a meter shows of the power through it."""

    kw: float
    kva: float
    """Its apparent power: its own reading, else √3 · V · I."""
    power_factor: float | None
    """Its own reading; None where it has none."""


def electric(meter: EntityId, shown: Mapping[EntityId, Electric]) -> Expected | None:
    """What volts, amperes and power factor of a meter make of its reading; None if not known.

    P = √3 · V · I · PF (IEEE Std 1459). Where it does not show the power factor, that of its
    sisters is taken: they feed loads of one kind.
    """
    own = shown.get(meter)
    if own is None or own.kva <= 0:
        return None
    factor = own.power_factor
    if factor is None:
        others = [
            each.kw / each.kva for name, each in shown.items() if name != meter and each.kva > 0
        ]
        if not others:
            return None
        factor = median(others)
    return Expected(own.kva * factor, ELECTRIC_BOUND * own.kva * factor)


class Blame(NamedTuple):
    """A group that does not close, and whose reading is to blame."""

    ratio: float | None
    """Of what is taken to what the meters read; None where they read nothing."""
    entity: EntityId | None
    """None where more than one explains it as well, or nobody does."""
    reads: float | None
    implied: float | None
    """What it would read if the group closed; None where that is not known."""


def judge_group(group: Group, words_of: Callable[[EntityId], Sequence[Expected]]) -> Blame:
    """Which reading of a group that is off is to blame.

    It is the one that others bear out to lie by as much; where nobody bears anything out, it is
    the one that is left when all others are known to tell the truth.

    Args:
        group: The readings.
        words_of: Gives all other ways of knowing a reading.
    """
    off = group.off_kw
    read = fsum(kw or 0.0 for kw in group.meters.values())
    ratio = (read - off) / read if read > 0 else None
    reads = {each: kw for each, kw in {**group.meters, **group.served}.items() if kw is not None}
    lies: list[EntityId] = []
    left: list[EntityId] = []
    for each, kw in reads.items():
        implied = kw - off if each in group.meters else kw + off
        word = False if implied < 0 else bears_out(kw, implied, words_of(each))
        if word is not False:
            (lies if word else left).append(each)
    named = lies or (left if group.whole else [])
    if len(named) != 1:
        return Blame(ratio, None, None, None)
    (entity,) = named
    closes = reads[entity] + (-off if entity in group.meters else off)
    return Blame(ratio, entity, reads[entity], closes if group.whole else None)
