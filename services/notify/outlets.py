"""Outlets: whoever is told of faults outside, as the settings have it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from services.hub import Settled
from services.notify.alerts import Alerts
from services.notify.letters import FILE, DeadLetters
from services.notify.topics import Topics
from services.notify.webhook import Webhook
from services.settings import Settings
from twin.changes import Change, FaultChanged
from twin.fleet import Fleet
from twin.instants import Instant


class Outlet(Protocol):
    """One who is told, each at its own pace."""

    @property
    def name(self) -> str:
        """Tells it from others in metrics."""

    @property
    def queued(self) -> int:
        """What it was not told yet."""

    @property
    def sent(self) -> int:
        """What it was told."""

    @property
    def failed(self) -> int:
        """Attempts that failed."""

    @property
    def overflowed(self) -> int:
        """What found no room."""

    def note(self, changes: Iterable[FaultChanged]) -> None:
        """Queue what happened to faults that were raised."""

    async def run(self, settled: Settled) -> None:
        """Tell it what is ``settled``, until cancelled."""


class Outlets:
    """All who are told; nobody waits for any of them. Their queues are each one's own."""

    def __init__(self, outlets: Iterable[Outlet], letters: DeadLetters) -> None:
        self._outlets = tuple(outlets)
        self.letters = letters

    def __len__(self) -> int:
        return len(self._outlets)

    def notify(self, changes: Iterable[Change]) -> None:
        """Queue what happened to faults; what was only about to be raised is passed over."""
        if not self._outlets:
            return
        told = [each for each in changes if type(each) is FaultChanged and each.fault.id]
        if told:
            for outlet in self._outlets:
                outlet.note(told)

    async def run(self, settled: Settled) -> None:
        """Tell everybody, until cancelled.

        Args:
            settled: Back when all that happened to faults so far may be told.
        """
        async with asyncio.TaskGroup() as tasks:
            for outlet in self._outlets:
                tasks.create_task(outlet.run(settled))

    def figures(self, read: Callable[[Outlet], int]) -> Mapping[str, int]:
        """A figure of each, by its name."""
        return {outlet.name: read(outlet) for outlet in self._outlets}


def outlets_of(
    settings: Settings, role: str, fleet: Fleet, epoch: str, clock: Callable[[], Instant]
) -> Outlets:
    """Those that the settings name.

    Args:
        settings: All of them.
        role: Of the process.
        fleet: Whose faults.
        epoch: Name of the run, as the stream's.
        clock: The present.
    """
    notify = settings.notify
    letters = DeadLetters(settings.data / f"{role}-{FILE}")
    found: list[Outlet] = []
    if notify.mqtt.enabled:
        found.append(Topics(fleet, settings.broker, f"{role}-notify", epoch, clock))
    if notify.alertmanager.url is not None:
        found.append(Alerts(fleet, str(notify.alertmanager.url), clock))
    if notify.webhook.url is not None:
        found.append(Webhook(fleet, notify.webhook, epoch, letters, clock))
    return Outlets(found, letters)
