"""What a message through a real broker costs: the MQTT client's part, and the twin's."""

import asyncio
import statistics
import sys
from contextlib import aclosing
from time import process_time
from typing import Final

from services.bench.load import RACKS, START
from services.bench.report import Report
from services.broker.embedded import embedded_broker
from services.broker.listen import listen
from services.broker.status import Status
from services.intake import Intake
from services.settings import BrokerSettings
from services.simulate.plant import Plant
from twin.fleet import Fleet

RATE: Final = 8_000
COUNT: Final = 40_000
ROUNDS: Final = 3


async def bench_broker(rate: int = RATE, count: int = COUNT, rounds: int = ROUNDS) -> Report:
    """Take in a paced load, and tell the CPU time of the fold from all the rest."""
    async with embedded_broker() as url:
        own = BrokerSettings(url=url)
        other = BrokerSettings(url=url, client="aiomqtt")
        costs = [await _round(own, rate, count) for _ in range(rounds)]
        theirs = [await _round(other, rate, count) for _ in range(rounds)]
    client = statistics.median(all_ - fold for all_, fold in costs)
    aiomqtt = statistics.median(all_ - fold for all_, fold in theirs)
    twin = statistics.median(fold for _, fold in costs)
    report = Report("broker", f"{count} messages at {rate}/s through NATS, CPU time")
    report.add("client, a message", client * 1e6, "µs")
    report.add("aiomqtt in its place", aiomqtt * 1e6, "µs")
    report.add("client against aiomqtt", client / aiomqtt, "times", target=0.2, better="lower")
    report.add("twin, a message", twin * 1e6, "µs")
    return report


async def _round(settings: BrokerSettings, rate: int, count: int) -> tuple[float, float]:
    """CPU seconds of this process a message: all of them, and those of the fold."""
    intake, status = Intake(Fleet()), Status()
    for topic, payload in Plant(RACKS, seed=1).metadata():
        intake.take(topic, payload, START)
    async with aclosing(listen(settings, "bench", status)) as batches, asyncio.TaskGroup() as tasks:
        loading = tasks.create_task(_load(settings, rate, count, status))
        taken, folding, begin = 0, 0.0, process_time()
        async for batch in batches:
            before = process_time()
            intake.take_all(batch)
            folding += process_time() - before
            taken += len(batch)
            if taken + status.dropped >= count:
                break
        used = process_time() - begin
        await loading
    return used / taken, folding / taken


async def _load(settings: BrokerSettings, rate: int, count: int, status: Status) -> None:
    while not status.connected:  # noqa: ASYNC110  # the status of a link is read, it tells nobody
        await asyncio.sleep(0.01)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.bench.load", str(settings.url), str(rate), str(count)
    )
    await process.wait()
