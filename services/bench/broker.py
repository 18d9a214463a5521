"""What a message through a real broker costs: the MQTT client's part, and the twin's."""

import asyncio
import statistics
import sys
from contextlib import aclosing
from time import process_time
from typing import Final

from services.bench.report import Report
from services.broker.embedded import embedded_broker
from services.broker.listen import listen
from services.broker.status import Status
from services.intake import Intake
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from twin.fleet import Fleet
from twin.instants import Instant

RATE: Final = 8_000
COUNT: Final = 40_000
ROUNDS: Final = 3


async def bench_broker(rate: int = RATE, count: int = COUNT, rounds: int = ROUNDS) -> Report:
    """Take in a paced load by turns without and with the twin, and compare the CPU time."""
    alone, folded, seen = [], [], 0
    async with embedded_broker() as url:
        settings = BrokerSettings(url=url)
        for _ in range(rounds):
            alone.append(await _round(settings, rate, count, None))
            intake = Intake(Fleet())
            for topic, payload in Plant(48, seed=1).metadata():
                intake.take(topic, payload, Instant(0))
            folded.append(await _round(settings, rate, count, intake))
            seen = intake.fleet.counters.applied
    client = statistics.median(alone)
    twin = statistics.median(folded) - client
    report = Report("broker", f"{count} messages at {rate}/s through NATS and aiomqtt, CPU time")
    report.add("client, a message", client * 1e6, "µs")
    report.add("twin, a message", twin * 1e6, "µs")
    report.add("twin against client", twin / client, "times", target=1.0, better="lower")
    report.add("folded in the last round", seen, "")
    return report


async def _round(settings: BrokerSettings, rate: int, count: int, intake: Intake | None) -> float:
    """CPU seconds of this process a message."""
    status = Status()
    async with aclosing(listen(settings, "bench", status)) as batches, asyncio.TaskGroup() as tasks:
        loading = tasks.create_task(_load(settings, rate, count, status))
        taken, begin = 0, process_time()
        async for batch in batches:
            taken += len(batch)
            if intake is not None:
                intake.take_all(batch)
            if taken + status.dropped >= count:
                break
        used = process_time() - begin
        await loading
    return used / taken


async def _load(settings: BrokerSettings, rate: int, count: int, status: Status) -> None:
    while not status.connected:  # noqa: ASYNC110  # the status of a link is read, it tells nobody
        await asyncio.sleep(0.01)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.bench.load", str(settings.url), str(rate), str(count)
    )
    await process.wait()
