"""Feeding: meters and all that they serve as one live balance of power."""

from collections.abc import Callable, Iterator, Sequence
from math import fsum
from typing import Final

from twin.balance import POWER, Balance
from twin.balances import Groups, judge_branch
from twin.branches import Branch
from twin.changes import Derived
from twin.entities import Entity
from twin.finding import Finding
from twin.instants import Instant, Millis
from twin.parts import NOTHING, Judgement, Part
from twin.points import EntityId
from twin.sensors import sensor_of
from twin.smoothing import EVERY, TAU_S
from twin.steady import Smoothed, sample
from twin.suspects import Readings
from twin.witness import Group

TURN: Final = Millis(2 * EVERY)
"""How often a branch is looked at."""

_POWER: Final = frozenset({POWER})


class Feeding(Part):
    """A branch of the power tree; what it reads is smoothed as that of the racks is.

    Args:
        branch: Who takes part.
        find: Gives the entities.
        readings: What the heat of a rack is made of, where that is the truth of now.
        groups: The groups in which a meter or a rack takes part.
        among: The feedings in which a meter or a rack takes part.
    """

    sampled = TURN

    def __init__(
        self,
        branch: Branch,
        find: Callable[[EntityId], Entity | None],
        readings: Callable[[EntityId], Readings | None],
        groups: Callable[..., Groups],
        among: Callable[[EntityId], Sequence["Feeding"]],
    ) -> None:
        self.branch = branch
        self.finding: Finding | None = None
        """What was found when it was judged last."""
        self._readings = readings
        self._groups = groups
        self._among = among
        self._meters = {each: _power(find(each)) for each in branch.meters}
        self._served = {each: _power(find(each)) for each in branch.served}
        self._members = (*self._meters.values(), *self._served.values())
        self._named = sorted({*branch.meters, *branch.served})
        self._balance: Balance | None = None

    @property
    def group(self) -> Group:
        """What the two sides read of late."""
        meters = {each: smoothed.value for each, smoothed in self._meters.items()}
        served = {each: smoothed.value for each, smoothed in self._served.items()}
        return Group(meters, served, self.branch.racks)

    def sample(self, at: Instant) -> None:
        """Take in what they read."""
        del at
        sample(self._members)

    def judge(self, at: Instant) -> Iterator[Judgement]:
        """Judge the sum of one side against that of the other.

        A meter takes part in two branches, that which it feeds and that which feeds it, and either
        may name it: it is judged with the one that it feeds, by what both find.
        """
        group = self.group
        moving = self._moving_kw
        self._balance = _drawn_up(self.branch, group, moving, at)
        self.finding = None
        if abs(group.off_kw) > group.bound_kw + moving:
            self.finding = self._judge()
        for each in self._named:
            among = self._among(each)
            if each in self._meters or len(among) == 1:
                yield _judgement(each, among)

    def _judge(self) -> Finding | None:
        groups = self._groups(*self.branch.meters, *self.branch.served)
        own = next(each for each in groups.groups if each.meters.keys() == self._meters.keys())
        known = {each: r for each in self.branch.racks if (r := self._readings(each))}
        return judge_branch(own, groups, known)

    @property
    def unknown(self) -> bool:
        """Whether nothing could be told when it was judged last, for want of data."""
        balance = self._balance
        return balance is None or balance.shown is None or balance.expected is None

    def balances(self) -> Iterator[Balance]:
        """The one, as it was judged last."""
        if self._balance is not None:
            yield self._balance

    def derived(self, at: Instant) -> Iterator[Derived]:
        """How far it is off, where all of it is known."""
        balance = self._balance
        if balance is not None and balance.residual is not None and not balance.one_sided:
            yield Derived(balance.entity, "power_residual_pct", balance.residual * 100, at)

    @property
    def _moving_kw(self) -> float:
        """How far smoothed readings may be behind, all of them one way."""
        return TAU_S * fsum([abs(each.slope) for each in self._members])


def _drawn_up(branch: Branch, group: Group, moving_kw: float, at: Instant) -> Balance:
    read = [kw for kw in group.meters.values() if kw is not None]
    taken = [kw for kw in group.served.values() if kw is not None]
    shown = fsum(read) if len(read) == len(group.meters) else None
    expected = fsum(taken) if taken else None
    return Balance(
        POWER,
        branch.meters[0],
        "kW",
        shown,
        expected,
        uncertainty=(group.bound_kw + moving_kw) / expected if expected else 0.0,
        fresh=len(read) + len(taken),
        inputs=len(group.meters) + len(group.served),
        at=at,
        one_sided=len(taken) < len(group.served),
        others=(*branch.meters[1:], *branch.served),
    )


def _judgement(entity: EntityId, among: Sequence[Feeding]) -> Judgement:
    """What all that an entity takes part in find of it; the last counts, one that names if any."""
    said = [each.finding for each in among]
    found = [each for each in said if each is not None and each.entity == entity]
    found.sort(key=lambda finding: finding.suspect is not None)
    unknown = _POWER if all(each.unknown for each in among) else NOTHING
    return Judgement(entity, found, "feeding", unknown)


def _power(entity: Entity | None) -> Smoothed:
    """What an entity reads of itself: a rack what it draws, a meter what goes through it."""
    drawn = entity is not None and entity.of_type("RackPower")
    return Smoothed(sensor_of(entity, "RackPower" if drawn else "ActivePower", "kW"), TURN)
