"""Receiver: what a broker sends, from bytes to messages, acks and answers (MQTT 3.1.1)."""

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.envelope import Envelope
from schemas.mqtt.packets import puback, pubcomp, pubrec
from twin.instants import Instant

LARGEST: Final = 16_000_000
"""Bytes of a packet at the most: four times what the DSX event bus carries."""

REFUSED: Final = 0x80
"""Of a subscription, among the codes of a ``Suback``; MQTT 5 has more from here on."""

_CONNACK: Final = 0x20
_PUBREL: Final = 0x62
_SUBACK: Final = 0x90
_PINGRESP: Final = 0xD0
_QOS_0: Final = 0x30
_RETAINED: Final = 0x31
_PUBLISH: Final = 0x3
_MORE: Final = 0x80
_CODES: Final = frozenset({0, 1, 2, REFUSED})


class ProtocolError(ValueError):
    """Bytes that no broker may send, and why."""


class Connack(NamedTuple):
    """How the broker greets us; any code but 0 is a refusal."""

    session_present: bool
    code: int


class Suback(NamedTuple):
    """What a subscription came to, by topic: the QoS that is granted, or ``REFUSED``."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pingresp:
    """The broker is there."""


Event = Connack | Suback | Pingresp


class Receiver:
    """Takes in the bytes of one connection after the other, and keeps what came until it is taken.

    How the bytes are cut makes no difference. Bound of what is kept of a packet that is not whole:
    ``largest`` bytes (at least 16,383), and what came with the last of them. What is whole is for
    the caller to take in time.

    A message of QoS 2 is told once, however often it comes, for as long as the broker keeps our
    session: its number is held until the broker gives it free.
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self.messages: list[Envelope] = []
        """Came and are not taken."""
        self.taken = 0
        """Messages that were taken so far."""
        self.events: list[Event] = []
        self.answers = bytearray()
        """To be sent at once."""
        self._largest = largest
        self._acks: deque[tuple[int, bytes]] = deque()
        self._held: set[int] = set()
        self._tail = bytearray()
        self._need = 0
        self._greeted = False

    def begin(self) -> None:
        """Begin with another connection; an ack of the last one would mean nothing there."""
        self.events.clear()
        self.answers.clear()
        self._acks.clear()
        self._tail.clear()
        self._greeted = False

    @property
    def came(self) -> int:
        """Messages that came so far."""
        return self.taken + len(self.messages)

    def take(self, most: int) -> list[Envelope]:
        """Messages that came and were not taken, the oldest first."""
        batch, self.messages = self.messages[:most], self.messages[most:]
        self.taken += len(batch)
        return batch

    def acks(self, upto: int) -> bytes:
        """The acks to be sent once the first ``upto`` messages of all are safe; each is given once.

        Acks go in the order of the messages (4.6).
        """
        due = bytearray()
        while self._acks and self._acks[0][0] <= upto:
            due += self._acks.popleft()[1]
        return bytes(due)

    def feed(self, data: bytes, at: Instant) -> None:
        """Take in the next bytes, which came ``at``.

        Raises:
            ProtocolError: They break the protocol; what came before is there, and this connection
                is good for nothing more.
        """
        if self._tail:
            self._tail += data
            if len(self._tail) < self._need:
                return
            data = bytes(self._tail)
            self._tail.clear()
        try:
            rest = self._parse(data, at)
        except UnicodeDecodeError as error:
            raise ProtocolError("a topic is not UTF-8") from error
        if rest < len(data):
            self._tail += memoryview(data)[rest:]

    def _parse(self, data: bytes, at: Instant) -> int:
        """Take in the packets that are whole; where the first that is not begins."""
        here, stop = 0, len(data)
        keep, new = self.messages.append, tuple.__new__
        while stop - here > 1:
            kind, size, start = data[here], data[here + 1], here + 2
            if size >= _MORE:  # in two bytes here, for that is the usual; in more elsewhere
                more = data[start] if start < stop else _MORE
                if more < _MORE:
                    size, start = size - _MORE + (more << 7), start + 1
                else:
                    size, start = self._size(data, here + 1)
            end = start + size
            if end > stop or not start:
                self._need = end - here if start else stop - here + 1
                return here
            if kind & 0xFE == _QOS_0 and size > 2 and self._greeted:  # noqa: PLR2004
                text = start + 2
                body = text + (data[start] << 8 | data[start + 1])
                if not text < body <= end:
                    raise ProtocolError(f"no topic in a message of {size} bytes")
                topic = data[text:body].decode()
                if "#" in topic or "+" in topic or "\0" in topic:
                    raise ProtocolError(f"no topic to publish on: {topic[:100]!r}")
                keep(new(Envelope, (topic, data[body:end], at, kind == _RETAINED)))
            else:
                self._other(kind, data[start:end], at)
            here = end
        self._need = 2
        return here

    def _size(self, data: bytes, place: int) -> tuple[int, int]:
        """What a packet has behind its size, and where that begins; 0 while that is not known."""
        size = 0
        for count, byte in enumerate(data[place : place + 4]):
            size |= (byte & 0x7F) << 7 * count
            if byte < _MORE:
                if size > self._largest:
                    raise ProtocolError(f"a packet of {size} bytes, limit {self._largest}")
                return size, place + count + 1
        if len(data) >= place + 4:
            raise ProtocolError("the size of a packet has no end")
        return 0, 0

    def _other(self, kind: int, body: bytes, at: Instant) -> None:
        if self._greeted is (kind == _CONNACK):
            raise ProtocolError(f"a packet 0x{kind:02x} where a greeting was due, or was over")
        if kind >> 4 == _PUBLISH:
            self._publish(kind, body, at)
        elif kind == _PUBREL:
            self._pubrel(body)
        elif kind == _CONNACK:
            self._connack(body)
        elif kind == _SUBACK:
            self._suback(body)
        elif kind == _PINGRESP and not body:
            self.events.append(Pingresp())
        else:
            raise ProtocolError(f"a packet 0x{kind:02x} of {len(body)} bytes")

    def _publish(self, kind: int, body: bytes, at: Instant) -> None:
        """A message with an ack; one of QoS 0 comes here only if it is broken."""
        qos = kind >> 1 & 3
        upto = 2 + int.from_bytes(body[:2], "big")
        packet_id = int.from_bytes(body[upto : upto + 2], "big")
        if qos not in {1, 2} or len(body) < upto + 2 or not packet_id:
            raise ProtocolError(f"a broken message 0x{kind:02x} of {len(body)} bytes")
        if qos == 1 or packet_id not in self._held:
            topic = body[2:upto].decode()
            if not topic or "#" in topic or "+" in topic or "\0" in topic:
                raise ProtocolError(f"no topic to publish on: {topic[:100]!r}")
            self.messages.append(Envelope(topic, body[upto + 2 :], at, bool(kind & 1)))
        if qos == 1:
            self._acks.append((self.came, puback(packet_id)))
        else:
            self._held.add(packet_id)
            self._acks.append((self.came, pubrec(packet_id)))

    def _pubrel(self, body: bytes) -> None:
        packet_id = int.from_bytes(body, "big")
        if len(body) != 2 or not packet_id:  # noqa: PLR2004
            raise ProtocolError("a PUBREL without a packet id")
        self._held.discard(packet_id)
        self.answers += pubcomp(packet_id)

    def _connack(self, body: bytes) -> None:
        if len(body) != 2 or body[0] > 1:  # noqa: PLR2004
            raise ProtocolError("a CONNACK that is none")
        self._greeted = True
        if not body[0]:  # the broker knows nothing of us: its numbers begin anew
            self._held.clear()
        self.events.append(Connack(bool(body[0]), body[1]))

    def _suback(self, body: bytes) -> None:
        codes = tuple(body[2:])
        if not codes or not _CODES.issuperset(codes):
            raise ProtocolError("a SUBACK that is none")
        self.events.append(Suback(int.from_bytes(body[:2], "big"), codes))
