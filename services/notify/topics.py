"""Topics: how every fault stands, as a retained MQTT document of its own, and our heartbeat."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from schemas.contract import CADENCE_S, HEARTBEAT_S
from schemas.faults import fault_view
from schemas.notices import HEARTBEAT, Heartbeat, fault_topic
from schemas.rfc3339 import format_instant
from services.broker.backoff import Jitter, waits
from services.broker.connection import BrokerError
from services.broker.publish import Publish, publisher
from services.hub import Settled
from services.notify.held import held_publish
from services.notify.news import News
from services.settings import BrokerSettings
from twin.changes import FaultChanged
from twin.fault import Key, State
from twin.fleet import Fleet
from twin.instants import Instant

_AT_ONCE: Final = 100

_log = logging.getLogger(__name__)


class Topics:
    """Keeps a retained document of each fault that is shown, and none of others.

    Its queue are the keys of ``News``. All is told anew as often as the contract of the bus wants
    of everybody, so that a broker that forgot it has it again; what a process before this one told
    and is over meanwhile is taken back at the start.

    Args:
        fleet: Whose faults.
        settings: Of the broker.
        role: Ends the client id.
        epoch: Name of the run.
        clock: Stamps heartbeats.
        jitter: Draws the waits between attempts.
    """

    name: Final = "mqtt"

    def __init__(
        self,
        fleet: Fleet,
        settings: BrokerSettings,
        role: str,
        epoch: str,
        clock: Callable[[], Instant],
        *,
        jitter: Jitter = random.uniform,
    ) -> None:
        self._fleet = fleet
        self._settings = settings
        self._role = role
        self._epoch = epoch
        self._clock = clock
        self._jitter = jitter
        self._news = News(self._everything)
        self._told: set[Key] = set()
        """Of which a document may be retained."""
        self._hand = 0
        self.sent = 0
        self.failed = 0
        """Attempts to connect, and documents that no broker would take."""

    @property
    def queued(self) -> int:
        """Faults to be told of."""
        return len(self._news) + self._hand

    @property
    def overflowed(self) -> int:
        """Times that more was new than there was room for."""
        return self._news.overflowed

    def note(self, changes: Iterable[FaultChanged]) -> None:
        """Something happened to faults."""
        self._news.note(changes)

    async def run(self, settled: Settled) -> None:
        """Tell the broker what is ``settled``, until cancelled."""
        delays = waits(self._jitter)
        said = ""
        while True:
            try:
                async with publisher(self._settings, self._role, self._jitter) as publish:
                    await self.speak(held_publish(publish, settled))
            except BrokerError as error:
                self.failed += 1
                if str(error) != said:
                    said = str(error)
                    _log.warning("Cannot tell the broker of faults: %s", said)
            await asyncio.sleep(next(delays))

    async def speak(self, publish: Publish) -> None:
        """The same, by what sends."""
        self._told |= {fault.key for fault in self._fleet.faults.occurrences()}
        self._news.repeat()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell(publish))
            tasks.create_task(self._beat(publish))
            tasks.create_task(self._repeat())

    async def _tell(self, publish: Publish) -> None:
        while True:
            keys = await self._news.some(_AT_ONCE)
            for done, key in enumerate(keys):
                self._hand = len(keys) - done
                await self._show(key, publish)
            self._hand = 0

    async def _show(self, key: Key, publish: Publish) -> None:
        """Let the broker retain how a fault stands, or nothing."""
        fault = self._fleet.faults.on(key.entity).get(key)
        payload = b""
        if fault is not None and fault.id and fault.state is not State.NORM:
            payload = fault_view(fault, self._fleet).model_dump_json().encode()
            self._told.add(key)
        elif key not in self._told:
            return
        try:
            await publish(fault_topic(key), payload, retain=True, qos=1)
        except BrokerError as error:  # a topic too long to be one
            self.failed += 1
            self._told.discard(key)
            _log.error("A fault cannot be told: %s", error.__cause__)
            return
        self.sent += 1
        if not payload:
            self._told.discard(key)

    async def _beat(self, publish: Publish) -> None:
        while True:
            beat = Heartbeat(
                at=format_instant(self._clock()), epoch=self._epoch, faults=len(self._told)
            )
            await publish(HEARTBEAT, beat.model_dump_json().encode())
            await asyncio.sleep(HEARTBEAT_S)

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(CADENCE_S)
            self._news.repeat()

    def _everything(self) -> Iterator[Key]:
        yield from (fault.key for fault in self._fleet.faults.standing())
        yield from tuple(self._told)
