"""A fleet with faults to tell of, and another side that answers as a test wants."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from build import START
from services.notify.posting import Answer
from twin.changes import FaultChanged
from twin.fault import FINE, Fault, Judged, Key
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId
from twin.severity import Severity

Listener = Callable[[Iterable[FaultChanged]], None]

TAKEN = Answer(200)
BUSY = Answer(503, "busy")


def key_of(code: str, entity: str = "R1", qualifier: str = "") -> Key:
    return Key(code, EntityId(entity), qualifier)


class Faulty:
    """A fleet whose faults a test raises; whatever happens is told to ``listener``."""

    def __init__(self, listener: Listener | None = None) -> None:
        self.fleet = Fleet()
        self.listener = listener
        self.now = START
        self.changes: list[FaultChanged] = []

    def clock(self) -> Instant:
        """The instant that it is now."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let event time pass."""
        self.now = Instant(self.now + round(seconds * 1000))
        self._tell(self.fleet.faults.advance(self.now))

    def judge(self, key: Key, severity: Severity | None = Severity.CRITICAL) -> Fault:
        """Say that something is so, and how bad; the fault as it stands then."""
        judged = Judged(severity, message="wet") if severity is not Severity.OK else FINE
        self._tell(self.fleet.faults.judge(key, judged, self.now))
        return self.fleet.faults.on(key.entity)[key]

    def end(self, key: Key) -> None:
        """Let it be over, noted and reset: a leak is well for half a minute before it is."""
        fault = self.judge(key, Severity.OK)
        self.wait(30)
        self.ack(fault)
        self._tell(self.fleet.faults.reset(fault.id, "ann", self.now))

    def ack(self, fault: Fault) -> None:
        """Let somebody take note."""
        self._tell(self.fleet.faults.ack(fault.id, "ann", self.now))

    def shelve(self, fault: Fault) -> None:
        """Keep it quiet for an hour."""
        until = Instant(self.now + 3_600_000)
        faults = self.fleet.faults
        self._tell(faults.shelve(fault.id, "ann", self.now, reason="known", until=until))

    def _tell(self, changes: Iterable[FaultChanged]) -> None:
        told = [change for change in changes if change.fault.id]
        self.changes += told
        if self.listener is not None:
            self.listener(told)


class Posted:
    """The other side of a ``Post``: what came, and when; its answers are given one by one."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.otherwise = TAKEN
        self.bodies: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.taken: list[bytes] = []
        self.times: list[float] = []

    async def __call__(
        self, url: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        assert url.startswith("http")
        self.times.append(asyncio.get_running_loop().time())
        self.bodies.append(body)
        self.headers.append(headers or {})
        await asyncio.sleep(0.01)
        answer = self.answers.pop(0) if self.answers else self.otherwise
        if answer.taken:
            self.taken.append(body)
        return answer


def longest(least: float, most: float) -> float:
    """Waits as long as they may be."""
    del least
    return most


def shortest(least: float, most: float) -> float:
    """Waits as short as they may be."""
    return max(least, most / 100)
