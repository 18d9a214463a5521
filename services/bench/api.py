"""How soon the API answers, and how soon a published value stands on the stream."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

import aiohttp
from pydantic_core import Url

from services.bench.report import Report, quantile
from services.broker.publish import Publish, publisher
from services.clock import wall_clock
from services.settings import BrokerSettings

RACKS: Final = 48
REQUESTS: Final = 2_000
SCRAPES: Final = 20
VALUES: Final = 300
SETTLE_S: Final = 5.0
PATIENCE_S: Final = 5.0

_PATH: Final = "Rack/RackPower/bench/rack/power"
_METADATA: Final = (
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"Bench","rackLocationId":"Bench"}'
)


async def bench_api(
    racks: int = RACKS, requests: int = REQUESTS, values: int = VALUES, settle_s: float = SETTLE_S
) -> Report:
    """Ask a demo of its own, in another process, beside everything else that it does."""
    async with a_demo(racks) as (address, broker):
        await asyncio.sleep(settle_s)
        async with aiohttp.ClientSession(f"{address}/api/v1/") as session:
            answers = await requests_of(session, requests)
            scrapes = [await _scrape(session) for _ in range(SCRAPES)]
            async with publisher(BrokerSettings(url=Url(broker)), "bench") as publish:
                delays = await _stream(session, publish, values)
    report = Report("api", f"{racks} simulated racks, everything on, on this machine")
    report.add("GET /racks/{id}, p50", quantile(answers, 0.5) * 1000, "ms")
    report.add("GET /racks/{id}, p99", quantile(answers, 0.99) * 1000, "ms", 10, "lower")
    report.add("GET /metrics/racks, p50", quantile(scrapes, 0.5) * 1000, "ms")
    report.add("publish to stream, p50", quantile(delays, 0.5) * 1000, "ms")
    report.add("publish to stream, p99", quantile(delays, 0.99) * 1000, "ms", 250, "lower")
    return report


@asynccontextmanager
async def a_demo(racks: int, **settings: str) -> AsyncIterator[tuple[str, str]]:
    """Addresses of a running demo: its API's and its broker's."""
    process = await asyncio.create_subprocess_exec(
        *("env", *(f"{name}={value}" for name, value in settings.items())),
        *(sys.executable, "-m", "services", "demo", "--racks", str(racks), "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = (await process.stdout.readline()).decode()
        if not line:
            raise RuntimeError(f"the demo did not start: {(await process.stderr.read()).decode()}")
        address = line.split()[-1]
        broker = ""
        while "MQTT at " not in broker:
            broker = (await process.stderr.readline()).decode()
        yield address.rstrip("/"), broker.split("MQTT at ")[1].split(",")[0]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def requests_of(session: aiohttp.ClientSession, count: int) -> list[float]:
    """Seconds that each of so many requests took, one rack after the other."""
    async with session.get("racks") as answer:
        ids = [rack["id"] for rack in (await answer.json())["items"]]
    durations = []
    for number in range(count):
        begin = perf_counter()
        async with session.get(f"racks/{ids[number % len(ids)]}") as answer:
            answer.raise_for_status()
            await answer.read()
        durations.append(perf_counter() - begin)
    return durations


async def _scrape(session: aiohttp.ClientSession) -> float:
    begin = perf_counter()
    async with session.get("/metrics/racks") as answer:
        answer.raise_for_status()
        await answer.read()
    return perf_counter() - begin


async def _stream(session: aiohttp.ClientSession, publish: Publish, count: int) -> list[float]:
    """Publish values of a rack of our own, each once the one before it was seen."""
    await publish(f"BMS/v1/PUB/Metadata/{_PATH}", _METADATA)
    await publish(f"BMS/v1/PUB/Value/{_PATH}", _value(0))
    await asyncio.sleep(1)
    delays = []
    async with session.get("stream?rack=Bench&fields=load_kw") as stream:
        loads = _loads(stream.content)
        await anext(loads)
        for number in range(1, count + 1):
            await asyncio.sleep(0.013 * (number % 7))  # out of step with the stream's own pace
            begin = perf_counter()
            await publish(f"BMS/v1/PUB/Value/{_PATH}", _value(number))
            async with asyncio.timeout(PATIENCE_S):
                while await anext(loads) != number:
                    pass
            delays.append(perf_counter() - begin)
    return delays


async def _loads(lines: aiohttp.StreamReader) -> AsyncIterator[float]:
    """The load of our rack, whenever the stream tells one."""
    async for line in lines:
        if line.startswith(b"data: "):
            said = json.loads(line[6:])
            for load in (said.get("c") or said.get("cols") or {}).get("load_kw", ()):
                yield load


def _value(kw: int) -> bytes:
    return b'{"value":%d,"timestamp":%d,"quality":1}' % (kw, wall_clock())
