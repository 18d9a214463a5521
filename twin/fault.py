"""Fault: one key of the catalogue on one entity, as it stands, in four regions that do not mix.

Whether the thing is so (condition), whether somebody took note (ack), whether it must be reset by
hand (latch), and whether it is kept quiet (masks) are told apart, since each changes on its own:
OPC UA Part 9, and operators' practice since long before it. One enum of all would have 128 states.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from twin.instants import NEVER, Instant
from twin.points import EntityId
from twin.severity import Severity


class Key(NamedTuple):
    """What can be wrong with what: at one time it is wrong once."""

    code: str
    entity: EntityId
    qualifier: str = ""
    """Tells several of one code on one entity apart, as a point's id."""


class Judged(NamedTuple):
    """What a rule says of a key at one instant."""

    severity: Severity | None
    """OK where all is well, None where there are no data to say so."""
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    point: str | None = None
    """The point that shows it."""
    message: str = ""
    publisher: EntityId | None = None
    """Whose silence would explain it."""
    scopes: tuple[str, ...] | None = None
    """Of whose hearts the silence would: those of these scopes; None is all."""


FINE: Final = Judged(Severity.OK)
"""All is well."""

UNKNOWN: Final = Judged(None)
"""Nobody can say."""


class Condition(StrEnum):
    """Whether the thing is so."""

    NORMAL = "NORMAL"
    PENDING = "PENDING"
    """It is, but not for long enough."""
    ACTIVE = "ACTIVE"
    CLEARING = "CLEARING"
    """It is not any more, but not for long enough."""


class State(StrEnum):
    """What an operator is shown, by the usual names of alarm management."""

    NORM = "NORM"
    UNACK = "UNACK"
    ACKED = "ACKED"
    RTNUN = "RTNUN"
    """Returned to normal, and nobody took note."""
    LTUNA = "LTUNA"
    """Over and latched, and nobody took note."""
    LTACK = "LTACK"
    """Over, latched and noted: to be reset."""
    SHLVD = "SHLVD"
    DSUPR = "DSUPR"
    """Suppressed: another fault explains it."""
    OOSRV = "OOSRV"


class Closed(StrEnum):
    """Why an occurrence is over and done with."""

    CLEARED = "CLEARED"
    SUPERSEDED = "SUPERSEDED"
    """The key was raised anew before anybody took note of this occurrence."""
    REMOVED = "REMOVED"
    """Its rule or its entity is no more."""


