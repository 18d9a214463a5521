"""Webhook: everything that happens to faults, told to one address, signed, in order."""

import asyncio
import hashlib
import hmac
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from schemas import redfish
from schemas.faults import fault_event, fault_view
from schemas.notices import FaultNotice
from services.broker.backoff import Jitter
from services.hub import Settled
from services.notify.held import held_post
from services.notify.letters import DeadLetters, Letter, letter
from services.notify.posting import Answer, Post, poster
from services.settings import WebhookSettings
from twin.changes import FaultChanged
from twin.fleet import Fleet
from twin.instants import Instant

QUEUE: Final = 10_000
"""As many changes as a hall that falls silent makes."""

TRIES: Final = 8
"""Attempts at one notice; between them at least a minute passes."""

LONGEST_S: Final = 60.0
LAST_S: Final = 2.0
"""How long the end of a process may wait for the other side."""

_REFUSED: Final = frozenset({400, 413, 422})
"""Answers that the same notice can never change."""

_log = logging.getLogger(__name__)


class Event(NamedTuple):
    """What happened to a fault, and the number of that in this run."""

    seq: int
    change: FaultChanged


class Webhook:
    """Posts each event until it is taken; what is not after ``TRIES`` goes to the dead letters.

    Bound: ``QUEUE`` events and one in hand. Overflow: the oldest go, counted in ``overflowed``; the
    receiver sees a gap in the numbers.

    Args:
        fleet: Whose faults.
        settings: Where to, and the secret.
        epoch: Name of the run: begins every id.
        letters: Where goes what is given up.
        clock: Stamps attempts.
        jitter: Draws the waits between attempts.
    """

    name: Final = "webhook"

    def __init__(
        self,
        fleet: Fleet,
        settings: WebhookSettings,
        epoch: str,
        letters: DeadLetters,
        clock: Callable[[], Instant],
        *,
        jitter: Jitter = random.uniform,
    ) -> None:
        self._fleet = fleet
        self._settings = settings
        self._epoch = epoch
        self.letters = letters
        self._clock = clock
        self._jitter = jitter
        self._queue: deque[Event] = deque(maxlen=QUEUE)
        self._hand: Event | None = None
        self._some = asyncio.Event()
        self._seq = 0
        self.sent = 0
        self.failed = 0
        """Attempts that failed."""
        self.overflowed = 0
        self.last_error: str | None = None
        """Why the last attempt failed; None while all is well."""

    @property
    def queued(self) -> int:
        """Events that are not told yet."""
        return len(self._queue) + (self._hand is not None)

    def note(self, changes: Iterable[FaultChanged]) -> None:
        """Queue what happened to faults."""
        for change in changes:
            self._seq += 1
            self.overflowed += len(self._queue) == self._queue.maxlen
            self._queue.append(Event(self._seq, change))
        self._some.set()

    async def run(self, settled: Settled) -> None:
        """Post what is ``settled`` until cancelled; then the rest, if ``LAST_S`` allow for it."""
        async with poster(self._clock) as post:
            await self.speak(held_post(post, settled))

    async def speak(self, post: Post) -> None:
        """The same, by what sends."""
        try:
            while True:
                await self._some.wait()
                await self._empty(post)
        finally:
            await self._finish(post)

    async def _empty(self, post: Post) -> None:
        while self._hand is not None or self._queue:
            self._hand = self._hand or self._queue.popleft()
            body = self._body(self._hand)
            if body is not None:
                await self._deliver(self._id(self._hand), body, post)
            self._hand = None
        self._some.clear()

    async def _deliver(self, identity: str, body: bytes, post: Post) -> None:
        """Post one notice until it is taken or given up."""
        for tries, wait_s in enumerate(_waits(self._jitter), 1):
            answer = await self._attempt(identity, body, post)
            if answer.taken:
                self.sent += 1
                self.last_error = None
                return
            self.failed += 1
            if answer.why != self.last_error:
                _log.warning("The webhook does not take notices: %s", answer.why)
            self.last_error = answer.why
            if tries == TRIES or answer.status in _REFUSED:
                self.letters.keep([letter(self._clock(), identity, tries, answer.why, body)])
                return
            await asyncio.sleep(max(wait_s, answer.retry_after_s))

    async def _attempt(self, identity: str, body: bytes, post: Post) -> Answer:
        try:
            secret = _secret(self._settings)
        except OSError as error:
            return Answer(None, f"no secret: {error}")
        return await post(
            str(self._settings.url), body, signed(identity, body, secret, self._clock())
        )

    async def _finish(self, post: Post) -> None:
        try:
            async with asyncio.timeout(LAST_S):
                await self._empty(post)
        except TimeoutError:
            self.letters.keep(self._undelivered())
        finally:
            self._queue.clear()
            self._hand = None

    def _undelivered(self) -> Iterator[Letter]:
        for event in filter(None, (self._hand, *self._queue)):
            body = self._body(event)
            if body is not None:
                yield letter(self._clock(), self._id(event), 0, "the process ended", body)

    def _body(self, event: Event) -> bytes | None:
        """An event as it is sent; None where its form has nothing to say of it."""
        identity, change = self._id(event), event.change
        if self._settings.format == "redfish":
            told = redfish.event(identity, change, fault_view(change.fault, self._fleet))
            return None if told is None else msgspec.json.encode(told)
        fault = fault_event(event.seq, change, self._fleet)
        return FaultNotice(id=identity, fault=fault).model_dump_json().encode()

    def _id(self, event: Event) -> str:
        return f"{self._epoch}:{event.seq}"


def signed(identity: str, body: bytes, secret: bytes, at: Instant) -> Mapping[str, str]:
    """The headers of one attempt: HMAC-SHA256 over ``{timestamp}.{body}``, seconds since 1970.

    A receiver computes it anew, compares in constant time, and refuses what is older than some
    minutes: so that nobody sends what they overheard once more.
    """
    timestamp = str(at // 1000)
    digest = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "X-Racktwin-Id": identity,
        "X-Racktwin-Timestamp": timestamp,
        "X-Racktwin-Signature": f"sha256={digest}",
    }


def _secret(settings: WebhookSettings) -> bytes:
    """The secret as it is now: whoever renews it only replaces the file."""
    if settings.secret_file is not None:
        return settings.secret_file.read_bytes().strip()
    return settings.secret.get_secret_value().encode() if settings.secret is not None else b""


def _waits(jitter: Jitter) -> Iterator[float]:
    """Waits that double from a second to a minute, each shortened by up to a half."""
    longest = 1.0
    while True:
        yield jitter(longest / 2, longest)
        longest = min(LONGEST_S, longest * 2)
