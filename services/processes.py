"""Processes: where everything is built, wired and run, and nothing else happens."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from schemas.acts import ActView
from services.affected import Affected
from services.api.app import create_app
from services.api.context import Deps
from services.api.server import serve
from services.broker.listen import listen
from services.broker.status import Status
from services.clock import wall_clock
from services.faults.journal import Journal
from services.faults.records import UnknownFormatError
from services.history.opened import opened, show_writer
from services.history.past import Past
from services.history.store import Store
from services.history.stores import backups_of, open_store
from services.history.writer import Writer
from services.hub import Hub
from services.ingest.follow import Kept, follow, tick
from services.ingest.registry import Registry
from services.ingest.rules import RulesFile
from services.ingest.site import SiteFile
from services.intake import Intake
from services.metrics import (
    LoopLag,
    Metrics,
    show_fleet_file,
    show_flow,
    show_inbox,
    show_intake,
    show_journal,
    show_lag,
    show_letters,
    show_link,
    show_notify,
    show_rules_file,
    show_syncs,
)
from services.notify.outlets import Outlets, outlets_of
from services.settings import Settings
from services.way import Way
from twin.changes import Change, ReadingTaken
from twin.faults.thresholds import SiteRules
from twin.fleet import Fleet
from twin.instants import Instant

REGISTRY: Final = "registry.jsonl"
"""File of the registry, in the data folder; one a role, so that two processes never share one."""

JOURNAL: Final = "faults.journal"
"""File of the faults, in the data folder, of each process: what stood when it ended has an end too,
where it is shown and in its history."""

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
    rules_file: RulesFile | None = None
    outlets: Outlets | None = None
    journal: Journal | None = None
    source_lag_s: float = 0.0
    watched: bool = True
    """Whether it is read all the time: else what changed is looked for when somebody asks."""
    affected: Affected = field(init=False)

    def __post_init__(self) -> None:
        self.affected = Affected(self.intake.fleet)
        self.hub.settled = self.settled

    def emit(self, changes: Sequence[Change], address: str | None = None) -> None:
        """Pass changes on; nobody here waits for anybody.

        What they tell of faults may be shown once that is ``settled``, to which each who shows
        something sees.

        Args:
            changes: In order.
            address: Whence an operator acted.
        """
        rest = [change for change in changes if type(change) is not ReadingTaken]
        if rest:
            if self.journal is not None:
                self.journal.keep(rest, address)
            self.hub.faults.publish(rest)
        if self.writer is not None:
            self.writer.take(changes)
        if changes and self.watched:
            self.hub.publish(self.affected.by(changes))
        elif changes:
            self.hub.miss()
        if self.outlets is not None:
            self.outlets.notify(rest)
        latest = changes[-1] if changes else None
        if isinstance(latest, ReadingTaken):
            self.source_lag_s = (latest.at - latest.measured_at) / 1000

    async def settled(self) -> None:
        """Wait until all that happened to faults so far may be shown."""
        if self.journal is not None:
            await self.journal.settled()

    async def room(self) -> None:
        """Wait while as much waits for the disk as may."""
        if self.journal is not None:
            await self.journal.room()

    def govern(self, rules: SiteRules) -> None:
        """Judge by other rules from now on."""
        now = wall_clock()
        self.emit([*self.intake.advance(now), *self.intake.fleet.govern(rules, now)])

    def present(self) -> Instant:
        """Now, or when the first of the messages came that wait to be folded."""
        now, oldest = wall_clock(), self.status.oldest
        return now if oldest is None else min(now, oldest)

    @property
    def trouble(self) -> str | None:
        """Why faults cannot be kept, or None."""
        return None if self.journal is None else self.journal.trouble

    def acts(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        entity: str | None = None,
        by: str | None = None,
    ) -> Iterator[ActView]:
        """What operators did, oldest first; it may be asked in any thread."""
        return iter(()) if self.journal is None else self.journal.acts(since, until, entity, by)

    def resume(self, file: Path) -> Journal:
        """Go on with the faults that are in the journal.

        Raises:
            OSError: It cannot be used.
            UnknownFormatError: It is of a version that cannot be read.
        """
        fleet = self.intake.fleet
        try:
            self.journal = Journal(file)
        except UnknownFormatError as error:
            raise UnknownFormatError(f"{file}: {error}") from error
        faults = self.journal.restore(fleet.faults.rules, fleet.topology)
        self.emit(fleet.resume(faults, wall_clock()))
        return self.journal

    def ailing(self) -> str | None:
        """What history suffers from, or None; nothing live waits for it."""
        return None if self.writer is None else self.writer.trouble

    def recording(self) -> str | None:
        """Why it is not ready to keep history alone, or None."""
        return self.ready() or self.ailing()

    def ready(self) -> str | None:
        """Why it is not ready, or None."""
        stuck = None if self.journal is None else self.journal.stuck
        if self.trouble is not None or stuck is not None:
            return self.trouble or stuck
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
        stores = await _stores(settings, roles, stack)
        if roles.history and stores:
            twin.writer = stack.enter_context(
                opened(stores, settings, roles.name, twin.intake.fleet)
            )
            twin.writer.settled = twin.settled
        twin.watched = roles.live
        if roles.live:
            fleet, epoch = twin.intake.fleet, twin.hub.epoch
            twin.outlets = outlets_of(settings, roles.name, fleet, epoch, wall_clock)
        registry = Registry(settings.data / f"{roles.name}-{REGISTRY}")
        registry.restore(twin.intake.fleet, wall_clock())
        journal = twin.resume(settings.data / f"{roles.name}-{JOURNAL}")
        stack.callback(journal.close)
        source = await stack.enter_async_context(
            aclosing(listen(settings.broker, roles.name, twin.status))
        )
        async with asyncio.TaskGroup() as tasks:
            kept = _kept(settings, roles, twin)
            note = registry.note
            tasks.create_task(follow(source, twin.intake, twin.emit, note, kept, twin.room))
            tasks.create_task(tick(twin.intake, twin.emit, twin.present, twin.room))
            tasks.create_task(registry.keep())
            tasks.create_task(twin.lag.watch())
            _start_others(tasks, twin)
            tasks.create_task(_serve(settings, roles, twin, stores, announce))


def _kept(settings: Settings, roles: Roles, twin: Twin) -> Kept | None:
    """What a message waits for before it is acknowledged: what it did to faults is on the disk.

    Where history is kept it is, too; but a live view does not wait for a disk that takes nothing.
    """
    if settings.broker.qos == 0:
        return None
    writer = twin.writer

    async def kept() -> None:
        await twin.settled()
        if writer is not None:
            await writer.kept(whatever_comes=not roles.live)

    return kept


def _start_others(tasks: asyncio.TaskGroup, twin: Twin) -> None:
    """Start what not every process has."""
    if twin.journal is not None:
        tasks.create_task(twin.journal.run())
        tasks.create_task(twin.journal.tend(twin.intake.fleet.faults.books))
    if twin.site_file is not None:
        tasks.create_task(twin.site_file.watch(twin.intake.fleet, twin.hub.publish))
    if twin.rules_file is not None:
        tasks.create_task(twin.rules_file.watch(twin.govern))
    if twin.outlets is not None:
        tasks.create_task(twin.outlets.run(twin.settled))
    if twin.writer is not None:
        tasks.create_task(twin.writer.run())


def twin_of(settings: Settings) -> Twin:
    """A twin that has heard nothing yet.

    Raises:
        FleetFileError: The fleet file cannot be used.
        RulesFileError: The rules file cannot be used.
    """
    fleet = Fleet(settings.coolant)
    twin = Twin(Intake(fleet))
    if settings.fleet_file is not None:
        twin.site_file = SiteFile(settings.fleet_file)
        fleet.configure(twin.site_file.load())
    if settings.rules_file is not None:
        twin.rules_file = RulesFile(settings.rules_file)
        fleet.govern(twin.rules_file.load(), fleet.now)
    return twin


async def _stores(settings: Settings, roles: Roles, stack: AsyncExitStack) -> list[Store]:
    """The stores of this process; an embedded one is the history process's alone."""
    stores = []
    for name in settings.history.store:
        if roles.history or name != "duckdb":
            store = await open_store(name, settings)
            stack.push_async_callback(store.close)
            stores.append(store)
    return stores


