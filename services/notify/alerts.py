"""Alerts: what operators are to be called for, told to Alertmanager until it is over."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from schemas.alerts import Alert, alert, ended
from schemas.faults import fault_view
from schemas.rfc3339 import format_instant
from services.broker.backoff import Jitter, waits
from services.hub import Settled
from services.notify.held import held_post
from services.notify.news import News
from services.notify.posting import Post, poster
from twin.changes import FaultChanged
from twin.fault import Fault, Key
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.severity import Severity

REPEAT_S: Final = 60.0
"""Alertmanager wants to hear again every 30 s to 3 min what still fires (prometheus.io, Sending
alerts)."""

HOLD: Final = Millis(86_400_000)
"""So long an alert fires when nothing more is heard of it; ours: no news is no all-clear, and
Alertmanager's own ``resolve_timeout`` would give one after five minutes."""

_AT_ONCE: Final = 100
"""Worked out before others have their turn: some milliseconds."""

_BAD_REQUEST: Final = 400

_SEVERITIES: Final = (Severity.WARNING, Severity.CRITICAL)

_log = logging.getLogger(__name__)


async def reach(url: str) -> None:
    """See that Alertmanager takes alerts at an address, by telling it none.

    Raises:
        OSError: It does not, and why.
    """
    async with poster() as post:
        answer = await post(_address(url), b"[]")
    if not answer.taken:
        raise OSError(f"Alertmanager at {url}: {answer.why}")


class Alerts:
    """Tells Alertmanager of every fault that is put before an operator, and when it is no more.

    Its queue are the keys of ``News``. Grouping, silences and paging are Alertmanager's.

    Args:
        fleet: Whose faults.
        url: Of Alertmanager.
        clock: When something ends.
        jitter: Draws the waits between attempts.
    """

    name: Final = "alertmanager"

    def __init__(
        self,
        fleet: Fleet,
        url: str,
        clock: Callable[[], Instant],
        *,
        jitter: Jitter = random.uniform,
    ) -> None:
        self._fleet = fleet
        self._url = _address(url)
        self._clock = clock
        self._jitter = jitter
        self._news = News(self._everything)
        self._firing: dict[Key, Alert] = {}
        """As Alertmanager has heard it last."""
        self._hand: list[Key] = []
        self.sent = 0
        self.failed = 0
        """Attempts that failed, and batches of which some was refused for good."""
        self.last_error: str | None = None
        """Why the last attempt failed; None while all is well."""

    @property
    def queued(self) -> int:
        """Faults to be told of."""
        return len(self._news) + len(self._hand)

    @property
    def overflowed(self) -> int:
        """Times that more was new than there was room for."""
        return self._news.overflowed

    def note(self, changes: Iterable[FaultChanged]) -> None:
        """Something happened to faults."""
        self._news.note(changes)

    async def run(self, settled: Settled) -> None:
        """Tell Alertmanager what is ``settled``, until cancelled."""
        async with poster(self._clock) as post:
            await self.speak(held_post(post, settled))

    async def speak(self, post: Post) -> None:
        """The same, by what sends."""
        self._news.repeat()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell(post))
            tasks.create_task(self._repeat())

    async def _tell(self, post: Post) -> None:
        await self._take_back(post)
        while True:
            self._hand = await self._news.some(_AT_ONCE)
            delays = waits(self._jitter)
            while self._hand:
                told = {key: list(self._about(key)) for key in self._hand}  # as it is by now
                if await self._sent(
                    post, [each for some in told.values() for each in some], delays
                ):
                    self._remember(told)
                    self._hand = []

    async def _take_back(self, post: Post) -> None:
        """End what a process before this one may have left firing, and does not any more."""
        left, delays = self._left(), waits(self._jitter)
        while left:
            now = self._clock()
            over = [ended(self._alert(each, as_), now) for each, as_ in left[:_AT_ONCE]]
            if await self._sent(post, over, delays):
                del left[:_AT_ONCE]

    async def _sent(self, post: Post, alerts: list[Alert], delays: Iterator[float]) -> bool:
        """Send alerts; whether Alertmanager is done with them, else some time has passed."""
        if not alerts:
            return True
        answer = await post(self._url, msgspec.json.encode(alerts))
        if answer.taken:
            self.sent += len(alerts)
            self.last_error = None
            return True
        self.failed += 1
        if answer.why != self.last_error:
            _log.warning("Alertmanager does not take alerts: %s", answer.why)
        self.last_error = answer.why
        if answer.status == _BAD_REQUEST:  # it took what is right, and will never take the rest
            return True
        await asyncio.sleep(max(next(delays), answer.retry_after_s))
        return False

    def _about(self, key: Key) -> Iterator[Alert]:
        """What there is to be told of a key: what fired and does not ends before what fires."""
        fault = self._fleet.faults.on(key.entity).get(key)
        fires = self._alert(fault) if fault is not None and _called_for(fault) else None
        fired = self._firing.get(key)
        if fired is not None and (fires is None or fires.labels != fired.labels):
            yield ended(fired, self._clock())
        if fires is not None:
            yield fires

    def _alert(self, fault: Fault, severity: Severity | None = None) -> Alert:
        """A fault as an alert that fires; as it was at another severity, if that is given."""
        if severity is not None:
            fault = fault._replace(severity_now=severity)
        place = self._fleet.site.rack(fault.key.entity)
        return alert(fault_view(fault, self._fleet), place, after(self._clock(), HOLD))

    def _remember(self, told: dict[Key, list[Alert]]) -> None:
        now = format_instant(self._clock())
        for key, alerts in told.items():
            if alerts and alerts[-1].ends_at > now:
                self._firing[key] = alerts[-1]
            else:
                self._firing.pop(key, None)

    def _left(self) -> list[tuple[Fault, Severity]]:
        """Whatever may have fired for as long as alerts do, and does not now, by its severity."""
        since = after(self._clock(), Millis(-HOLD))
        called = [
            fault
            for fault in self._fleet.faults.occurrences()
            if fault.annunciated_at is not None and fault.closed_at > since
        ]
        fires = {(fault.key, fault.severity_now) for fault in called if _called_for(fault)}
        found = {(fault.key, as_): fault for fault in called for as_ in _SEVERITIES}
        return [(fault, as_) for (key, as_), fault in found.items() if (key, as_) not in fires]

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(REPEAT_S)
            self._news.repeat()

    def _everything(self) -> Iterator[Key]:
        yield from (fault.key for fault in self._fleet.faults.standing() if fault.annunciated)
        yield from self._firing


def _address(url: str) -> str:
    return f"{url.rstrip('/')}/api/v2/alerts"


def _called_for(fault: Fault) -> bool:
    """Whether an operator is to see it."""
    return bool(fault.id) and fault.annunciated
