"""Processes: where everything is built, wired and run, and nothing else happens."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Final

from services.api.app import create_app
from services.api.context import Deps
from services.api.server import serve
from services.broker.listen import listen
from services.broker.status import Status
from services.clock import wall_clock
from services.history.store import Store
from services.history.stores import open_store
from services.history.writer import Writer
from services.hub import Hub, affected
from services.ingest.follow import follow, tick
from services.ingest.registry import Registry
from services.ingest.site import SiteFile
from services.intake import Intake
from services.metrics import (
    LoopLag,
    Metrics,
    show_fleet_file,
    show_history,
    show_inbox,
    show_intake,
    show_lag,
    show_link,
)
from services.settings import Settings
from twin.changes import Change, ReadingTaken
from twin.fleet import Fleet

REGISTRY: Final = "registry.jsonl"
"""File of the registry, in the data folder; one a role, so that two processes never share one."""

Announce = Callable[[str], None]
"""Told the address of the API once it can be asked."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What one process does."""

    name: str
    """Ends the client id, and tells the logs and registries of two processes apart."""
    live: bool
    history: bool


SERVE: Final = Roles("serve", live=True, history=True)
LIVE: Final = Roles("live", live=True, history=False)
HISTORY: Final = Roles("history", live=False, history=True)


@dataclass(slots=True)
class Twin:
    """One fleet with all that hears of its changes."""

    intake: Intake
    hub: Hub = field(default_factory=lambda: Hub(secrets.token_hex(4)))
    status: Status = field(default_factory=Status)
    lag: LoopLag = field(default_factory=LoopLag)
    writer: Writer | None = None
    site_file: SiteFile | None = None
    source_lag_s: float = 0.0

    def emit(self, changes: Sequence[Change]) -> None:
        """Pass changes on; nobody here waits for anybody."""
        if self.writer is not None:
            self.writer.take(changes)
        fleet = self.intake.fleet
        self.hub.publish({entity for change in changes for entity in affected(fleet, change)})
        latest = changes[-1] if changes else None
        if isinstance(latest, ReadingTaken):
            self.source_lag_s = (latest.at - latest.reading.measured_at) / 1000

    def ready(self) -> str | None:
        """Why it is not ready, or None."""
        if self.status.connected:
            return None
        return self.status.last_error or "not connected to the broker yet"


async def run(
    twin: Twin, settings: Settings, roles: Roles, announce: Announce = lambda _: None
) -> None:
    """Run the roles in this process until cancelled; then write what is queued, and close.

    Raises:
        HistoryError: The embedded store cannot be opened.
        OSError: The address of the API is taken, or the data folder cannot be used.
    """
    async with AsyncExitStack() as stack:
        store = await _store(settings, roles, stack)
        if roles.history and store is not None:
            twin.writer = Writer(store, settings.history)
        registry = Registry(settings.data / f"{roles.name}-{REGISTRY}")
        registry.restore(twin.intake.fleet, wall_clock())
        source = await stack.enter_async_context(
            aclosing(listen(settings.broker, roles.name, twin.status))
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow(source, twin.intake, twin.emit, registry.note))
            tasks.create_task(tick(twin.intake, twin.emit, wall_clock))
            tasks.create_task(registry.keep())
            tasks.create_task(twin.lag.watch())
            if twin.site_file is not None:
                tasks.create_task(twin.site_file.watch(twin.intake.fleet, twin.hub.publish))
            if twin.writer is not None:
                tasks.create_task(twin.writer.run())
            tasks.create_task(_serve(settings, roles, twin, store, announce))


def twin_of(settings: Settings) -> Twin:
    """A twin that has heard nothing yet.

    Raises:
        FleetFileError: The fleet file cannot be used.
    """
    fleet = Fleet(settings.coolant)
    if settings.fleet_file is None:
        return Twin(Intake(fleet))
    site_file = SiteFile(settings.fleet_file)
    fleet.configure(site_file.load())
    return Twin(Intake(fleet), site_file=site_file)


async def _store(settings: Settings, roles: Roles, stack: AsyncExitStack) -> Store | None:
    """The store of this process; an embedded one is the history process's alone."""
    if not roles.history and settings.history.store == "duckdb":
        return None
    store = await open_store(settings)
    if store is not None:
        stack.push_async_callback(store.close)
    return store


async def _serve(
    settings: Settings, roles: Roles, twin: Twin, store: Store | None, announce: Announce
) -> None:
    deps = Deps(twin.intake, twin.hub, wall_clock, store, twin.ready, _metrics(twin))
    host = settings.api.host
    port = settings.api.port if roles.live else settings.history.port
    async with serve(create_app(deps), host, port) as bound:
        announce(f"http://{f'[{host}]' if ':' in host else host}:{bound}/")
        await asyncio.Event().wait()  # until cancelled


def _metrics(twin: Twin) -> Metrics:
    metrics = Metrics()
    show_intake(metrics, twin.intake)
    status = twin.status
    show_link(
        metrics,
        lambda: status.connected,
        lambda: status.reconnects,
        lambda: len(status.refused),
    )
    show_inbox(metrics, lambda: status.waiting, lambda: status.dropped)
    show_lag(metrics, lambda: twin.lag.seconds, lambda: twin.source_lag_s)
    site_file = twin.site_file
    if site_file is not None:
        show_fleet_file(metrics, lambda: site_file.refused)
    writer = twin.writer
    if writer is not None:
        show_history(
            metrics,
            lambda: writer.accepted,
            lambda: writer.written,
            lambda: writer.lost,
            lambda: writer.queued,
            lambda: writer.retries,
        )
    return metrics
