"""Metrics: what the service says of itself to Prometheus, all names in one place."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from services.intake import Intake
from services.way import Way
from twin.fleet import Fleet

Figure = float | Mapping[Any, float]
"""One number, or one for each text that a label has, or for each tuple that several have."""
Read = Callable[[], Figure]
Histogram = tuple[Sequence[tuple[str, float]], float]
"""Up to each bound how many, and the sum of them all."""


AT_ONCE: Final = 10
"""Figures read before others have their turn: a few milliseconds."""


class _Read(Collector):
    """Figures that were read."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class Metrics:
    """Figures that are read from the live objects whenever someone asks, and kept nowhere."""

    def __init__(self) -> None:
        self._families: list[Callable[[], Metric]] = []

    def gauge(
        self, name: str, meaning: str, read: Read, label: str | tuple[str, ...] | None = None
    ) -> None:
        """Show a figure that goes up and down as ``racktwin_{name}``."""
        self._add(GaugeMetricFamily, name, meaning, read, label)

    def counter(self, name: str, meaning: str, read: Read, label: str | None = None) -> None:
        """Show a figure that only grows as ``racktwin_{name}_total``."""
        self._add(CounterMetricFamily, name, meaning, read, label)

    def histogram(self, name: str, meaning: str, read: Callable[[], Histogram]) -> None:
        """Show how often what lasted how long as ``racktwin_{name}``."""
        self._families.append(lambda: HistogramMetricFamily(f"racktwin_{name}", meaning, *read()))

    async def told(self, way: Way) -> bytes:
        """Everything as Prometheus reads it; others have their turn between a few figures."""
        families: list[Metric] = []
        for family in self._families:
            families.append(family())
            if len(families) % AT_ONCE == 0:
                await way.give()
        registry = CollectorRegistry()
        registry.register(_Read(families))
        return generate_latest(registry)

    def _add(
        self,
        kind: type[GaugeMetricFamily | CounterMetricFamily],
        name: str,
        meaning: str,
        read: Read,
        label: str | tuple[str, ...] | None,
    ) -> None:
        labels = label if isinstance(label, tuple) else (label,) if label else ()

        def family() -> Metric:
            figure = read()
            shown = kind(f"racktwin_{name}", meaning, labels=labels)
            if isinstance(figure, Mapping):
                for value, number in figure.items():
                    shown.add_metric(value if isinstance(value, tuple) else (value,), number)
            else:
                shown.add_metric([], figure)
            return shown

        self._families.append(family)


def show_intake(metrics: Metrics, intake: Intake) -> None:
    """What became of every message, and what the fleet is made of."""
    fleet, counters = intake.fleet, intake.fleet.counters
    metrics.counter("received", "Messages taken in.", lambda: intake.received)
    metrics.counter(
        "rejected", "Messages not understood, by reason.", lambda: intake.rejected, "reason"
    )
    metrics.counter(
        "drift",
        "Departures from the contract, understood all the same.",
        lambda: intake.drift,
        "kind",
    )
    metrics.counter("applied", "Messages that altered the fleet.", lambda: counters.applied)
    metrics.counter("duplicate", "Readings that stood there already.", lambda: counters.duplicate)
    metrics.counter("late", "Readings older than the current one.", lambda: counters.late)
    metrics.counter("unmatched", "Readings before their metadata.", lambda: counters.unmatched)
    metrics.counter(
        "unmatched_lost", "Of those, dropped for want of room.", lambda: counters.unmatched_lost
    )
    metrics.counter(
        "wrong_publisher",
        "Readings of a point that another publisher owns.",
        lambda: counters.wrong_publisher,
    )
    metrics.counter("ahead", "Readings from a clock that runs ahead.", lambda: counters.ahead)
    metrics.gauge("waiting", "Readings kept until their metadata comes.", lambda: fleet.waiting)
    metrics.gauge("points", "Points, by freshness.", lambda: _points(fleet), "freshness")
    metrics.gauge("points_bad", "Points that are not to be trusted.", lambda: fleet.counts.bad)


def show_link(metrics: Metrics, connected: Read, reconnects: Read, refused: Read) -> None:
    """How the link to the broker stands."""
    metrics.gauge("broker_connected", "Whether the link to the broker stands.", connected)
    metrics.counter("broker_reconnects", "Times it stood again after a loss.", reconnects)
    metrics.gauge("subscriptions_refused", "Topics the broker will not let us hear.", refused)


def show_inbox(metrics: Metrics, depth: Read, dropped: Read) -> None:
    """What stands between the broker and the fleet."""
    metrics.gauge("inbox_depth", "Messages taken in and not yet folded.", depth)
    metrics.counter("inbox_dropped", "Messages dropped because the inbox was full.", dropped)


