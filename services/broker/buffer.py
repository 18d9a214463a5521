"""Buffer: what came from the broker and is not folded yet, over all connections of a listener."""

from collections import deque
from collections.abc import Callable
from typing import Final

from schemas.envelope import Envelope
from schemas.mqtt.receiver import Event, ProtocolError, Receiver
from twin.instants import Instant

BYTES: Final = 64_000_000
"""Of messages that wait, at the most, however few they are."""


class Buffer:
    """Messages between the socket and the fold.

    Bound: ``most`` messages, ``BYTES`` bytes, and what one read gives beyond that. Overflow:
    nothing goes; nobody reads until half of it is taken, and the broker has to keep what it has
    for us. Counters: ``pauses``, ``paused_s``.
    """

    def __init__(self, most: int, now_s: Callable[[], float]) -> None:
        """Begin with nothing.

        Args:
            most: Messages that may wait.
            now_s: A clock that only goes on.
        """
        self._receiver = Receiver()
        self._most = most
        self._now_s = now_s
        self._bytes = 0
        self._reads: deque[tuple[int, int]] = deque()
        self._safe = 0
        self._paused_s = 0.0
        self._paused_at_s: float | None = None
        self.dropped: Final = 0
        self.pauses = 0
        """How often nobody read for want of room."""
        self.broken = 0
        """Connections on which the broker broke the protocol."""

    @property
    def waiting(self) -> int:
        """Messages that came and were not taken yet."""
        return len(self._receiver.messages)

    @property
    def oldest(self) -> Instant | None:
        """When the first of them came."""
        messages = self._receiver.messages
        return messages[0].received_at if messages else None

    @property
    def paused_s(self) -> float:
        """Seconds in which nobody read for want of room."""
        begun = self._paused_at_s
        return self._paused_s + (0.0 if begun is None else self._now_s() - begun)

    @property
    def full(self) -> bool:
        """Whether there is no more room."""
        return self.waiting > self._most or self._bytes > BYTES

    @property
    def roomy(self) -> bool:
        """Whether there is room for much again."""
        return self.waiting <= self._most // 2 and self._bytes <= BYTES // 2

    def begin(self) -> None:
        """Begin with another connection."""
        self._receiver.begin()

    def feed(self, data: bytes, at: Instant) -> None:
        """Take in bytes that came ``at``.

        Raises:
            ProtocolError: They break the protocol.
        """
        try:
            self._receiver.feed(data, at)
        except ProtocolError:
            self.broken += 1
            raise
        finally:
            self._bytes += len(data)
            self._reads.append((self._receiver.came, len(data)))

    def events(self) -> list[Event]:
        """What the broker said besides messages; each is given once."""
        events, self._receiver.events = self._receiver.events, []
        return events

    def take(self, most: int) -> list[Envelope]:
        """The oldest messages, which are on their way to the fold now."""
        batch = self._receiver.take(most)
        while self._reads and self._reads[0][0] <= self._receiver.taken:
            self._bytes -= self._reads.popleft()[1]
        return batch

    def settle(self) -> None:
        """Note that all that was taken is safe: folded, and kept where it is to be kept."""
        self._safe = self._receiver.taken

    def answer(self) -> bytes:
        """What is to be sent to the broker now: acks of what is safe, and answers."""
        receiver = self._receiver
        said = bytes(receiver.answers) + receiver.acks(self._safe)
        receiver.answers.clear()
        return said

    def pause(self) -> None:
        """Note that nobody reads."""
        self.pauses += 1
        self._paused_at_s = self._now_s()

    def resume(self) -> None:
        """Note that somebody reads again."""
        self._paused_s, self._paused_at_s = self.paused_s, None
