"""How soon a leak stands on the live stream as a fault, in small and in large fleets."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from schemas.envelope import Envelope
from services.bench.load import START
from services.bench.report import Report, quantile
from services.bench.sweep import LEAKS
from services.broker.embedded import embedded_broker
from services.broker.publish import Publish, publisher
from services.clock import wall_clock
from services.ingest.registry import Registry
from services.processes import REGISTRY, SERVE
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from services.simulate.site import Thing, site_of


@dataclass(frozen=True, slots=True)
class Trial:
    """One fleet, and how often something leaks in it."""

    racks: int
    leaks: int
    rate: int
    """Values that it says a second: what one machine carries with everything on it."""
    target_ms: float


SMALL: Final = Trial(racks=48, leaks=120, rate=1_600, target_ms=250)
LARGE: Final = Trial(racks=7_500, leaks=80, rate=2_000, target_ms=1_000)


def trials(racks: int | None = None) -> tuple[Trial, ...]:
    """Of a small and of a large fleet; or of one of so many racks."""
    if racks is None:
        return SMALL, LARGE
    near = SMALL if racks <= SMALL.racks else LARGE
    return (replace(near, racks=racks, leaks=min(near.leaks, _TIMES * racks)),)


_MODULE: Final = (sys.executable, "-m")
_CODE: Final = "leak.detected"
_SETTINGS: Final = """\
data = "{folder}"
log_level = "WARNING"
[broker]
url = "{url}"
[api]
port = 0
"""
_GREETING: Final = (b"hello", b"snapshot")
_LINE: Final = 2**26
"""Bytes of the longest line of a stream: a snapshot's part, or a delta of all racks."""
_SCRAPE_S: Final = 10.0
_PATIENCE_S: Final = 60.0
_APART_S: Final = 0.3
_TIMES: Final = 3
"""A rack leaks at the most: each time it must be over for 30 s."""


async def bench_latency(trials: Sequence[Trial] = (SMALL, LARGE)) -> Report:
    """Let one rack after the other leak, in fleets that are heard through a broker all the time."""
    report = Report("latency", "NATS, `serve` with everything on and a simulated fleet, here")
    for trial in trials:
        async with _serving(trial) as (address, broker):
            await _measure(report, trial, address, broker)
    return report


async def _measure(report: Report, trial: Trial, address: str, broker: BrokerSettings) -> None:
    racks = site_of(trial.racks).racks
    async with (
        aiohttp.ClientSession(f"{address}/api/v1/", read_bufsize=_LINE) as session,
        publisher(broker, "leaks") as publish,
    ):
        for rack in racks:
            await publish(_topic(rack), _said(0))
        async with _swept(trial, broker), asyncio.TaskGroup() as tasks:
            listener, watch = _Listener(session, tasks), _Watch(session)
            helping = [tasks.create_task(work) for work in (listener.listen(), watch.scrape())]
            await listener.greeted.wait()
            delays = await _leaks(listener, publish, racks, trial.leaks)
            await watch.look()
            for each in helping:
                each.cancel()
    name = f"{trial.racks} racks"
    report.add(f"{name}: messages", watch.rate, "1/s")
    report.add(f"{name}: messages lost", watch.lost, "", 0, "lower")
    report.add(f"{name}: messages waiting, at most", watch.waiting, "")
    report.add(f"{name}: age of a value when taken in, at most", watch.age_s * 1e3, "ms")
    report.add(f"{name}: faults that are no leak", listener.others, "", 0, "lower")
    report.add(f"{name}: leaks", len(delays), "", trial.leaks)
    report.add(f"{name}: leak to stream, p50", quantile(delays, 0.5) * 1e3, "ms")
    late = quantile(delays, 0.99) * 1e3
    report.add(f"{name}: leak to stream, p99", late, "ms", trial.target_ms, "lower")
    report.add(f"{name}: leak to stream, at most", max(delays) * 1e3, "ms")


async def _leaks(
    listener: "_Listener", publish: Publish, racks: Sequence[Thing], count: int
) -> list[float]:
    """Seconds of each leak; one that is not told in time is the last, and took all of the time."""
    delays: list[float] = []
    while len(delays) < count and _PATIENCE_S not in delays:
        number = len(delays)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                delays.append(await _leak(listener, publish, racks[number % len(racks)], number))
        except TimeoutError:
            delays.append(_PATIENCE_S)
    return delays


async def _leak(listener: "_Listener", publish: Publish, rack: Thing, number: int) -> float:
    """Seconds from publishing until the stream says so."""
    await listener.over(rack.id)
    await asyncio.sleep(_APART_S + 0.013 * (number % 7))  # out of step with any pace
    begin = perf_counter()
    await publish(_topic(rack), _said(1))
    at = await listener.raised(rack.id)
    await publish(_topic(rack), _said(0))
    return at - begin


