"""The messages of the live stream, and the columns of its racks."""

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from schemas.api import TotalsView
from schemas.documents import Document, Time, absent, finite
from schemas.faults import FaultEvent, FaultView
from schemas.rfc3339 import format_instant
from twin.gist import DELTA_T, FLOW, HEADROOM, HEAT, LOAD, RETURN, SUPPLY, Gist

SCHEMA: Final = 1
"""Raised when a message changes in a way that an older client cannot read."""

Cell = str | float | None


class Column(StrEnum):
    """What the stream tells of a rack."""

    SEVERITY = "severity"
    FRESHNESS = "freshness"
    LOAD_KW = "load_kw"
    HEADROOM_KW = "headroom_kw"
    SUPPLY_C = "supply_c"
    RETURN_C = "return_c"
    DELTA_T_K = "delta_t_k"
    FLOW_LPM = "flow_lpm"
    HEAT_KW = "heat_kw"
    MEASURED_AT = "measured_at"
    HALL = "hall"
    ROW = "row"


def _measured_at(gist: Gist) -> str | None:
    """When the newest of the columns' own readings was measured."""
    told = map(gist.measured_at, (LOAD, SUPPLY, RETURN, FLOW))
    newest = max([each for each in told if each], default=None)
    return None if newest is None else format_instant(newest)


COLUMNS: Final = tuple(Column)
"""In the order of a row."""

STANDARD: Final = tuple(each for each in COLUMNS if each not in (Column.HALL, Column.ROW))
"""Those that are told unless others are asked for: where a rack stands hardly ever changes."""


def row_of(gist: Gist) -> tuple[Cell, ...]:
    """What the stream tells of one rack, a cell for each of ``COLUMNS``.

    A bare number says nothing of its quality: so one that is not to be trusted is null.
    """
    good = gist.good
    return (
        gist.severity.value,
        gist.freshness.value,
        finite(good(LOAD)),
        finite(good(HEADROOM)),
        finite(good(SUPPLY)),
        finite(good(RETURN)),
        finite(good(DELTA_T)),
        finite(good(FLOW)),
        finite(good(HEAT)),
        _measured_at(gist),
        gist.place.hall,
        gist.place.row,
    )


Cells = dict[Column, tuple[Cell, ...]]
"""Each column with one cell for each rack of the message."""


class Hello(Document):
    """First of all: who speaks, and in what words."""

    schema_: int = Field(alias="schema")
    epoch: str
    """Another one than before: the numbers start anew."""
    rev: int
    server_time: Time
    seq: int
    """Of the last fault that the client has, or that there is."""
    max_hz: float
    fields: tuple[Column, ...]
    resumed: bool
    """What the client missed follows, and no snapshot."""


class Snapshot(Document):
    """A part of all racks and faults; the first replaces whatever the client had."""

    rev: int
    seq: int
    """Of the last fault that is told with it."""
    part: int
    """From 1."""
    parts: int
    ids: tuple[str, ...]
    cols: Cells
    faults: tuple[FaultView, ...]
    """Those that are not over and noted, or are masked; most urgent first."""
    totals: TotalsView


class Delta(Document):
    """What changed since the client was last told: the latest of each rack."""

    rev: int
    prev: int
    """The ``rev`` of the message before; any other means that one was missed."""
    i: tuple[str, ...]
    c: Cells
    rm: tuple[str, ...]
    """No longer there, or no longer within the filters."""
    totals: TotalsView


class Bookmark(Document):
    """Still here: every few seconds, also when nothing changes."""

    rev: int
    seq: int
    """Of the last fault that the client knows of: with filters, it may not be one of theirs."""
    server_time: Time
    totals: TotalsView


class Gap(Document):
    """Faults that the client missed and that are not known any more: a whole snapshot follows."""

    from_seq: int
    to_seq: int


class Resync(Document):
    """The client fell too far behind: a whole snapshot follows."""

    reason: Literal["lag"]


class Bye(Document):
    """The last message: the server ends the stream."""

    reason: Literal["shutdown"]
    reconnect: bool
    after_ms: int | None = Field(None, exclude_if=absent)


MESSAGES: Final[dict[str, type[Document]]] = {
    "hello": Hello,
    "snapshot": Snapshot,
    "delta": Delta,
    "fault": FaultEvent,
    "bookmark": Bookmark,
    "gap": Gap,
    "resync": Resync,
    "bye": Bye,
}
"""The messages by the name of their event."""
