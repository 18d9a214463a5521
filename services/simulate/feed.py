"""Feed: tapes played onto a broker as fast as they are to be, and what came of it."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import Final, Protocol

from schemas.contract import HEARTBEAT_S
from schemas.mqtt.packets import publish
from services.simulate.columns import SECOND_MS
from services.simulate.tape import Tape
from twin.instants import Instant

SLICE_S: Final = 0.012
"""What falls due within this time goes out together."""

CATCH_UP_S: Final = 0.1
"""What is later than this is not caught up: all goes on later by so much, and it is told."""

Clock = Callable[[], Instant]


class Line(Protocol):
    """Where packets go: a stream's writer, or a test's list."""

    def write(self, data: bytes | memoryview) -> None:
        """Send, or keep until it can be sent."""

    async def drain(self) -> None:
        """Wait until more may be written."""


@dataclass(slots=True)
class Fed:
    """What came of one play."""

    sent: int = 0
    values: int = 0
    """Of these, what is no metadata."""
    seconds: list[int] = field(default_factory=list)
    """Messages of each second."""
    late_s: float = 0.0
    """By how much it is later than it was to be: the rate was not reached."""
    took_s: float = 0.0
    cpu_s: float = 0.0


class Feed:
    """Plays tapes together onto one line, and remembers what it said last.

    Whatever is sent says when: all of a slice the same instant.
    """

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._sent: list[tuple[Tape, list[int]]] = []

    async def play(self, tapes: Sequence[Tape], rate: float, span_s: float) -> Fed:
        """Say all that falls due within a span, from the beginning of each tape on.

        Args:
            tapes: Played together; what falls due together is said in their order.
            rate: Messages a second: so the time of the tapes goes faster or slower.
            span_s: How long it is to take.
        """
        loop, fed, cpu = asyncio.get_running_loop(), Fed(), process_time()
        speed = rate / sum(tape.rate for tape in tapes)
        self._sent = [(tape, [0]) for tape in tapes]
        begin = due = loop.time()
        while due < begin + span_s:
            due = min(due + SLICE_S, begin + span_s)
            await asyncio.sleep(due + fed.late_s - loop.time())
            behind = loop.time() - due - fed.late_s
            fed.late_s += max(0.0, behind - CATCH_UP_S)
            sent = self._slice((due - begin) * SECOND_MS * speed)
            _count(fed, sent, loop.time() - begin)
            await self._line.drain()
        fed.values = sum(tape.values(slices[-1]) for tape, slices in self._sent)
        fed.took_s, fed.cpu_s = loop.time() - begin, process_time() - cpu
        return fed

    def last(self, topic: str) -> bytes | None:
        """What the last play said last on a topic; None where it said nothing."""
        found: list[tuple[int, int, bytes]] = []
        for order, (tape, slices) in enumerate(self._sent):
            number = tape.last(topic, slices[-1])
            if number is not None:
                found.append((bisect_right(slices, number), order, tape.payload(number)))
        return max(found)[2] if found else None

    async def live(self, hearts: Sequence[str], count: Callable[[int], None]) -> None:
        """Say that publishers live, on a topic each, until cancelled.

        Args:
            hearts: Their topics.
            count: Told how many messages that were.
        """
        while True:
            now = self._clock()
            said = b'{"value":%d,"timestamp":%d,"quality":1}' % (now, now)
            for topic in hearts:
                self._line.write(publish(topic, said))
            count(len(hearts))
            await asyncio.sleep(HEARTBEAT_S)

    def _slice(self, elapsed: float) -> int:
        now, sent = self._clock(), 0
        for tape, slices in self._sent:
            due = tape.due(elapsed)
            for packets in tape.packets(slices[-1], due, now):
                self._line.write(packets)
            sent += due - slices[-1]
            slices.append(due)
        return sent


def _count(fed: Fed, sent: int, elapsed_s: float) -> None:
    fed.sent += sent
    fed.seconds += [0] * (int(elapsed_s) + 1 - len(fed.seconds))
    fed.seconds[int(elapsed_s)] += sent
