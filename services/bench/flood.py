"""A flood of faults, and how long everybody else has to wait for the loop meanwhile."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Coroutine, MutableMapping, Sequence
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, Final

from schemas.envelope import Envelope
from services.api.app import PREFIX, create_app
from services.api.context import Context, Deps, create_context
from services.api.follow import follow as told
from services.api.frames import Position, View
from services.bench.load import START
from services.bench.report import Report
from services.faults.journal import Journal
from services.heap import sparing
from services.ingest.follow import follow
from services.intake import Intake
from services.processes import JOURNAL, Twin
from twin.fleet import Fleet
from twin.instants import Millis, after

AT_ONCE: Final = 1_000
"""Occurrences that one request may name."""

HOLD_MS: Final = 50.0
"""So long nothing should hold the loop: half the 100 ms of the stream's grid; ours. It is CPU time,
for a busy machine says nothing of us; the disk is not in it."""

_TENTH: Final = Millis(100)

_LEAK: Final = "Rack/RackLeakDetect/bench"


async def flood(report: Report, many: int) -> None:
    """Let every rack leak at once; list, note, tell and end it all, as ``serve`` does it."""
    with tempfile.TemporaryDirectory() as folder, sparing():
        await _Flood(report, many, Path(folder)).run()


class _Flood:
    """A twin whose every rack has one detector, with its journal, its API and one stream."""

    def __init__(self, report: Report, many: int, folder: Path) -> None:
        self._report = report
        self._racks = range(many)
        self._now = START
        self._twin = twin = Twin(Intake(Fleet()))
        fleet = twin.intake.fleet
        twin.journal = Journal(folder / JOURNAL)
        fleet.resume(twin.journal.restore(fleet.faults.rules, fleet.topology), START)
        deps = Deps(twin.intake, twin.hub, lambda: self._now, desk=twin)
        self._app = create_app(deps)
        self._here: Context = create_context(deps)

    async def run(self) -> None:
        """Do one after the other, each watched."""
        journal = self._twin.journal
        assert journal is not None
        async with asyncio.TaskGroup() as tasks:
            kept = tasks.create_task(journal.run())
            await self._all()
            await journal.settled()
            kept.cancel()
        journal.close()

    async def _all(self) -> None:
        await self._follow([self._described(rack) for rack in self._racks])
        await self._say(0)
        self._settle()
        await self._watched("raised", self._say(1))
        await self._watched("told to a stream", self._tell())
        await self._watched("a snapshot", self._snapshot())
        ids = [each.id for each in self._twin.intake.fleet.faults.standing()]
        await self._watched("listed", self._ask("GET", "/faults", b"", query=b"limit=1000"))
        await self._watched("noted", self._note(ids))
        self._settle()
        await self._watched("over", self._say(0))

    def _settle(self) -> None:
        """Let thirteen seconds pass: the physics that were owed are none of the flood's."""
        for _ in range(130):
            self._now = after(self._now, _TENTH)
            self._twin.emit(self._twin.intake.advance(self._now))

    async def _watched(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Do something, and see how long the loop was held meanwhile, at the longest."""
        waits, turns, begun = [0.0], [0.0], perf_counter()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work)
            while not task.done():
                begin, turn = perf_counter(), thread_time()
                await asyncio.sleep(0)
                waits.append(perf_counter() - begin)
                turns.append(thread_time() - turn)
        name = f"{len(self._racks)} leaks at once, {name}"
        self._report.add(name, perf_counter() - begun, "s")
        self._report.add(f"{name}: others wait, at most", max(waits) * 1e3, "ms")
        self._report.add(
            f"{name}: CPU of a turn, at most", max(turns) * 1e3, "ms", HOLD_MS, "lower"
        )

    async def _say(self, value: int) -> None:
        """Let every detector say the same."""
        self._now = after(self._now, _TENTH)
        said = b'{"value":%d,"timestamp":%d,"quality":1}' % (value, self._now)
        await self._follow(
            [Envelope(f"BMS/v1/PUB/Value/{_LEAK}/R{rack}", said, self._now) for rack in self._racks]
        )

    def _described(self, rack: int) -> Envelope:
        said = {
            "objectType": "Rack",
            "pointType": "RackLeakDetect",
            "rackLocationId": f"R{rack}",
            "rackLocationName": f"R{rack}",
            "stateText": [{"value": 0, "text": "NoLeak"}, {"value": 1, "text": "Leak"}],
        }
        topic = f"BMS/v1/PUB/Metadata/{_LEAK}/R{rack}"
        return Envelope(topic, json.dumps(said).encode(), self._now)

    async def _follow(self, said: Sequence[Envelope]) -> None:
        twin = self._twin
        await follow(_batches(said), twin.intake, twin.emit, lambda _: None)

    async def _tell(self) -> None:
        """Tell one client who has nothing of it yet."""
        hub = self._here.deps.hub
        had = Position(hub.revision, hub.faults.seq - len(self._racks))
        frames = told(self._here.frames, View(), had=had)
        for _ in range(len(self._racks)):
            await anext(frames)
        await frames.aclose()

    async def _snapshot(self) -> None:
        await self._here.frames.snapshot(View())

    async def _note(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), AT_ONCE):
            body = json.dumps({"ids": ids[start : start + AT_ONCE], "by": "bench"}).encode()
            await self._ask("POST", "/faults/ack", body)

    async def _ask(self, method: str, path: str, body: bytes, query: bytes = b"") -> None:
        """Ask the API, without a socket between."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": f"{PREFIX}{path}",
            "query_string": query,
            "headers": [(b"content-type", b"application/json")],
            "client": ("127.0.0.1", 0),
        }

        async def receive() -> MutableMapping[str, Any]:
            await asyncio.sleep(0)  # as if it came over a socket
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            assert message.get("status", 200) in {200, 207}, message

        await self._app(scope, receive, send)


async def _batches(said: Sequence[Envelope]) -> AsyncIterator[Sequence[Envelope]]:
    yield said
