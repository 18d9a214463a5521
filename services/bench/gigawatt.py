"""A gigawatt on one machine: broker, fleet, live, history and clients of the stream at once."""

import asyncio
from dataclasses import dataclass
from typing import Final

import msgspec

from services.bench.alone import alone
from services.bench.feeder import EVERYTHING, RECORDED, REST, Done, Order
from services.bench.leaks import Listener, ended, leaks
from services.bench.mistold import mistold
from services.bench.readers import Read
from services.bench.report import Report, quantile
from services.bench.rig import CLIENTS, Rig, a_rig, patient
from services.bench.running import Usage
from services.bench.watched import watched
from services.processes import HISTORY, LIVE

RACKS: Final = 7_500
"""Of 132 kW: a gigawatt."""

SECONDS: Final = 60.0
SHARES: Final = (1.0, 0.85, 0.7, 0.5, 0.35, 0.2, 0.1)
"""Of the fleet's own pace: tried in turn until one is kept up with."""

P99_MS: Final = 250.0
BEHIND_S: Final = 1.0
"""Whoever is further behind when the last message was said does not keep up."""

_RACK: Final = 7.6
"""Messages a second of a rack, in NVIDIA's recording."""

_APART_S: Final = 0.25
"""Between a leak and the next, beside what it takes to be told: to watch is to take little."""
_SHARES: Final = ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9"))


