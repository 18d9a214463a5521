"""What one process takes in and folds, where nothing else is at work: every point once a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple

import msgspec
from pydantic_core import Url

from services.bench.feeder import EVERYTHING, Order, ordered
from services.bench.report import Report
from services.bench.running import Running, child, running, usage
from services.bench.taker import Taken, What
from services.broker.embedded import LOCAL, embedded_broker, free_port

A_RACK: Final = 28
"""Messages a second: every point of it once."""

_MORE: Final = 1.01
"""What is said against what is to be reached, as nothing is exact."""

_GRACE_S: Final = 1.0
"""Of messages may be under way when the last was said."""

_PATIENCE_S: Final = 30.0
_TAKER: Final = "services.bench.taker"
_FEEDER: Final = "services.bench.feeder"
_ROADS: Final = (
    ("intake alone, through NATS", What.RECEIVE, False),
    ("intake and fold, through NATS", What.FOLD, False),
    ("intake and fold, straight from the fleet", What.FOLD, True),
    ("with balances and faults, straight from the fleet", What.TWIN, True),
)


async def alone(report: Report, racks: int, span_s: float) -> None:
    """Say so much to a process that does no more than each of ``What``."""
    order = Order(EVERYTHING, span_s, A_RACK * racks * _MORE)
    for name, what, direct in _ROADS:
        async with _straight(racks, what) if direct else _through(racks, what) as pair:
            await _measure(report, name, pair, order)


class _Pair(NamedTuple):
    """Who says, and who takes."""

    taker: Running
    feeder: Running
    pids: dict[str, int]


@asynccontextmanager
async def _through(racks: int, what: What) -> AsyncIterator[_Pair]:
    """By way of a broker."""
    async with (
        embedded_broker() as url,
        running(_TAKER, str(url), str(racks), what) as taker,
        running(_FEEDER, str(url), str(racks)) as feeder,
    ):
        pids = {"broker": child("nats-server", "mosquitto")}
        yield _Pair(taker, feeder, pids | {"feeder": feeder.pid, "it": taker.pid})


@asynccontextmanager
async def _straight(racks: int, what: What) -> AsyncIterator[_Pair]:
    """From the one to the other, begun together as each waits for the other."""
    url = Url.build(scheme="mqtt", host=LOCAL, port=free_port())
    begun = (
        running(_TAKER, str(url), str(racks), what),
        running(_FEEDER, str(url), str(racks), "straight"),
    )
    async with AsyncExitStack() as stack:
        taker, feeder = await asyncio.gather(*map(stack.enter_async_context, begun))
        yield _Pair(taker, feeder, {"feeder": feeder.pid, "it": taker.pid})


async def _measure(report: Report, name: str, pair: _Pair, order: Order) -> None:
    taker, feeder, pids = pair
    first, before = await _taken(taker), {name: usage(pid) for name, pid in pids.items()}
    done = await ordered(feeder, order)
    last = await _taken(taker)
    spent = {name: usage(pid).cpu_s - before[name].cpu_s for name, pid in pids.items()}
    backlog = done.total - last.messages
    await asyncio.sleep(_PATIENCE_S if backlog > order.rate * _GRACE_S else _GRACE_S)
    lost = done.total - (await _taken(taker)).messages
    rate = (last.messages - first.messages) / done.took_s
    report.add(f"{name}: taken", rate, "1/s", order.rate / _MORE)
    report.add(f"{name}: backlog at the end", max(0, backlog), "", order.rate * _GRACE_S, "lower")
    report.add(f"{name}: lost", max(0, lost), "", 0, "lower")
    for process, cpu_s in spent.items():
        report.add(f"{name}: CPU a message, {process}", cpu_s / done.sent * 1e6, "µs")
    report.add(f"{name}: feeder late", done.late_s, "s", 0, "lower")


async def _taken(taker: Running) -> Taken:
    return msgspec.json.decode(await taker.ask(b"0"), type=Taken)