async def _serve(
    settings: Settings, roles: Roles, twin: Twin, stores: list[Store], announce: Announce
) -> None:
    desk = twin if roles.live else None
    metrics = _metrics(twin)
    deps = Deps(
        twin.intake,
        twin.hub,
        wall_clock,
        next(iter(stores), None),
        twin.ready if roles.live else twin.recording,
        metrics,
        desk,
        backups_of(stores, settings, metrics),
        Past(stores[0], twin.intake.fleet) if stores else None,
        Way(lambda: twin.intake.folding or twin.status.waiting > 0),
        twin.ailing,
    )
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
    show_flow(metrics, lambda: status.pauses, lambda: status.paused_s, lambda: status.broken)
    show_lag(metrics, twin.lag, lambda: twin.source_lag_s)
    site_file = twin.site_file
    if site_file is not None:
        show_fleet_file(metrics, lambda: site_file.refused)
    rules_file = twin.rules_file
    if rules_file is not None:
        show_rules_file(metrics, lambda: rules_file.refused)
    outlets = twin.outlets
    if outlets is not None:
        _show_outlets(metrics, outlets)
    journal = twin.journal
    if journal is not None:
        show_journal(
            metrics,
            lambda: journal.seq - journal.kept,
            lambda: journal.failed,
            lambda: journal.torn + journal.damaged,
            lambda: journal.begun_anew,
        )
        show_syncs(metrics, journal.syncs.histogram, lambda: journal.paused)
    if twin.writer is not None:
        show_writer(metrics, twin.writer)
    return metrics


def _show_outlets(metrics: Metrics, outlets: Outlets) -> None:
    show_notify(
        metrics,
        lambda: outlets.figures(lambda outlet: outlet.queued),
        lambda: outlets.figures(lambda outlet: outlet.sent),
        lambda: outlets.figures(lambda outlet: outlet.failed),
        lambda: outlets.figures(lambda outlet: outlet.overflowed),
    )
    show_letters(metrics, lambda: outlets.letters.kept, lambda: outlets.letters.lost)
