"""A server that says to the page what a test tells it to, in the documents of the real API."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from schemas.api import RackView, TotalsView
from schemas.documents import Document
from schemas.history_views import HistoryView
from schemas.stream import COLUMNS, Bookmark, Cell, Column, Delta, Hello, Snapshot

PAGE: Final = Path(__file__).parents[1] / "services" / "api" / "page"
TIME: Final = "2026-11-22T08:00:10.000Z"

Row = dict[str, Cell]

CALM: Final[Row] = {
    "severity": "OK",
    "freshness": "LIVE",
    "load_kw": 98.2,
    "headroom_kw": 60.1,
    "supply_c": 27.4,
    "return_c": 37.2,
    "delta_t_k": 9.8,
    "flow_lpm": 145.0,
    "heat_kw": 95.3,
    "measured_at": "2026-11-22T08:00:09.600Z",
    "hall": None,
    "row": None,
}

UNHEARD: Final[Row] = {
    **dict.fromkeys(CALM),
    "severity": "OK",
    "freshness": "UNHEARD",
}


def rack_ids(count: int) -> list[str]:
    """Rows of sixteen."""
    return [f"Hall1-R{n // 16 + 1:02}-K{n % 16 + 1:02}" for n in range(count)]


class Stage:
    """The scripted twin: 48 calm racks to begin with.

    One queue per open stream, unbounded: a test says little, and the browser reads it all.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {each: dict(CALM) for each in rack_ids(48)}
        self.epoch = "first"
        self.rev = 1
        self.parts = 1
        self.refusing = False
        """Answer streams with 503."""
        self.totals = TotalsView.model_validate(TOTALS)
        self.documents: dict[str, Document] = {}
        self.resumed: list[str | None] = []
        """The ``Last-Event-ID`` of each stream that was opened."""
        self.url = ""
        self._streams: set[asyncio.Queue[bytes | None]] = set()

    def change(self, rack: str, **cells: Cell) -> None:
        """Let a rack change, and tell every stream."""
        self.rows[rack] |= cells
        self.rev += 1
        self.say("delta", self.delta(self.rev - 1, rack, **cells))

    def delta(self, prev: int, rack: str, **cells: Cell) -> Delta:
        """Word of a change after ``prev``."""
        columns = {Column(name): (cell,) for name, cell in cells.items()}
        return Delta(rev=self.rev, prev=prev, i=(rack,), c=columns, rm=(), totals=self.totals)

    def bookmark(self, server_time: str) -> None:
        """Tell every stream the time."""
        self.say(
            "bookmark",
            Bookmark(rev=self.rev, seq=0, server_time=server_time, totals=self.totals),
        )

    def say(self, event: str, message: Document) -> None:
        """Send one event to every stream."""
        for stream in self._streams:
            stream.put_nowait(self._frame(event, message))

    def drop(self) -> None:
        """Cut every stream."""
        for stream in self._streams:
            stream.put_nowait(None)

    def app(self) -> web.Application:
        """The server."""
        app = web.Application()
        app.router.add_get("/api/v1/stream", self._stream)
        app.router.add_get("/api/{path:.*}", self._document)
        app.router.add_get("/{path:.*}", _file)
        return app

    def _frame(self, event: str, message: Document) -> bytes:
        data = message.model_dump_json(by_alias=True)
        return f"id: {self.epoch}:{self.rev}:0\nevent: {event}\ndata: {data}\n\n".encode()

    def _opening(self) -> list[bytes]:
        hello = Hello.model_validate(
            {
                "schema": 1, "epoch": self.epoch, "rev": self.rev, "server_time": TIME,
                "seq": 0, "max_hz": 10, "fields": COLUMNS, "resumed": False,
            }
        )  # fmt: skip
        ids = list(self.rows)
        size = -(-len(ids) // self.parts) or 1
        parts = [ids[start : start + size] for start in range(0, len(ids), size)] or [[]]
        return [self._frame("hello", hello)] + [
            self._frame("snapshot", self._part(number, some))
            for number, some in enumerate(parts, 1)
        ]

    def _part(self, number: int, ids: list[str]) -> Snapshot:
        columns = {each: tuple(self.rows[rack][each] for rack in ids) for each in COLUMNS}
        return Snapshot(
            rev=self.rev, seq=0, part=number, parts=self.parts, ids=tuple(ids), cols=columns,
            faults=(), totals=self.totals,
        )  # fmt: skip

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if self.refusing:
            return web.Response(status=503)
        self.resumed.append(request.headers.get("Last-Event-ID"))
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._streams.add(frames)
        try:
            await answer.write(b"retry: 100\n\n" + b"".join(self._opening()))
            while (frame := await frames.get()) is not None:
                await answer.write(frame)
        except ConnectionError:
            pass  # the browser closed it
        finally:
            self._streams.discard(frames)
        return answer

    async def _document(self, request: web.Request) -> web.Response:
        if request.path in self.documents:
            text = self.documents[request.path].model_dump_json(by_alias=True)
            return web.Response(text=text, content_type="application/json")
        problem = {"type": "about:blank", "title": "Not here", "status": 404}
        return web.json_response(problem, status=404, content_type="application/problem+json")


async def _file(request: web.Request) -> web.StreamResponse:
    """A file of the page, under the policy that the real server sets."""
    path = PAGE / (request.match_info["path"] or "index.html")
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Content-Security-Policy": "default-src 'self'"})


def measured(value: float | None, unit: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """A measured number of the API: good, live and 0.4 s old unless said otherwise."""
    if value is None:
        unheard = {"quality": None, "freshness": "UNHEARD", "measured_at": None, "age_s": None}
        return {"value": None, "unit": unit, "received_at": None, **unheard, **more}
    live = {"quality": "GOOD", "freshness": "LIVE", "measured_at": CALM["measured_at"]}
    return {"value": value, "unit": unit, "received_at": TIME, "age_s": 0.4, **live, **more}


TOTALS: Final = {
    "racks": 48,
    "racks_by_severity": {},
    "racks_by_freshness": {},
    "power_kw": measured(4621.2, "kW", fresh=47, expected=48),
    "heat_kw": measured(980.0, "kW", fresh=48, expected=48),
    "headroom_kw": measured(None, "kW", fresh=0, expected=48),
    "points": {"total": 2160, "live": 2148, "stale": 9, "unheard": 3, "bad": 1},
}


def leaking_rack(rack: str) -> RackView:
    """A leak, an old flow, a bad pressure, and a capacity that was never heard."""
    return RackView.model_validate(
        {
            "id": rack, "name": rack, "hall": None, "row": None,
            "position": None, "model": None, "rated_kw": None,
            "freshness": "LIVE", "severity": "CRITICAL", "faults": [],
            "power": _power(rack), "thermal": _thermal(),
            "leak": {
                "detected": measured(1, None, text="Leak"),
                "sensor_fault": measured(0, None, text="Normal"), "tray": measured(0, None),
            },
            "isolation": {
                "liquid": {
                    "status": measured(0, None, text="Open"), "request": measured(None, None),
                },
                "electrical": {"status": measured(0, None), "request": measured(None, None)},
            },
            "upstream": {"power": [f"{rack}-TAP-A", f"{rack}-TAP-B"], "liquid": ["Hall1-R01-CDU"]},
            "points": {"live": 11, "stale": 1, "unheard": 3, "bad": 1},
        }
    )  # fmt: skip


def _power(rack: str) -> dict[str, object]:
    return {
        "load_kw": measured(98.24, "kW"), "capacity_kw": measured(None, "kW"),
        "headroom_kw": measured(None, "kW"), "redundancy": "2N", "capacity_from": None,
        "path_headroom_kw": measured(None, "kW"), "bound_by": None,
        "feeds": [
            {
                "meter": f"{rack}-TAP-{side}", "load_kw": measured(49.12, "kW"),
                "current_a": measured(72.1, "A"), "limit_a": measured(250.0, "A"),
                "capacity_kw": measured(None, "kW"), "share": 0.5,
                "path_headroom_kw": measured(None, "kW"), "bound_by": None, "if_lost": [],
            }
            for side in "AB"
        ],
        "balance": {
            "meters_kw": measured(98.3, "kW"), "racks_kw": measured(98.24, "kW"),
            "residual_pct": 0.06,
        },
    }  # fmt: skip


def _thermal() -> dict[str, object]:
    old = {"freshness": "STALE", "measured_at": "2026-11-22T07:57:00.000Z"}
    return {
        "supply_c": measured(27.41, "C"), "return_c": measured(37.2, "C"),
        "delta_t_k": measured(9.79, "K", derived_from=2),
        "flow_lpm": measured(145.0, "LPM", **old),
        "flow_lpm_per_kw": measured(1.476, "LPM/kW", derived_from=2, **old),
        "dp_kpa": measured(-0.04, "kPa", quality="BAD"),
        "dp_setpoint_kpa": measured(40.0, "kPa"), "valve_pct": measured(61.0, "%"),
        "heat_kw": measured(95.3, "kW", derived_from=3, **old),
        "heat_ratio": measured(0.97, "", derived_from=4, **old), "coolant": "pg25",
        "heat_ratio_by_coolant": {"water": measured(1.0, ""), "pg25": measured(0.97, "")},
        "approach_k": measured(0.4, "K"), "flow_share": measured(0.06, ""),
        "capacity_share": measured(0.06, ""),
        "liquid_share": measured(0.97, ""), "ride_through_s": measured(41.0, "s"),
    }  # fmt: skip


def power_history(rack: str) -> HistoryView:
    """A quarter of an hour of a rack's power, three seconds a step, with a gap in the middle."""
    start = datetime(2026, 11, 22, 7, 45, 10, tzinfo=UTC)
    buckets = [
        {
            "start": (start + timedelta(seconds=3 * n)).isoformat(), "min": 95.0 + n % 7,
            "max": 97.0 + n % 7, "mean": 96.0 + n % 7, "last": 96.0, "n": 3, "good": 1.0,
        }
        for n in range(300) if not 120 < n < 180
    ]  # fmt: skip
    series = {
        "entity": rack, "metric": "RackPower", "object_type": "Rack",
        "point": f"Rack/RackPower/{rack}", "unit": "kW", "process_area": [], "is_setpoint": False,
        "phase": None, "samples": [], "buckets": buckets, "truncated": False, "estimated": False,
    }  # fmt: skip
    return HistoryView.model_validate(
        {
            "entity": rack, "metric": "RackPower", "entities": (rack,), "metrics": ("RackPower",),
            "start": start.isoformat(), "end": TIME,
            "mode": "minmax", "bucket_ms": 3000, "series": [series],
        }
    )  # fmt: skip
