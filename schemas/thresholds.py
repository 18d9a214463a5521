"""A threshold that a site writes down, and the row and limits that it is."""

from collections.abc import Iterator
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from schemas.contract import CATALOGUE
from schemas.overrides import (
    Deadband,
    Duration,
    Lasting,
    Number,
    Priority,
    Section,
    Switch,
    Text,
    delays,
    disorder,
    perhaps,
)
from twin.faults.rule import ANY, Limits, Rank, Rule
from twin.faults.thresholds import Threshold
from twin.instants import Millis
from twin.points import EntityId
from twin.quantities import base_of, factor
from twin.ranges import RANGES
from twin.severity import Severity

_KINDS: Final = {"CDU": "Cdu", "PowerMeter": "Meter"}
_TYPES: Final = frozenset(kind for kinds in CATALOGUE.values() for kind in kinds)
_SOURCE: Final = "this site's own"

View = Annotated[str, Field(pattern=r"^(/|https?://)\S+$")]


class Side(Section):
    """From where on it is a warning, and from where on critical; one of the two at least."""

    warning: Number | None = None
    critical: Number | None = None


class ThresholdEntry(Section):
    """A limit on every point of one type."""

    point_type: Text
    """As RackPower; of the contract."""
    object_type: Text | None = None
    """As Rack; without one any."""
    entities: tuple[Text, ...] = ()
    """Ids of racks and equipment; without any all."""
    process_area: Text | None = None
    """A word that the metadata of the point must have."""
    above: Side | None = None
    """It is to stay below these. Either this or the next must be there."""
    below: Side | None = None
    """It is to stay above these."""
    deadband: Deadband = 0.0
    """How far within the limit it must be to count as well again."""
    unit: Text | None = None
    """Of limits and deadband."""
    on_delay: Duration = Millis(10_000)
    """How long it must be so before it is raised."""
    critical_delay: Duration | None = None
    """The same while it is critical."""
    off_delay: Duration = Millis(30_000)
    """How long it must be over before it is cleared."""
    priority: Priority = 3
    """How soon somebody has to act, from 1, at once, to 4, some day."""
    latch: Switch = False
    """Whether it stays until somebody resets it."""
    ack_required: Switch = False
    """Whether it stays until somebody took note, though it is over."""
    realarm_after: Lasting | None = None
    """Somebody is called again when it was noted so long ago and still stands."""
    guidance: Text
    """What it means, what to do, and how soon."""
    view: View
    """Where to look; {entity} stands for the entity's id."""


class Own(NamedTuple):
    """What a threshold becomes."""

    rule: Rule
    threshold: Threshold


def threshold_of(code: str, entry: ThresholdEntry) -> Own:
    """The row and the limits of an entry in which nothing is wrong."""
    unit, scale = _unit(entry)
    assert scale is not None
    side = entry.above or entry.below or Side()
    limits = Limits(
        of=entry.point_type,
        unit=unit,
        warning=None if side.warning is None else side.warning * scale,
        critical=None if side.critical is None else side.critical * scale,
        source=_SOURCE,
        below=entry.below is not None,
        deadband=entry.deadband * scale,
    )
    threshold = Threshold(
        code=code,
        point_type=entry.point_type,
        limits=limits,
        object_type=entry.object_type,
        entities=frozenset(map(EntityId, entry.entities)),
        process_area=None if entry.process_area is None else entry.process_area.lower(),
    )
    return Own(_rule(code, entry, limits), threshold)


def problems(entry: ThresholdEntry) -> Iterator[tuple[str, str]]:
    """Which keys of an entry cannot be, and why."""
    types = CATALOGUE.get(entry.object_type or "", {})
    if entry.object_type is not None and not types:
        near = perhaps(entry.object_type, CATALOGUE)
        yield "object_type", f"no object type of the contract{near}"
    elif entry.point_type not in (types or _TYPES):
        whose = entry.object_type or "the contract"
        near = perhaps(entry.point_type, types or _TYPES)
        yield "point_type", f"no point type of {whose}{near}"
    elif _unit(entry)[1] is None:
        expected = _base(entry.point_type) or "none"
        yield "unit", f"should be {expected} or what can be converted to it"
    if (entry.above is None) is (entry.below is None):
        yield "above", "either above or below should be there"
        return
    side = entry.above or entry.below or Side()
    name = "above" if entry.above else "below"
    if side.warning is None and side.critical is None:
        yield name, "warning or critical should be there"
    limits = Limits(
        "", "", side.warning, side.critical, "", entry.below is not None, entry.deadband
    )
    for why in disorder(limits):
        yield name, why
    yield from delays(_rule("", entry, limits))


def _rule(code: str, entry: ThresholdEntry, limits: Limits) -> Rule:
    mild = limits.warning is not None
    kind = entry.object_type
    return Rule(
        code=code,
        kinds=ANY if kind is None else frozenset({_KINDS.get(kind, kind)}),
        priority=entry.priority,
        severity=Severity.WARNING if mild else Severity.CRITICAL,
        rank=Rank.WARNING if mild else Rank.CRITICAL,
        guidance=entry.guidance,
        view=entry.view,
        source=_SOURCE,
        on_delay=entry.on_delay,
        critical_delay=entry.critical_delay,
        off_delay=entry.off_delay,
        latch=entry.latch,
        ack_required=entry.ack_required,
        realarm_after=entry.realarm_after,
        limits=(limits,),
    )


def _unit(entry: ThresholdEntry) -> tuple[str, float | None]:
    """In which unit it is compared, and what its limits are multiplied by for that, if they can."""
    base = _base(entry.point_type)
    if base is not None:
        return base, factor(entry.unit, base)
    if entry.unit is None:
        return "", 1.0
    own = base_of(entry.unit) or entry.unit  # a share stays one of a hundred
    return own, factor(entry.unit, own)


def _base(point_type: str) -> str | None:
    """The unit that the twin has for a point type; None where any will do."""
    known = RANGES.get(point_type)
    return None if known is None else known.unit
