"""History: what it keeps up with, what it takes on the disk, and what a dead store does to us."""

import asyncio
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import aiohttp
from pydantic_core import Url

from services.bench.api import RACKS, SETTLE_S, a_demo, requests_of
from services.bench.chart import chart, fill, sizes
from services.bench.pipeline import Cost, at_random, one_core, outage, sustained
from services.bench.report import Report, quantile
from services.bench.sink import HOST, a_sink
from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.settings import HistorySettings, Settings

NOBODY: Final = f"http://{HOST}:1"
"""Where no store listens."""


class Size(NamedTuple):
    """How much is done."""

    points: int = 20_000
    seconds: int = 50
    mixed: int = 2
    """Readings of each of all points of all racks, in whatever order."""
    outage_s: int = 3_600
    outage_points: int = 1_000
    simulated: int = 16
    racks: int = 7_500
    hours: int = 24
    charts: int = 10
    requests: int = 1_000
    rounds: int = 3
    settle_s: float = SETTLE_S


SIZE: Final = Size()


async def bench_history(size: Size = SIZE) -> Report:
    """Measure it, in folders that are gone afterwards."""
    report = Report("history", f"{size.points} points, one after the other, on this machine")
    await _outage(report, size)
    await _rates(report, size)
    await _disk(report, size)
    await _latency(report, size)
    return report


async def _rates(report: Report, size: Size) -> None:
    with TemporaryDirectory() as name, one_core():
        duck = await DuckStore.open(Path(name))
        cost = await sustained(duck, _settings(name), size.points, size.seconds)
        await duck.close()
    _rate(report, "DuckDB, everything on one core", cost, 150_000)
    with TemporaryDirectory() as name, one_core():
        duck = await DuckStore.open(Path(name))
        cost = await at_random(duck, _settings(name), size.racks, size.mixed)
        await duck.close()
    points = cost.rows // size.mixed
    _rate(report, f"the same, {points} points of {size.racks} racks at random", cost)
    with TemporaryDirectory() as name:
        async with a_sink() as port:
            settings = _settings(name, f"http://{HOST}:{port}")
            influx = InfluxStore(settings.history)
            cost = await sustained(influx, settings, size.points, size.seconds)
            await influx.close()
            influx = InfluxStore(settings.history)
            mixed = await at_random(influx, settings, size.racks, size.mixed)
            await influx.close()
    _rate(report, "an InfluxDB-speaking sink", cost, 300_000)
    _rate(report, f"that sink, {points} points of {size.racks} racks at random", mixed)


def _rate(report: Report, what: str, cost: Cost, target: float | None = None) -> None:
    report.add(f"accepted and in {what}", cost.rows / cost.wall_s, "1/s", target)
    report.add(f"in {what}, CPU a reading", cost.cpu_s / cost.rows * 1e6, "µs")


async def _outage(report: Report, size: Size) -> None:
    with TemporaryDirectory() as name:
        settings = _settings(name, NOBODY)
        store = InfluxStore(settings.history)
        resident = await outage(store, settings, size.outage_points, size.outage_s)
        await store.close()
    minute, half = resident[len(resident) // 60], resident[len(resident) // 2]
    what = f"an hour without the store at {size.outage_points}/s, memory grew"
    report.add(f"{what} after its first minute by", max(resident) - minute, "MiB")
    report.add(f"{what} in its second half by", max(resident) - half, "MiB", 16, "lower")


async def _disk(report: Report, size: Size) -> None:
    with TemporaryDirectory() as name:
        found = await sizes(Path(name), size.simulated)
    what = f"an hour of {size.simulated} simulated racks, {found.rows} readings"
    report.add(f"{what}, in the table", found.hot, "bytes each")
    report.add(f"{what}, in its file", found.cold, "bytes each")
    with TemporaryDirectory() as name:
        folder = Path(name)
        told = fill(folder, size.racks, size.hours)
        first, again = await chart(folder, size.racks, size.hours, size.charts)
    rows = size.racks * size.hours * 3_600
    report.add(f"{size.hours} files of one metric of {size.racks} racks at 1 Hz", rows, "readings")
    report.add("the same, in files", told / rows, "bytes each")
    report.add("one rack's chart of them, from the disk", first * 1000, "ms", 300, "lower")
    report.add("the same, again", again * 1000, "ms", 300, "lower")


async def _latency(report: Report, size: Size) -> None:
    """The API of one twin while its store takes all and while it is dead, by turns."""
    async with a_sink() as port:
        pass
    alive: list[list[float]] = []
    dead: list[list[float]] = []
    with TemporaryDirectory() as name:
        told = {"DATA": name, "HISTORY__STORE": "influx2", "HISTORY__URL": f"http://{HOST}:{port}"}
        settings = {f"RACKTWIN_{key}": value for key, value in told.items()}
        async with (
            a_demo(RACKS, **settings) as (address, _),
            aiohttp.ClientSession(f"{address}/api/v1/") as session,
        ):
            await asyncio.sleep(size.settle_s)
            for _ in range(size.rounds):
                async with a_sink(port):
                    await asyncio.sleep(size.settle_s)
                    alive.append(await requests_of(session, size.requests))
                dead.append(await requests_of(session, size.requests))
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        well, ill = (quantile([*chain(*each)], share) * 1000 for each in (alive, dead))
        report.add(f"GET /racks/{{id}}, {name}, store alive", well, "ms")
        report.add(f"GET /racks/{{id}}, {name}, store dead", ill, "ms")
        report.add(f"GET /racks/{{id}}, {name}, dead against alive", ill / well, "times")


def _settings(folder: str, url: str = NOBODY) -> Settings:
    return Settings(data=Path(folder), history=HistorySettings(store=("influx2",), url=Url(url)))
