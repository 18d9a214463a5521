"""Balance: two ways of knowing one quantity, how far apart they are, and how far they may be."""

from enum import StrEnum
from typing import Final, NamedTuple

from twin.instants import Instant
from twin.points import EntityId

HEAT: Final = "balance.heat"
POWER: Final = "balance.power"
FLOW: Final = "balance.flow"


class Closure(StrEnum):
    """Whether a balance closes."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    UNKNOWN = "UNKNOWN"
    """Not all that it takes is the truth of now."""


class Balance(NamedTuple):
    """One balance at one instant, made of what its sensors read over their time constants."""

    code: str
    """Of the fault catalogue: one of the three above."""
    entity: EntityId
    """The rack, meter or CDU at which it is drawn up."""
    unit: str
    shown: float | None
    """What is checked: the heat carried, the meters' sum, the meter's or the unit's reading."""
    expected: float | None
    """What the other side makes of the same."""
    uncertainty: float
    """How far ``shown`` may be off, as a part of ``expected``."""
    fresh: int
    """How many of its inputs are live and good …"""
    inputs: int
    """… of how many it has."""
    at: Instant
    """When it was drawn up."""
    one_sided: bool = False
    """Only what falls short can be judged: some of what is served is silent, or may pass by."""
    others: tuple[EntityId, ...] = ()
    """Who else takes part: the meters beside this one, and what they serve."""

    @property
    def residual(self) -> float | None:
        """How far ``shown`` is off, as a part of ``expected``; None where either is unknown."""
        if self.shown is None or not self.expected:
            return None
        return self.shown / self.expected - 1

    @property
    def closure(self) -> Closure:
        """Whether the residual lies within the uncertainty."""
        residual = self.residual
        if residual is None:
            return Closure.UNKNOWN
        off = -residual if self.one_sided else abs(residual)
        return Closure.OPEN if off > self.uncertainty else Closure.CLOSED