@dataclass(frozen=True, slots=True)
class Spans:
    """For how many seconds what is done."""

    whole: float = SECONDS
    settling: float = 20.0
    short: float = 15.0
    alone: float = 10.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one rate."""

    done: Done
    leaks: list[float]
    values: list[float]
    others: int
    """Faults that are no leak."""
    cpu_us: dict[str, float]
    """Of each process, a message."""
    used: dict[str, Usage]
    lag_s: dict[str, float]
    behind_s: dict[str, float]
    """Until each process had all, from when the last of it was said."""
    lost: dict[str, int]

    @property
    def rate(self) -> float:
        """Messages a second that were said."""
        return self.done.sent / self.done.took_s

    @property
    def sustained(self) -> bool:
        """Whether everybody kept up, the fleet included, and nothing was lost."""
        late = max(*self.behind_s.values(), self.done.late_s) > BEHIND_S
        return not late and not any(self.lost.values())


async def bench_gigawatt(racks: int = RACKS, spans: Spans = Spans()) -> Report:
    """Let a fleet speak at its own pace, find what is kept up with, then say twice as much."""
    what = f"{racks} racks, NATS, feeder, live, history and {CLIENTS} stream clients, this machine"
    report = Report("gigawatt", what)
    async with a_rig(racks) as rig:
        await rig.play(Order(RECORDED, spans.settling))
        await rig.drained()
        sustained = await _sustained(report, rig, spans)
        lost = await _overload(report, rig, 2 * sustained, spans)
        await _kept(report, rig, lost)
    await alone(report, racks, spans.alone)
    return report


async def _sustained(report: Report, rig: Rig, spans: Spans) -> float:
    """The first rate that is kept up with; the last one where none is."""
    rate = 0.0
    for share in SHARES:
        rate = share * rig.ready.rate
        trial = await _trial(rig, rate, spans.whole if share == 1 else spans.short)
        if share == 1 or trial.sustained:
            _tell(report, trial, "own pace" if share == 1 else f"{share:.0%} of it")
        if trial.sustained:
            break
        rate = 0.0
    report.add("sustained", rate, "1/s", _RACK * len(rig.site.racks))
    return rate or SHARES[-1] * rig.ready.rate


async def _trial(rig: Rig, rate: float, span_s: float) -> Trial:
    """Say so much, and watch."""
    over = asyncio.Event()
    async with (
        patient(f"{rig.addresses[LIVE.name]}/api/v1/") as session,
        asyncio.TaskGroup() as tasks,
    ):
        listener = Listener(session, tasks)
        listening = tasks.create_task(listener.listen())
        await listener.greeted.wait()
        racks = await ended(listener, rig.publish, rig.site.racks)
        wanted = lambda count: not over.is_set() and count < len(racks)  # noqa: E731
        leaking = tasks.create_task(leaks(listener, rig.publish, racks, wanted, _APART_S))
        cdu = rig.site.cdus[0].id
        watching = tasks.create_task(
            watched(session, rig.publish, rig.ready, cdu, lambda: not over.is_set())
        )
        earlier, _ = await rig.drained()
        await rig.written()  # what the trial before left to be done is none of this one
        before = rig.usage()
        done = await rig.play(Order(RECORDED, span_s, rate))
        over.set()
        used, behind_s = rig.usage(), await rig.behind()
        figures = await rig.figures()
        delays = await leaking, await watching
        listening.cancel()
    lost, _ = await rig.drained()
    return Trial(
        done,
        *delays,
        listener.others,
        {name: (each.cpu_s - before[name].cpu_s) / done.sent * 1e6 for name, each in used.items()},
        used,
        {name: each["racktwin_loop_lag_seconds"] for name, each in figures.items()},
        behind_s,
        {name: max(0, count - earlier[name]) for name, count in lost.items()},
    )


def _tell(report: Report, trial: Trial, name: str) -> None:
    report.add(f"{name}: said", trial.rate, "1/s")
    report.add(f"{name}: said later than it was to be", trial.done.late_s, "s")
    for role, behind_s in trial.behind_s.items():
        taken = (trial.done.sent - trial.lost[role]) / (trial.done.took_s + behind_s)
        report.add(f"{name}: taken by {role}", taken, "1/s")
        report.add(f"{name}: behind at the end, {role}", behind_s, "s", BEHIND_S, "lower")
        report.add(f"{name}: backlog at the end, {role}", behind_s * trial.rate, "")
        report.add(f"{name}: lost on the way to {role}", trial.lost[role], "", 0, "lower")
        report.add(f"{name}: loop lag of {role}", trial.lag_s[role] * 1e3, "ms")
    for what, delays in (("leak to stream", trial.leaks), ("value to delta", trial.values)):
        report.add(f"{name}: {what}, how many", len(delays), "")
        for share, of in _SHARES:
            target = P99_MS if of == "p99" else None
            late = quantile(delays, share) * 1e3 if delays else float("inf")
            report.add(f"{name}: {what}, {of}", late, "ms", target, "lower")
    report.add(f"{name}: faults that are no leak", trial.others, "", 0, "lower")
    for process, cpu_us in trial.cpu_us.items():
        report.add(f"{name}: CPU a message, {process}", cpu_us, "µs")
    report.add(f"{name}: CPU a message, all", sum(trial.cpu_us.values()), "µs")
    for process, used in trial.used.items():
        report.add(f"{name}: resident, {process}", used.resident_mib, "MiB")


async def _overload(report: Report, rig: Rig, rate: float, spans: Spans) -> dict[str, int]:
    """Say more than is kept up with: what is lost on the way to each, and whether it is told."""
    earlier, _ = await rig.drained()
    before = await rig.figures()
    done = await rig.play(Order(EVERYTHING, spans.short, rate))
    behind_s = await rig.behind()
    lost, _ = await rig.drained()
    after = await rig.figures()
    name = "overload"
    report.add(f"{name}: said", done.sent / done.took_s, "1/s")
    report.add(f"{name}: messages", done.sent, "")
    for role, count in lost.items():
        figures = ("inbox_dropped", "broker_reconnects", "inbox_paused_seconds")
        dropped, breaks, paused_s = (
            after[role][f"racktwin_{each}_total"] - before[role][f"racktwin_{each}_total"]
            for each in figures
        )
        report.add(f"{name}: behind at the end, {role}", behind_s[role], "s")
        report.add(f"{name}: nothing read meanwhile, by {role}", paused_s, "s")
        report.add(f"{name}: lost on the way to {role}", max(0, count - earlier[role]), "")
        report.add(f"{name}: of these dropped, and told so, by {role}", dropped, "")
        report.add(f"{name}: links lost, and told so, by {role}", breaks, "")
    whole = await rig.whole()
    again, _ = await rig.drained()
    wrong = await mistold(rig.site, whole.said, rig.points)
    name = f"after everything was said once more, of {len(whole.said)} points"
    report.add(f"{name}: told wrongly", len(wrong), "", 0, "lower")
    report.add("lost since the overload", max(again.values()) - max(lost.values()), "", 0, "lower")
    return again


async def _kept(report: Report, rig: Rig, lost: dict[str, int]) -> None:
    """Whether history has all that it was sent."""
    readers = msgspec.json.decode(await rig.readers.ask(), type=Read)
    report.add("stream clients that still listen", readers.clients, "", CLIENTS - 2)
    report.add("read by them", readers.bytes / 2**20, "MiB")
    sent = await rig.sent(REST)
    figures = (await rig.figures())[HISTORY.name]
    twice = figures["racktwin_duplicate_total"]
    values = sent - rig.metadata - lost[HISTORY.name]
    rows = await rig.rows()
    report.add("values that history was sent", values, "")
    report.add("of these lost, and told so", figures["racktwin_history_lost_total"], "", 0, "lower")
    report.add("of these identical to the one before, within a millisecond", twice, "")
    report.add("of the others missing there", abs(values - twice - rows), "", 0, "lower")