@dataclass(slots=True)
class _Listener:
    """Hears all that the stream tells of all racks, and lets go of leaks that are over."""

    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has the whole snapshot: what was raised before is told in that."""
    others: int = 0
    """Faults that are no leak."""
    _begun: dict[str, float] = field(default_factory=dict)
    """When it heard of those that stand."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Until cancelled."""
        async with self.session.get("stream") as stream:
            async for at, event, data in _events(stream.content):
                if event == b"fault":
                    self._hear(at, json.loads(data))
                elif event not in _GREETING:
                    self.greeted.set()

    async def raised(self, rack: str) -> float:
        """When it heard that a rack leaks."""
        while rack not in self._begun:
            await self._next()
        return self._begun[rack]

    async def over(self, rack: str) -> None:
        """Wait until nothing stands of an earlier leak."""
        while rack in self._begun:
            await self._next()

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _hear(self, at: float, fault: dict[str, Any]) -> None:
        if fault["code"] != _CODE:
            self.others += fault["what"] == "RAISED"
        elif fault["what"] == "RAISED":
            self._begun[fault["entity"]] = at
        elif fault["what"] == "CLEARED":
            self.tasks.create_task(self._let_go(fault["id"]))
        elif fault["what"] == "RESET":
            del self._begun[fault["entity"]]
        self._news.set()

    async def _let_go(self, identity: str) -> None:
        for act in ("ack", "reset"):
            async with self.session.post(f"faults/{identity}/{act}") as answer:
                answer.raise_for_status()


async def _events(lines: aiohttp.StreamReader) -> AsyncIterator[tuple[float, bytes, bytes]]:
    """What the stream tells, and when it was heard."""
    event = b""
    async for line in lines:
        if line.startswith(b"event: "):
            event = line[7:-1]
        elif line.startswith(b"data: "):
            yield perf_counter(), event, line[6:]


@dataclass(slots=True)
class _Watch:
    """What the twin says of itself meanwhile, as Prometheus asks for it."""

    session: aiohttp.ClientSession
    waiting: float = 0.0
    age_s: float = 0.0
    _first: tuple[float, dict[str, float]] | None = None
    _last: tuple[float, dict[str, float]] = (0.0, {})

    @property
    def rate(self) -> float:
        """Messages a second that were taken in."""
        return self._since("received_total") / (self._last[0] - (self._first or self._last)[0])

    @property
    def lost(self) -> float:
        """Messages that came and went."""
        return self._since("inbox_dropped_total")

    async def scrape(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_SCRAPE_S)

    async def look(self) -> None:
        """Ask once."""
        async with self.session.get("/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
        found = {each.name: each.value for family in families for each in family.samples}
        self._last = perf_counter(), found
        self._first = self._first or self._last
        self.waiting = max(self.waiting, found["racktwin_inbox_depth"])
        self.age_s = max(self.age_s, found["racktwin_source_lag_seconds"])

    def _since(self, name: str) -> float:
        first = (self._first or self._last)[1]
        return self._last[1][f"racktwin_{name}"] - first[f"racktwin_{name}"]


@asynccontextmanager
async def _serving(trial: Trial) -> AsyncIterator[tuple[str, BrokerSettings]]:
    """A broker, and a twin that knows all points of the fleet from an earlier run."""
    async with embedded_broker() as url:
        with TemporaryDirectory(prefix="racktwin-bench-") as name:
            folder = Path(name)
            _describe(folder, trial.racks)
            settings = folder / "settings.toml"
            settings.write_text(_SETTINGS.format(folder=folder, url=url))
            command = (*_MODULE, "services", "serve", "--settings", str(settings))
            async with _running(command) as line:
                yield line.split()[-1].rstrip("/"), BrokerSettings(url=url)


def _describe(folder: Path, racks: int) -> None:
    registry = Registry(folder / f"{SERVE.name}-{REGISTRY}")
    for topic, payload in Plant(racks, seed=1).metadata():
        registry.note(Envelope(topic, payload, START, retain=True))
    registry.save()


@asynccontextmanager
async def _swept(trial: Trial, broker: BrokerSettings) -> AsyncIterator[None]:
    """The fleet speaks, and everything of it was heard once."""
    command = (*_MODULE, "services.bench.sweep", str(broker.url), str(trial.racks), str(trial.rate))
    async with _running(command):
        yield


@asynccontextmanager
async def _running(command: Sequence[str]) -> AsyncIterator[str]:
    """A process that has said its first line; nothing that is set here counts there."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env={})
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        if not line:
            raise RuntimeError(f"it did not start: {' '.join(command)}")
        yield line
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _topic(rack: Thing) -> str:
    return f"BMS/v1/PUB/Value/Rack{LEAKS}{rack.path}/leak/rope"


def _said(value: int) -> bytes:
    return b'{"value":%d,"timestamp":%d,"quality":1}' % (value, wall_clock())
