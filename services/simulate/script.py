"""Script: what a simulated fleet is made to suffer, and the truth about it, told beforehand."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from twin.instants import NEVER, Instant, Millis, after
from twin.points import EntityId, PublisherId


class Label(NamedTuple):
    """One injected truth: what a twin should find, where, since when it is so, and until when."""

    at: Instant
    """It is not raised before."""
    entity: EntityId
    code: str
    """A fault code."""
    what: str
    by: Instant
    """It is raised by then."""
    until: Instant
    """It is so until then, and not cleared before."""
    gone: Instant
    """It is cleared by then, latched or not."""
    folded: bool = False
    """Another one explains it: nobody is called for it."""
    certain: bool = True
    """False where it may follow and may not; what is worth telling is elsewhere."""


@dataclass(frozen=True, slots=True)
class PumpsLost:
    """The pumps of a row's CDU stop; natural circulation leaves a part of the flow."""

    at: Instant
    row: int
    left: float = 0.1
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class PumpLost:
    """Of the two pumps of a row's CDU, which run together, one stops: the other carries all."""

    at: Instant
    row: int
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class WarmWater:
    """The facility's water comes too warm to a row's CDU, and so does the coolant behind it."""

    at: Instant
    row: int
    by_k: float
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class FeedLost:
    """A tap is dead: its sister carries all that the rack draws."""

    at: Instant
    tap: EntityId
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class Draws:
    """A rack would draw about so much, whatever its job."""

    at: Instant
    rack: EntityId
    kw: float
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class Shows:
    """A point shows a value for a while, whatever is the case."""

    at: Instant
    entity: EntityId
    point_type: str
    value: float
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class Bends:
    """A sensor reads so many times what is the case, and so much more."""

    at: Instant
    entity: EntityId
    point_type: str
    factor: float = 1.0
    offset: float = 0.0
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class Freezes:
    """A sensor stays at what it read."""

    at: Instant
    entity: EntityId
    point_type: str
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class Doubts:
    """A point's publisher does not trust it: the value comes with quality 0."""

    at: Instant
    entity: EntityId
    point_type: str
    until: Instant = NEVER


@dataclass(frozen=True, slots=True)
class Silence:
    """A publisher says nothing for a while: no heartbeat, no values, and of the BMS no metadata."""

    at: Instant
    publisher: PublisherId
    until: Instant = NEVER


Suffered = PumpsLost | PumpLost | WarmWater | FeedLost | Draws
"""What happens to the plant, and so to all that measures it."""

Told = Shows | Bends | Freezes | Doubts | Silence
"""What happens to what is told of it."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a plant is made to suffer, and the labels that say so."""

    suffered: tuple[Suffered, ...] = ()
    told: tuple[Told, ...] = ()
    labels: tuple[Label, ...] = ()

    def lasts(self, began: Instant) -> Millis:
        """For how long to watch: until all is over."""
        return Millis(max((label.gone for label in self.labels), default=began) - began)


STEADY: Final = Script()


def label(  # noqa: PLR0913  # a row of a table
    code: str,
    entity: EntityId,
    at: Instant,
    until: Instant,
    what: str,
    *,
    on_s: float,
    off_s: float,
    folded: bool = False,
    certain: bool = True,
) -> Label:
    """A label by how many seconds it may take to raise it, and to clear it."""
    by, gone = (after(end, Millis(round(s * 1000))) for end, s in ((at, on_s), (until, off_s)))
    return Label(at, entity, code, what, by, until, gone, folded=folded, certain=certain)
