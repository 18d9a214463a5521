"""Frames: the messages of the live stream as bytes, made once for all who need the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple, TypeVar

import msgspec

from schemas.faults import fault_event, fault_view
from schemas.rfc3339 import format_instant
from schemas.stream import COLUMNS, SCHEMA, STANDARD, Cell, Cells, Column
from schemas.views import totals_view
from services.api.board import ALL, Board, Scope, Shown
from services.api.slices import made, picked
from twin.changes import FaultChanged
from twin.instants import Instant
from twin.steps import Steps

T = TypeVar("T")

PART: Final = 1000
"""Racks in one message of a snapshot."""

AT_ONCE: Final = 1000
"""Racks of a delta encoded before others have their turn: 1 or 2 ms."""

SNAPSHOT_LASTS_S: Final = 1.0
"""A client may begin with a snapshot this old: what came since follows as a delta."""

_DATA: Final = b"data: "

DELTAS: Final = 64
SNAPSHOTS: Final = 16

FAULTS: Final = 1000
"""Faults whose frames are kept, and in one message of a snapshot."""


@dataclass(frozen=True, slots=True)
class View:
    """What a client of the stream wants to see."""

    scope: Scope = ALL
    fields: tuple[Column, ...] = STANDARD


class Position(NamedTuple):
    """What a client has: the racks of a revision, and the faults up to a number."""

    revision: int
    seq: int


class Whole(NamedTuple):
    """A snapshot in frames, and from where to go on."""

    position: Position
    parts: list[bytes]


class Delta(NamedTuple):
    """What changed, for clients that have heard of the same faults, or of others."""

    at: Position
    frame: bytes | None
    """None where nothing in the view did."""


_Key = tuple[View, int, int, int]


class Frames:
    """Makes frames, and keeps ``DELTAS`` deltas, ``SNAPSHOTS`` snapshots and ``FAULTS`` faults.

    When full the oldest go, and are made anew for whoever still needs them: ``made`` counts.
    """

    def __init__(self, board: Board, clock: Callable[[], Instant]) -> None:
        self.board = board
        self.made = 0
        self._clock = clock
        self._deltas: OrderedDict[_Key, Delta] = OrderedDict()
        self._being_made: set[_Key] = set()
        self._snapshots: OrderedDict[View, tuple[float, Whole]] = OrderedDict()
        self._faults: OrderedDict[int, bytes] = OrderedDict()

    def hello(self, view: View, at: Position, max_hz: float, *, resumed: bool) -> bytes:
        """The first frame. It has an id only where the client goes on from what it has.

        So one that is cut off within its snapshot comes back without a claim to it.
        """
        message = {
            "schema": SCHEMA,
            "epoch": self.board.hub.epoch,
            "rev": at.revision,
            "seq": at.seq,
            "server_time": format_instant(self._clock()),
            "max_hz": max_hz,
            "fields": view.fields,
            "resumed": resumed,
        }
        return self._frame("hello", message, at if resumed else None)

    async def snapshot(self, view: View) -> Whole:
        """Every rack and every fault of a view in frames."""
        now = asyncio.get_running_loop().time()
        kept = self._snapshots.get(view)
        if kept is None or now - kept[0] > SNAPSHOT_LASTS_S or not self._goes_on(kept[1].position):
            kept = self._snapshots[view] = (now, await self._whole(view))
            self._snapshots.move_to_end(view)
            if len(self._snapshots) > SNAPSHOTS:
                self._snapshots.popitem(last=False)
        return kept[1]

    def fault(self, seq: int, change: FaultChanged, told: int | None) -> bytes:
        """What happened to a fault, for a client that was last told ``told`` of the racks.

        It has no id for a client that waits for its snapshot.
        """
        data = self._faults.get(seq)
        if data is None:
            self.made += 1
            event = fault_event(seq, change, self.board.fleet)
            data = self._faults[seq] = event.model_dump_json().encode()
            if len(self._faults) > FAULTS:
                self._faults.popitem(last=False)
        identity = b"" if told is None else self._id(Position(told, seq))
        return b"event: fault\n%sdata: %s\n\n" % (identity, data)

    def delta(self, view: View, since: int, prev: int, revision: int) -> Steps[Delta | None]:
        """What changed after ``since``, for clients that were last told ``prev``, in steps.

        None where what changed is not known any more. Whoever needs what is being made for somebody
        else waits for it.

        Args:
            view: What they want to see.
            since: Up to where it was looked for news.
            prev: The revision that they have.
            revision: What every rack of the view is as new as: the board was synced to it, just
                before.
        """
        key = (view, since, prev, revision)
        while key in self._being_made:
            yield
        if key not in self._deltas:
            self._being_made.add(key)
            try:
                delta = yield from self._delta(view, since, prev, revision)
            finally:
                self._being_made.discard(key)
            if delta is None:
                return None
            self._deltas[key] = delta
            if len(self._deltas) > DELTAS:
                self._deltas.popitem(last=False)
            return delta
        return self._deltas[key]

    def dated(self, delta: Delta, seq: int) -> bytes | None:
        """The frame of a delta for a client that has heard of the faults up to there."""
        if delta.frame is None or delta.at.seq == seq:
            return delta.frame
        _, mark, data = delta.frame.partition(_DATA)
        return b"event: delta\n%s%s%s" % (self._id(delta.at._replace(seq=seq)), mark, data)

    def bookmark(self, told: Position) -> bytes:
        """A sign of life; ``told`` is what the client has. Sync the board before."""
        message = {
            "rev": told.revision,
            "seq": told.seq,
            "server_time": format_instant(self._clock()),
            "totals": self._totals(),
        }
        return self._frame("bookmark", message, told)

    def gap(self, seq: int) -> bytes:
        """The word to a client that has the faults up to ``seq``, and will miss some."""
        return self._frame("gap", {"from_seq": seq + 1, "to_seq": self.board.hub.faults.seq}, None)

    def resync(self) -> bytes:
        """The word before a snapshot that nobody asked for."""
        return self._frame("resync", {"reason": "lag"}, None)

    def bye(self, after_ms: int) -> bytes:
        """The last frame; the client may come back ``after_ms``."""
        message = {"reason": "shutdown", "reconnect": True, "after_ms": after_ms}
        return b"retry: %d\n" % after_ms + self._frame("bye", message, None)

    def _goes_on(self, at: Position) -> bool:
        """Whether a client that has what was so then can hear all that came since."""
        hub = self.board.hub
        return hub.knows(at.revision) and hub.faults.knows(at.seq)

    async def _whole(self, view: View) -> Whole:
        """The faults come first: what happens to them meanwhile is told as an event as well."""
        board, seq = self.board, self.board.hub.faults.seq
        fleet = board.fleet
        standing = fleet.faults.standing()
        way = board.way
        asked = await picked(way, standing, lambda each: view.scope.holds_fault(each, fleet))
        views = await made(way, asked, lambda each: fault_view(each, fleet).model_dump(mode="json"))
        at = Position(await board.sync(view.scope), seq)
        racks = board.within(view.scope)
        count = max(1, ceil(len(racks) / PART), ceil(len(views) / FAULTS))
        totals = self._totals()
        parts: list[bytes] = []
        for part in range(count):
            message = {
                "rev": at.revision,
                "seq": at.seq,
                "part": part + 1,
                "parts": count,
                "ids": [shown.gist.id for shown in _slice(racks, part, PART)],
                "cols": _columns(view, _slice(racks, part, PART)),
                "faults": _slice(views, part, FAULTS),
                "totals": totals,
            }
            parts.append(self._frame("snapshot", message, at if part + 1 == count else None))
            await way.give()
        return Whole(at, parts)

    def _delta(self, view: View, since: int, prev: int, revision: int) -> Steps[Delta | None]:
        changes = yield from self.board.changes(view.scope, since)
        if changes is None:
            return None
        here, gone = changes
        if not here and not gone:
            return Delta(Position(revision, 0), None)
        ids, columns = yield from _encoded(view, here)
        message = {
            "rev": revision,
            "prev": prev,
            "i": ids,
            "c": columns,
            "rm": gone,
            "totals": self._totals(),
        }
        at = Position(revision, self.board.hub.faults.seq)
        return Delta(at, self._frame("delta", message, at))

    def _totals(self) -> dict[str, object]:
        totals, counts = self.board.totals(), self.board.fleet.counts
        return totals_view(totals, counts, self._clock()).model_dump(mode="json")

    def _frame(self, event: str, message: object, at: Position | None) -> bytes:
        self.made += 1
        identity = b"" if at is None else self._id(at)
        data = msgspec.json.encode(message)
        return b"event: %s\n%s%s%s\n\n" % (event.encode(), identity, _DATA, data)

    def _id(self, at: Position) -> bytes:
        return f"id: {self.board.hub.epoch}:{at.revision}:{at.seq}\n".encode()


def _slice(items: Sequence[T], number: int, size: int) -> Sequence[T]:
    return items[number * size : (number + 1) * size]


def _encoded(
    view: View, racks: Sequence[Shown]
) -> Steps[tuple[msgspec.Raw, dict[Column, msgspec.Raw]]]:
    """The ids and the columns of ``racks`` as JSON, ``AT_ONCE`` racks in each step."""
    ids: list[bytes] = []
    columns: dict[Column, list[bytes]] = {field: [] for field in view.fields}
    for start in range(0, len(racks), AT_ONCE):
        if start:
            yield
        some = racks[start : start + AT_ONCE]
        ids.append(_inside([shown.gist.id for shown in some]))
        for field, cells in _columns(view, some).items():
            columns[field].append(_inside(cells))
    return _array(ids), {field: _array(parts) for field, parts in columns.items()}


def _inside(items: Sequence[Cell]) -> bytes:
    return msgspec.json.encode(items)[1:-1]


def _array(parts: Sequence[bytes]) -> msgspec.Raw:
    return msgspec.Raw(b"[%s]" % b",".join(parts))


def _columns(view: View, racks: Sequence[Shown]) -> Cells:
    columns = [*zip(*(shown.row for shown in racks), strict=True)] or [()] * len(COLUMNS)
    return {field: columns[COLUMNS.index(field)] for field in view.fields}