def show_flow(metrics: Metrics, pauses: Read, paused_s: Read, broken: Read) -> None:
    """How the flow from the broker was held up, and what came that was no MQTT."""
    metrics.counter("inbox_paused", "Times nothing was read, for the inbox was full.", pauses)
    metrics.counter("inbox_paused_seconds", "Seconds in which nothing was read for that.", paused_s)
    metrics.counter(
        "protocol_errors", "Connections given up, for the broker broke the protocol.", broken
    )


def show_history(
    metrics: Metrics, accepted: Read, withheld: Read, unsynced: Read, losers: Read
) -> None:
    """What is given to history, and what may become of it here."""
    metrics.counter("history_accepted", "Readings and derived numbers given to history.", accepted)
    metrics.counter(
        "history_withheld", "Readings that were not, for they said nothing new.", withheld
    )
    metrics.gauge(
        "history_unsynced",
        "Rows in memory alone: what would be lost if the process were killed now.",
        unsynced,
    )
    metrics.gauge("history_lost_by_point", "Rows lost, by point: the worst.", losers, "point")


def show_spool(metrics: Metrics, size: Read, dropped: Read, failed: Read, damaged: Read) -> None:
    """What waits for the stores on the disk."""
    metrics.gauge("history_spool_bytes", "What the spool has on the disk.", size)
    metrics.counter("history_spool_dropped", "Rows that went for want of room there.", dropped)
    metrics.counter("history_spool_failed", "Times that the spool could not be written.", failed)
    metrics.counter("history_spool_damaged", "Times that a part of it was damaged.", damaged)


def show_rows(metrics: Metrics, shipped: Read, refused: Read, lost: Read, waiting: Read) -> None:
    """What becomes of the rows on their way to each store: all that were accepted or found."""
    metrics.counter("history_shipped", "Rows that the store has.", shipped, "store")
    metrics.counter("history_refused", "Rows that it will never take.", refused, "store")
    metrics.counter("history_lost", "Rows that were lost on their way to it.", lost, "store")
    metrics.gauge("history_waiting", "Rows that it does not have yet.", waiting, "store")


def show_stores(metrics: Metrics, found: Read, retries: Read, failed: Read, held: Read) -> None:
    """How each store is reached."""
    metrics.gauge("history_found", "Rows that waited for it at the start.", found, "store")
    metrics.counter("history_retries", "Times that it was tried again.", retries, "store")
    metrics.counter("history_failed", "Blocks not taken at the first attempt.", failed, "store")
    metrics.gauge("history_held", "Whether somebody must mend something first.", held, "store")


def show_files(metrics: Metrics, exported: Read, dropped: Read, missing: Read) -> None:
    """What becomes of older hours in the embedded store."""
    metrics.counter("history_exported", "Readings that went into files of an hour.", exported)
    metrics.counter("history_dropped", "Readings that were older, or more, than is kept.", dropped)
    metrics.gauge("history_missing", "Files that are not where they should be.", missing)


def show_lag(metrics: Metrics, lag: "LoopLag", source_s: Read) -> None:
    """How far the service is behind."""
    worst = "How late the event loop woke a sleeper, at worst since this was last read."
    metrics.gauge("loop_lag_seconds", worst, lag.worst_s)
    metrics.histogram("loop_wait_seconds", "How long the event loop lets wait.", lag.histogram)
    metrics.gauge("source_lag_seconds", "From measured to received, latest reading.", source_s)


def show_fleet_file(metrics: Metrics, refused: Read) -> None:
    """What becomes of the fleet file."""
    metrics.counter("fleet_file_refused", "Versions of the fleet file not used.", refused)


def show_rules_file(metrics: Metrics, refused: Read) -> None:
    """What becomes of the rules file."""
    metrics.counter("rules_file_refused", "Versions of the rules file not used.", refused)


def show_journal(metrics: Metrics, owed: Read, failed: Read, lost: Read, anew: Read) -> None:
    """What becomes of the faults on the disk."""
    metrics.gauge("journal_owed", "Changes of faults that are not on the disk.", owed)
    metrics.counter("journal_failed", "Times that they could not be written.", failed)
    metrics.counter("journal_damaged", "Starts at which records were torn or damaged.", lost)
    metrics.counter("journal_begun_anew", "Times that the journal was begun anew.", anew)


def show_syncs(metrics: Metrics, took: Callable[[], Histogram], paused: Read) -> None:
    """How long the disk takes for faults, and who waited for it."""
    metrics.histogram("journal_sync_seconds", "How long faults took to be on the disk.", took)
    metrics.counter("journal_paused", "Times the fold waited, for too much did.", paused)


