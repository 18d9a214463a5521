"""Frames: the messages of the live stream as bytes, made once for all who need the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from schemas.rfc3339 import format_instant
from schemas.stream import COLUMNS, SCHEMA, STANDARD, Cells, Column
from schemas.views import totals_view
from services.api.board import ALL, Board, Scope, Shown
from twin.instants import Instant

PART: Final = 1000
"""Racks in one message of a snapshot."""

SNAPSHOT_LASTS_S: Final = 1.0
"""A client may begin with a snapshot this old: what came since follows as a delta."""

DELTAS: Final = 64
SNAPSHOTS: Final = 16

SEQ: Final = 0
"""Of the last fault: none are told yet."""


@dataclass(frozen=True, slots=True)
class View:
    """What a client of the stream wants to see."""

    scope: Scope = ALL
    fields: tuple[Column, ...] = STANDARD


class Frames:
    """Makes frames, and keeps the last ``DELTAS`` deltas and ``SNAPSHOTS`` snapshots.

    When full the oldest go, and are made anew for whoever still needs them: ``made`` counts.
    """

    def __init__(self, board: Board, clock: Callable[[], Instant]) -> None:
        self.board = board
        self.made = 0
        self._clock = clock
        self._deltas: OrderedDict[tuple[View, int, int, int], bytes | None] = OrderedDict()
        self._snapshots: OrderedDict[View, tuple[float, int, list[bytes]]] = OrderedDict()

    def hello(self, view: View, revision: int, max_hz: float, *, resumed: bool) -> bytes:
        """The first frame. It has an id only where the client goes on from what it has.

        So one that is cut off within its snapshot comes back without a claim to it.
        """
        message = {
            "schema": SCHEMA,
            "epoch": self.board.hub.epoch,
            "rev": revision,
            "server_time": format_instant(self._clock()),
            "max_hz": max_hz,
            "fields": view.fields,
            "resumed": resumed,
        }
        return self._frame("hello", message, revision if resumed else None)

    async def snapshot(self, view: View) -> tuple[int, list[bytes]]:
        """Every rack of a view in frames, and the revision from which to go on."""
        now = asyncio.get_running_loop().time()
        kept = self._snapshots.get(view)
        if kept is None or now - kept[0] > SNAPSHOT_LASTS_S or not self.board.hub.knows(kept[1]):
            revision = await self.board.sync()
            kept = self._snapshots[view] = (now, revision, self._parts(view, revision))
            self._snapshots.move_to_end(view)
            if len(self._snapshots) > SNAPSHOTS:
                self._snapshots.popitem(last=False)
        return kept[1:]

    async def delta(self, view: View, seen: int, told: int) -> tuple[int, bytes | None] | None:
        """What changed after ``seen``, for a client that was last told ``told``.

        The revision from which to go on, and a frame unless nothing in the view changed. None
        where what changed is not known any more.
        """
        revision = await self.board.sync()
        key = (view, seen, told, revision)
        if key not in self._deltas:
            changes = self.board.changes(view.scope, seen)
            if changes is None:
                return None
            self._deltas[key] = self._delta(view, told, revision, *changes)
            if len(self._deltas) > DELTAS:
                self._deltas.popitem(last=False)
        return revision, self._deltas[key]

    async def bookmark(self, told: int) -> bytes:
        """A sign of life; ``told`` is the revision that the client has."""
        await self.board.sync()
        message = {
            "rev": told,
            "seq": SEQ,
            "server_time": format_instant(self._clock()),
            "totals": self._totals(),
        }
        return self._frame("bookmark", message, told)

    def resync(self) -> bytes:
        """The word before a snapshot that nobody asked for."""
        return self._frame("resync", {"reason": "lag"}, None)

    def bye(self, after_ms: int) -> bytes:
        """The last frame; the client may come back ``after_ms``."""
        message = {"reason": "shutdown", "reconnect": True, "after_ms": after_ms}
        return b"retry: %d\n" % after_ms + self._frame("bye", message, None)

    def _parts(self, view: View, revision: int) -> list[bytes]:
        racks = [shown for shown in self.board if view.scope.holds(shown.rack)]
        parts = [racks[start : start + PART] for start in range(0, len(racks), PART)] or [[]]
        totals = self._totals()
        return [
            self._frame(
                "snapshot",
                {
                    "rev": revision,
                    "part": number,
                    "parts": len(parts),
                    "ids": [shown.rack.id for shown in part],
                    "cols": _columns(view, part),
                    "totals": totals,
                },
                revision if number == len(parts) else None,
            )
            for number, part in enumerate(parts, 1)
        ]

    def _delta(
        self, view: View, told: int, revision: int, here: list[Shown], gone: Sequence[str]
    ) -> bytes | None:
        if not here and not gone:
            return None
        message = {
            "rev": revision,
            "prev": told,
            "i": [shown.rack.id for shown in here],
            "c": _columns(view, here),
            "rm": gone,
            "totals": self._totals(),
        }
        return self._frame("delta", message, revision)

    def _totals(self) -> dict[str, object]:
        totals, counts = self.board.totals(), self.board.fleet.counts
        return totals_view(totals, counts, self._clock()).model_dump(mode="json")

    def _frame(self, event: str, message: object, revision: int | None) -> bytes:
        self.made += 1
        identity = f"id: {self.board.hub.epoch}:{revision}:{SEQ}\n" if revision is not None else ""
        data = msgspec.json.encode(message)
        return f"event: {event}\n{identity}data: ".encode() + data + b"\n\n"


def _columns(view: View, racks: list[Shown]) -> Cells:
    at = [(field, COLUMNS.index(field)) for field in view.fields]
    return {field: tuple(shown.row[index] for shown in racks) for field, index in at}
