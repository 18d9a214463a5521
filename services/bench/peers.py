"""What others make of the same messages, from the same broker, one after the other in one run.

The messages wait in the broker while whoever is to take them is held; then it is let go. So each
takes them as fast as it can, and nobody pays for who says them.
"""

import asyncio
import os
import shutil
import signal
import statistics
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

import msgspec
from pydantic_core import Url

from services.bench import nodered
from services.bench.feeder import EVERYTHING, REST, Order, ordered
from services.bench.report import Report
from services.bench.running import Running, running
from services.bench.sink import HOST, a_sink
from services.bench.taker import Taken, What
from services.broker.embedded import embedded_broker

RACKS: Final = 7_500
ROUNDS: Final = 3

FLOOR: Final = "mosquitto_sub to /dev/null"
KEEPER: Final = "racktwin: intake, fold, spool and lines, as history"
PLAIN: Final = "aiomqtt, pydantic and points of the InfluxDB client"
NODE_RED: Final = "Node-RED: MQTT in, JSON, a line, TCP out"
_OURS: Final = {
    What.RECEIVE: "racktwin: intake alone",
    What.FOLD: "racktwin: intake and fold",
    What.TWIN: "racktwin: intake, fold, balances and faults",
}
_RATE: Final = 100_000.0
"""Messages a second, into the broker while nobody takes them."""

_PATIENCE_S: Final = 60.0
_SUBSCRIBED_S: Final = 1.0
_FEW: Final = 10
"""Messages that need not be waited for: no rate is exact."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many messages."""

    fast: int = 250_000
    """As many as a broker keeps for one client: 34 MB."""
    slow: int = 30_000


class Peer(NamedTuple):
    """Somebody who listens."""

    pid: int
    taken: Callable[[int], Awaitable[float]]
    """CPU seconds it has taken in all, once it has so many messages."""
    begun_s: float = 0.0
    """CPU seconds before any."""


Start = Callable[[Url], AbstractAsyncContextManager[Peer]]


class Took(NamedTuple):
    """What one round came to."""

    rate: float
    cpu_us: float
    """A message."""


async def bench_peers(racks: int = RACKS, rounds: int = ROUNDS, size: Size = Size()) -> Report:
    """Let each take the same, by turns, and compare."""
    report = Report("peers", f"every point of {racks} racks said through NATS, this machine")
    async with (
        embedded_broker() as url,
        a_sink() as port,
        running("services.bench.feeder", str(url), str(racks)) as feeder,
    ):
        await ordered(feeder, Order(REST))
        peers = _peers(racks, size, f"http://{HOST}:{port}")
        here = {name: peer for name, peer in peers.items() if peer is not None}
        took: dict[str, list[Took]] = {name: [] for name in here}
        for _ in range(rounds):
            for name, (start, count) in here.items():
                took[name].append(await _round(start, url, feeder, count))
    for name in peers:
        if name in took:
            report.add(name, _median(took[name]).rate, "1/s")
            report.add(f"{name}, CPU a message", _median(took[name]).cpu_us, "µs")
        else:
            report.add(f"{name}: NOT INSTALLED HERE, left out", 0, "")
    _compare(report, {name: _median(each) for name, each in took.items()})
    return report


def _peers(racks: int, size: Size, sink: str) -> dict[str, tuple[Start, int] | None]:
    """Who there is, and how many messages each is to take; None where it is not installed."""
    subscriber, flow = shutil.which("mosquitto_sub"), nodered.find()
    peers: dict[str, tuple[Start, int] | None] = {
        FLOOR: None if subscriber is None else (_floor(subscriber, size.fast), size.fast)
    }
    for what, name in _OURS.items():
        peers[name] = (_asked("services.bench.taker", str(racks), what), size.fast)
    peers[KEEPER] = (_keeper(racks, sink), size.fast)
    peers[PLAIN] = (_asked("services.bench.plain", sink), size.slow)
    peers[NODE_RED] = None if flow is None else (_flow(flow), size.slow)
    return peers