class What(StrEnum):
    """What happened to a fault."""

    PENDING = "PENDING"
    FLEETING = "FLEETING"
    RAISED = "RAISED"
    SEVERITY = "SEVERITY"
    CLEARING = "CLEARING"
    RETURNED = "RETURNED"
    """It is so again, in the same occurrence."""
    CLEARED = "CLEARED"
    HELD = "HELD"
    RESUMED = "RESUMED"
    """There are data again."""
    REALARMED = "REALARMED"
    WAITED = "WAITED"
    """No cause came in time: it speaks for itself."""
    SUPPRESSED = "SUPPRESSED"
    RELEASED = "RELEASED"
    """Nothing explains it any more."""
    SUBSIDED = "SUBSIDED"
    """It is over for so long that it explains nothing any more."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESET = "RESET"
    SHELVED = "SHELVED"
    UNSHELVED = "UNSHELVED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"
    IN_SERVICE = "IN_SERVICE"
    COMMENTED = "COMMENTED"
    CLOSED = "CLOSED"


class Mask(NamedTuple):
    """Who keeps a fault quiet, why, and until when."""

    by: str
    reason: str
    since: Instant
    until: Instant = NEVER


class Comment(NamedTuple):
    """What somebody had to say."""

    by: str
    text: str
    at: Instant


_STANDING: Final = frozenset({Condition.ACTIVE, Condition.CLEARING})


class Fault(NamedTuple):
    """One key with its latest occurrence; without an id it was never raised, and only may be.

    It is the whole of what is known of the key: each change makes a new one, so that a journal of
    them is all that the state can be rebuilt from. Instants that are ``NEVER`` are not set.
    """

    key: Key
    id: str = ""
    number: int = 0
    """Which activation of its key."""
    condition: Condition = Condition.NORMAL
    since: Instant = Instant(0)
    """When the condition was entered; later by as long as data were missing."""
    until: Instant = NEVER
    """When the delay of the condition is over."""
    held_since: Instant | None = None
    """Since when there are no data: all stays as it was, and delays stand still."""
    pending: Judged = FINE
    """What is not so for long enough."""
    judged: Judged = FINE
    """What it was raised for, or what its severity changed with."""
    severity_now: Severity = Severity.OK
    severity_max: Severity = Severity.OK
    raised_at: Instant = NEVER
    cleared_at: Instant | None = None
    flap_count: int = 0
    unacked_since: Instant | None = None
    """None where somebody took note, or nobody has to."""
    acknowledged_by: str | None = None
    acknowledged_at: Instant | None = None
    realarm_at: Instant = NEVER
    realarm_count: int = 0
    latched: bool = False
    shelved: Mask | None = None
    out_of_service: Mask | None = None
    suppressed_by: tuple[str, ...] = ()
    """Ids of the occurrences that explain it."""
    waits_until: Instant = NEVER
    """Until then its cause may still come, and nobody is called."""
    explains_until: Instant = NEVER
    """It is over, and what it explained is explained until then."""
    annunciated_at: Instant | None = None
    """When somebody was called first."""
    chattering: bool = False
    recent: tuple[Instant, ...] = ()
    """Its last activations that may make it chatter."""
    entries: tuple[Instant, ...] = ()
    """When it began to be so, of late, where enough of that raises it."""
    forget_at: Instant = NEVER
    """When the last of the entries counts no more."""
    comments: tuple[Comment, ...] = ()
    closed: Closed | None = None
    closed_at: Instant = NEVER
    hushed_at: Instant = NEVER
    """When its cause came last, after somebody was called for it."""

    @property
    def held(self) -> bool:
        """Whether there are no data to judge by."""
        return self.held_since is not None

    @property
    def unacked(self) -> bool:
        """Whether somebody has to take note."""
        return self.unacked_since is not None

    @property
    def stands(self) -> bool:
        """Whether the thing is so, or not long enough not so."""
        return self.condition in _STANDING

    @property
    def masked(self) -> bool:
        """Whether it is kept quiet, by a person or by its cause."""
        return bool(self.shelved or self.out_of_service or self.suppressed_by)

    @property
    def annunciated(self) -> bool:
        """Whether it is put before an operator."""
        return (
            (self.unacked or self.stands)
            and self.closed is None
            and self.waits_until == NEVER
            and not self.masked
        )

    @property
    def explains(self) -> bool:
        """Whether it counts as the cause of others: while it stands and for a while after."""
        return self.stands or self.explains_until != NEVER

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be remembered of it."""
        return (
            self.condition is Condition.NORMAL
            and not (self.unacked or self.latched or self.shelved or self.out_of_service)
            and self.explains_until == NEVER
            and self.forget_at == NEVER
        )

    @property
    def state(self) -> State:
        """What an operator is shown: the strongest mask, or what lies beneath."""
        if self.out_of_service:
            return State.OOSRV
        if self.suppressed_by:
            return State.DSUPR
        return State.SHLVD if self.shelved else self.beneath

    @property
    def beneath(self) -> State:
        """The state without its masks."""
        if self.stands:
            return State.UNACK if self.unacked else State.ACKED
        if self.latched:
            return State.LTUNA if self.unacked else State.LTACK
        return State.RTNUN if self.unacked else State.NORM

    @property
    def next_at(self) -> Instant:
        """When something falls due by itself; ``NEVER`` where nothing does."""
        return min(
            NEVER if self.held else self.until,
            self.shelved.until if self.shelved else NEVER,
            self.waits_until,
            self.realarm_at,
            self.explains_until,
            self.forget_at,
        )
