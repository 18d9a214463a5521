"""What one process takes in and folds, where nothing else is at work: every point once a second."""

import asyncio
from typing import Final

import msgspec

from services.bench.feeder import EVERYTHING, Done, Order
from services.bench.report import Report
from services.bench.running import Running, child, running, usage
from services.bench.taker import Taken, What
from services.broker.embedded import embedded_broker

A_RACK: Final = 28
"""Messages a second: every point of it once."""

_MORE: Final = 1.01
"""What is said against what is to be reached, as nothing is exact."""

_GRACE_S: Final = 1.0
"""Of messages may be under way when the last was said."""

_PATIENCE_S: Final = 30.0
_NAMES: Final = {
    What.RECEIVE: "intake alone",
    What.FOLD: "intake and fold",
    What.TWIN: "intake and fold, with balances and faults",
}


async def alone(report: Report, racks: int, span_s: float) -> None:
    """Say so much to a process that does no more than each of ``What``."""
    rate = A_RACK * racks * _MORE
    for what in What:
        async with (
            embedded_broker() as url,
            running("services.bench.taker", str(url), str(racks), what) as taker,
            running("services.bench.feeder", str(url), str(racks)) as feeder,
        ):
            await _measure(report, what, taker, feeder, Order(EVERYTHING, span_s, rate))


async def _measure(
    report: Report, what: What, taker: Running, feeder: Running, order: Order
) -> None:
    pids = {"broker": child("nats-server", "mosquitto"), "feeder": feeder.pid, "it": taker.pid}
    first, before = await _taken(taker), {name: usage(pid) for name, pid in pids.items()}
    done = await _said(feeder, order)
    last = await _taken(taker)
    spent = {name: usage(pid).cpu_s - before[name].cpu_s for name, pid in pids.items()}
    backlog = done.total - last.messages
    await asyncio.sleep(_PATIENCE_S if backlog > order.rate * _GRACE_S else _GRACE_S)
    lost = done.total - (await _taken(taker)).messages
    name, rate = _NAMES[what], (last.messages - first.messages) / done.took_s
    report.add(f"{name}: taken", rate, "1/s", order.rate / _MORE)
    report.add(f"{name}: backlog at the end", max(0, backlog), "", order.rate * _GRACE_S, "lower")
    report.add(f"{name}: lost", max(0, lost), "", 0, "lower")
    for process, cpu_s in spent.items():
        report.add(f"{name}: CPU a message, {process}", cpu_s / done.sent * 1e6, "µs")
    report.add(f"{name}: feeder late", done.late_s, "s", 0, "lower")


async def _taken(taker: Running) -> Taken:
    return msgspec.json.decode(await taker.ask(b"0"), type=Taken)


async def _said(feeder: Running, order: Order) -> Done:
    return msgspec.json.decode(await feeder.ask(msgspec.json.encode(order)), type=Done)
