"""Rule: one row of the fault catalogue, and limits as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from twin.instants import Millis
from twin.points import EntityId
from twin.severity import Severity
from twin.topology import Domain

NO_TIME: Final = Millis(0)

INHIBIT_WAIT: Final = Millis(5_000)
"""So long a cause may come after its effect; ours, for the reason of Alertmanager's ``group_wait``:
what inhibits shall arrive before what it mutes is sent."""

RELEASE_HOLD: Final = Millis(60_000)
"""So long a cause explains its effects after it is over: they need their time to follow; ours."""

ANY: Final = frozenset({"Rack", "Cdu", "Meter", "Publisher", "Point", "Sensor"})
"""Whatever can have a fault."""


def seconds(count: int) -> Millis:
    """So many seconds."""
    return Millis(1_000 * count)


class OnStale(StrEnum):
    """What missing data do to a fault."""

    HOLD = "hold"
    TRIP = "trip"
    CLEAR = "clear"


class Rank(IntEnum):
    """In which order faults of one instant are judged: a broken sensor before what it shows."""

    SENSOR = 0
    CRITICAL = 1
    WARNING = 2


class Count(NamedTuple):
    """So many beginnings within so long raise a fault, however short each of them is."""

    entries: int
    window: Millis


class Limits(NamedTuple):
    """From where on a number is a warning, and from where on critical."""

    of: str
    """What is compared."""
    unit: str
    warning: float | None
    critical: float | None
    source: str
    below: bool = False
    """Whether it is to stay above."""
    deadband: float = 0.0
    """How far within the limit it must be to count as well again, in the same unit."""

    def judge(self, value: float, standing: Severity = Severity.OK) -> Severity:
        """How bad a value is, while the fault stands at ``standing``."""
        if self._beyond(value, self.critical, back=standing is Severity.CRITICAL):
            return Severity.CRITICAL
        if self._beyond(value, self.warning, back=standing is not Severity.OK):
            return Severity.WARNING
        return Severity.OK

    def beyond(self, severity: Severity) -> float | None:
        """The limit that a value of such severity is beyond."""
        return {Severity.CRITICAL: self.critical, Severity.WARNING: self.warning}.get(severity)

    def _beyond(self, value: float, limit: float | None, *, back: bool) -> bool:
        if limit is None:
            return False
        margin = self.deadband if back else 0.0
        return value < limit + margin if self.below else value > limit - margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One code of the catalogue: what it is about, how long it takes, and what is to be done."""

    code: str
    kinds: frozenset[str]
    """Types of the entities that it may be raised on."""
    priority: int
    """How soon somebody has to act, from 1, at once, to 4, some day."""
    severity: Severity
    """How bad it is where the judgement does not say."""
    rank: Rank
    guidance: str
    """What it means, what to do, and how soon."""
    view: str
    """Where to look; ``{kind}`` is ``racks`` or ``equipment``, ``{entity}`` the entity's id."""
    source: str
    """Where delays, latch and logic come from."""
    on_delay: Millis = NO_TIME
    critical_delay: Millis | None = None
    """Instead of ``on_delay`` while it is critical."""
    off_delay: Millis = NO_TIME
    trips_at: Count | None = None
    latch: bool = False
    ack_required: bool = False
    """Whether it stays until somebody took note, though it is over."""
    realarm_after: Millis | None = None
    """Somebody is called again when it was noted so long ago and still stands."""
    on_stale: OnStale = OnStale.HOLD
    domain: Domain | None = None
    """Where its causes are upstream."""
    effects_of: frozenset[str] = frozenset()
    """Codes that explain it on whoever serves its entity, or on its publisher."""
    beside: frozenset[str] = frozenset()
    """Codes that explain it on its own entity."""
    suppressible: bool = True
    """Never for leaks, isolation and safety."""
    inhibit_wait: Millis = INHIBIT_WAIT
    release_hold: Millis = RELEASE_HOLD
    """So long it explains its effects after it is over."""
    limits: tuple[Limits, ...] = ()

    @property
    def about_data(self) -> bool:
        """Whether it says something of the data, and by itself never makes a rack critical."""
        return self.code.partition(".")[0] in {"data", "sensor", "balance"}

    @property
    def has_causes(self) -> bool:
        """Whether another fault may explain it."""
        return self.suppressible and bool(self.effects_of or self.beside)

    def link(self, entity: EntityId, *, rack: bool) -> str:
        """Where to look at the fault of one entity."""
        kind = "racks" if rack else "equipment"
        return self.view.replace("{kind}", kind).replace("{entity}", entity)

    def delay(self, severity: Severity) -> Millis:
        """How long it must be so."""
        if severity is Severity.CRITICAL and self.critical_delay is not None:
            return self.critical_delay
        return self.on_delay


ORPHAN: Final = Rule(
    code="",
    kinds=ANY,
    priority=4,
    severity=Severity.WARNING,
    rank=Rank.WARNING,
    guidance="The rule that raised this is no more.",
    view="/api/v1/faults",
    source="",
)
"""What is left of a rule that was taken away while its faults stood."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All rows by code, and what they make of one another."""

    by_code: Mapping[str, Rule]
    off: Mapping[str, Rule] = field(default_factory=dict)
    """Rows that a site switched off: whatever is said of their codes raises nothing."""
    causes: frozenset[str] = field(init=False)
    """Codes that explain others."""

    def __post_init__(self) -> None:
        explain = {
            cause
            for rule in self.by_code.values()
            if rule.suppressible
            for cause in rule.effects_of | rule.beside
        }
        object.__setattr__(self, "causes", frozenset(explain))

    @staticmethod
    def of(rows: Iterable[Rule]) -> "Rules":
        """The rules of these rows."""
        return Rules({row.code: row for row in rows})

    def __getitem__(self, code: str) -> Rule:
        """The row of a code, switched off or not; of one that is no more, one that asks nothing."""
        found = self.by_code.get(code)
        return self.off.get(code, ORPHAN) if found is None else found

    def __contains__(self, code: str) -> bool:
        """Whether anything is raised by a code."""
        return code in self.by_code

    def limits(self, code: str, of: str) -> Limits | None:
        """The limits that a row has for one number; None where there are none, or no such row."""
        return next((each for each in self[code].limits if each.of == of), None)