def _compare(report: Report, took: Mapping[str, Took]) -> None:
    intake, twin = took[_OURS[What.RECEIVE]], took[_OURS[What.TWIN]]
    if FLOOR in took:
        report.add(f"intake alone against {FLOOR}", intake.rate / took[FLOOR].rate, "times", 0.5)
    fold, kept, plain = took[_OURS[What.FOLD]], took[KEEPER], took[PLAIN]
    report.add(
        "ours to the same store against the plain stack", kept.rate / plain.rate, "times", 10
    )
    report.add("the same, CPU a message", plain.cpu_us / kept.cpu_us, "times")
    report.add("intake and fold against the plain stack", fold.rate / plain.rate, "times")
    report.add("all of ours against the plain stack", twin.rate / plain.rate, "times")
    if NODE_RED in took:
        report.add("all of ours against Node-RED", twin.rate / took[NODE_RED].rate, "times")


async def _round(start: Start, url: Url, feeder: Running, count: int) -> Took:
    """Hold it, say so much, let it go, and wait until it has taken all."""
    async with start(url) as peer:
        os.kill(peer.pid, signal.SIGSTOP)
        await ordered(feeder, Order(EVERYTHING, count / _RATE, _RATE))
        begin = perf_counter()
        os.kill(peer.pid, signal.SIGCONT)
        async with asyncio.timeout(_PATIENCE_S):
            cpu_s = await peer.taken(count - _FEW) - peer.begun_s
        return Took(count / (perf_counter() - begin), cpu_s / count * 1e6)


def _asked(module: str, *arguments: str) -> Start:
    """One of our own, which answers how much it has taken."""

    @asynccontextmanager
    async def start(url: Url) -> AsyncIterator[Peer]:
        async with running(module, str(url), *arguments) as process:

            async def taken(messages: int) -> float:
                answer = await process.ask(b"%d" % messages)
                return msgspec.json.decode(answer, type=Taken).cpu_s

            begun_s = msgspec.json.decode(process.said, type=Taken).cpu_s
            yield Peer(process.pid, taken, begun_s)

    return start


def _keeper(racks: int, sink: str) -> Start:
    """Ours, which keeps what it takes, each time in a new folder."""

    @asynccontextmanager
    async def start(url: Url) -> AsyncIterator[Peer]:
        with TemporaryDirectory(prefix="racktwin-bench-") as folder:
            keeper = _asked("services.bench.keeper", str(racks), sink, folder)
            async with keeper(url) as peer:
                yield peer

    return start


def _floor(program: str, count: int) -> Start:
    """Mosquitto's own, which ends once it has its number."""

    @asynccontextmanager
    async def start(url: Url) -> AsyncIterator[Peer]:
        command = (program, "-h", str(url.host), "-p", str(url.port), "-t", "#")
        process = subprocess.Popen(  # noqa: ASYNC220, S603  # it is waited for in its own way
            [*command, "-C", str(count - _FEW)], stdout=subprocess.DEVNULL
        )
        try:
            await asyncio.sleep(_SUBSCRIBED_S)

            async def taken(_: int) -> float:
                _, status, used = await asyncio.to_thread(os.wait4, process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                return used.ru_utime + used.ru_stime

            yield Peer(process.pid, taken)
        finally:
            process.kill()
            process.wait()

    return start


def _flow(program: Path) -> Start:
    """Node-RED, of which lines come."""

    @asynccontextmanager
    async def start(url: Url) -> AsyncIterator[Peer]:
        async with nodered.node_red(program, url) as flow:

            async def taken(messages: int) -> float:
                return (await flow.taken(messages)).cpu_s

            yield Peer(flow.pid, taken, (await flow.taken(0)).cpu_s)

    return start


def _median(took: Sequence[Took]) -> Took:
    rates, costs = zip(*took, strict=True)
    return Took(statistics.median(rates), statistics.median(costs))
