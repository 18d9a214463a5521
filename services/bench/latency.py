"""How soon a leak stands on the live stream as a fault, in small and in large fleets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import aiohttp

from schemas.envelope import Envelope
from services.bench.leaks import LONGEST, TIMES, Listener, leak_topic, leaks, said
from services.bench.load import START
from services.bench.report import Report, quantile
from services.bench.running import running
from services.bench.scraped import scraped
from services.broker.embedded import embedded_broker
from services.broker.publish import publisher
from services.ingest.registry import Registry
from services.processes import REGISTRY, SERVE, Roles
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from services.simulate.site import site_of


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
    return (replace(near, racks=racks, leaks=min(near.leaks, TIMES * racks)),)


_SETTINGS: Final = """\
data = "{folder}"
log_level = "WARNING"
[broker]
url = "{url}"
[api]
port = 0
"""
_SCRAPE_S: Final = 10.0
_APART_S: Final = 0.3


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
        aiohttp.ClientSession(f"{address}/api/v1/", read_bufsize=LONGEST) as session,
        publisher(broker, "leaks") as publish,
    ):
        for rack in racks:
            await publish(leak_topic(rack), said(0))
        async with _swept(trial, broker), asyncio.TaskGroup() as tasks:
            listener, watch = Listener(session, tasks), _Watch(session)
            helping = [tasks.create_task(work) for work in (listener.listen(), watch.scrape())]
            await listener.greeted.wait()
            delays = await leaks(
                listener, publish, racks, lambda count: count < trial.leaks, _APART_S
            )
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
        found = await scraped(self.session)
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
            describe(folder, trial.racks, SERVE)
            settings = folder / "settings.toml"
            settings.write_text(_SETTINGS.format(folder=folder, url=url))
            async with running("services", "serve", "--settings", str(settings)) as serving:
                yield serving.said.split()[-1].rstrip("/"), BrokerSettings(url=url)


def describe(folder: Path, racks: int, *roles: Roles) -> None:
    """Leave to processes what an earlier run would have: the metadata of a simulated fleet."""
    registries = [Registry(folder / f"{each.name}-{REGISTRY}") for each in roles]
    for topic, payload in Plant(racks, seed=1).metadata():
        for registry in registries:
            registry.note(Envelope(topic, payload, START, retain=True))
    for registry in registries:
        registry.save()


@asynccontextmanager
async def _swept(trial: Trial, broker: BrokerSettings) -> AsyncIterator[None]:
    """The fleet speaks, and everything of it was heard once."""
    async with running("services.bench.sweep", *map(str, (broker.url, trial.racks, trial.rate))):
        yield