def show_streams(metrics: Metrics, clients: Read, slow: Read, refused: Read) -> None:
    """Who listens to the live stream."""
    metrics.gauge("stream_clients", "Clients of the live stream.", clients)
    metrics.counter("stream_slow_closed", "Clients closed because they did not read.", slow)
    metrics.counter("stream_refused", "Clients refused because there were too many.", refused)


def show_totals(metrics: Metrics, racks: Read, watts: Read, fresh: Read, expected: Read) -> None:
    """The racks in a few sums, each with its completeness."""
    metrics.gauge("racks", "Racks.", racks)
    metrics.gauge("fleet_watts", "Sums over racks that are live and good.", watts, "what")
    metrics.gauge("fleet_racks_fresh", "Racks that went into each sum.", fresh, "what")
    metrics.gauge("fleet_racks_expected", "Racks that should have.", expected, "what")


def show_audit(metrics: Metrics, findings: Read, balances: Read) -> None:
    """What the data disagree about."""
    metrics.gauge("findings", "Readings that cannot be true, by code.", findings, "code")
    metrics.gauge(
        "balances", "Balances, by code and whether they close.", balances, ("code", "closure")
    )


def show_faults(metrics: Metrics, faults: Read, active: Read, masks: Read) -> None:
    """What is wrong."""
    metrics.gauge("faults", "Faults that stand in service, by severity.", faults, "severity")
    metrics.gauge("fault_active", "Faults that stand, by code.", active, "code")
    metrics.gauge("faults_masked", "Faults that are kept quiet, by mask.", masks, "mask")


def show_calls(metrics: Metrics, called: Read, forgotten: Read) -> None:
    """How operators and streams are told of faults."""
    metrics.counter("annunciations", "Times an operator was to be called.", called)
    metrics.counter(
        "fault_events_forgotten", "Changes of faults that streams cannot replay.", forgotten
    )


def show_notify(metrics: Metrics, queued: Read, sent: Read, failed: Read, overflowed: Read) -> None:
    """Who is told of faults outside."""
    metrics.gauge("notify_queued", "Faults or events not told yet, by whom.", queued, "to")
    metrics.counter("notify_sent", "Documents, alerts and notices told.", sent, "to")
    metrics.counter("notify_failed", "Attempts that failed.", failed, "to")
    metrics.counter(
        "notify_overflowed",
        "Events lost for want of room; of all others, times that all was told anew.",
        overflowed,
        "to",
    )


def show_letters(metrics: Metrics, kept: Read, lost: Read) -> None:
    """What becomes of notices that are given up."""
    metrics.counter("notify_dead", "Notices given up, put in the file.", kept)
    metrics.counter("notify_dead_lost", "Notices given up that could not be written.", lost)


class Durations:
    """How often something took how long."""

    BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

    def __init__(self, bounds_s: Sequence[float] = BOUNDS_S) -> None:
        self._bounds_s = bounds_s
        self._counts = [0] * (len(bounds_s) + 1)
        self._sum_s = 0.0

    def note(self, took_s: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds_s, took_s)] += 1
        self._sum_s += took_s

    def histogram(self) -> Histogram:
        """All that ever were."""
        bounds = [*map(str, self._bounds_s), "+Inf"]
        return [*zip(bounds, accumulate(self._counts), strict=True)], self._sum_s


class LoopLag:
    """How late the event loop wakes who sleeps: what everything else waits for too.

    Whoever had meant to wake while it was held up is counted as well, one each ``PERIOD_S``. So the
    quantiles of the histogram are those of somebody who comes at any time.
    """

    PERIOD_S: Final = 0.01
    BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

    def __init__(self) -> None:
        self._worst_s = 0.0
        self._waits = Durations(self.BOUNDS_S)

    async def watch(self) -> None:
        """Measure all the time, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self.PERIOD_S
            await asyncio.sleep(self.PERIOD_S)
            self.note(loop.time() - due)

    def note(self, late_s: float) -> None:
        """Count one who woke so late, and all who were to wake in between."""
        self._worst_s = max(self._worst_s, late_s)
        while True:
            self._waits.note(max(0.0, late_s))
            late_s -= self.PERIOD_S
            if late_s <= 0:
                return

    def worst_s(self) -> float:
        """The latest since somebody last asked."""
        worst, self._worst_s = self._worst_s, 0.0
        return worst

    def histogram(self) -> Histogram:
        """How many woke how late, ever."""
        return self._waits.histogram()


def _points(fleet: Fleet) -> dict[str, float]:
    counts = fleet.counts
    return {"LIVE": counts.live, "STALE": counts.stale, "UNHEARD": counts.unheard}
