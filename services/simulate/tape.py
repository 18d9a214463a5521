"""Tape: what a plant says for a while, as packets that want nothing but the time of sending."""

from collections.abc import Collection, Iterable, Iterator
from math import ceil
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.contract import CADENCE_S
from schemas.mqtt.packets import publish
from services.simulate.columns import SECOND_MS
from services.simulate.noise import Whole
from services.simulate.plant import Plant
from twin.instants import Instant, Millis, after

DIGITS: Final = 13
"""Of a time in milliseconds since 1970, from 2001 to 2286."""

_STAMP: Final = b'"timestamp":'
_UNSTAMPED: Final = -1
_SYSTEMS: Final = "/Value/System/"


class Said(NamedTuple):
    """One message, and when in its tape."""

    due: Millis
    topic: str
    payload: bytes
    retain: bool = False


class Tape:
    """Messages in order of time as MQTT packets, one behind the other, played round and round.

    Messages are counted from the first one of the first round on, and never from 0 again.
    """

    def __init__(self, length: Millis, said: Iterable[Said]) -> None:
        self.length = length
        self.topics: dict[str, int] = {}
        """Each with its number."""
        due, topics, sizes, stamps, packets = [], [], [0], [], []
        values = [0]
        for each in said:
            packet = publish(each.topic, each.payload, retain=each.retain)
            stamp = packet.find(_STAMP, len(packet) - len(each.payload))
            due.append(each.due)
            topics.append(self.topics.setdefault(each.topic, len(self.topics)))
            stamps.append(_UNSTAMPED if each.retain or stamp < 0 else stamp + len(_STAMP))
            sizes.append(len(packet))
            packets.append(packet)
            values.append(not each.retain)
        self._due = np.array(due, dtype=np.int64)
        self._said_on = np.array(topics, dtype=np.int32)
        self._ends: Whole = np.cumsum(sizes, dtype=np.int64)
        self._values: Whole = np.cumsum(values, dtype=np.int64)
        within = np.array(stamps, dtype=np.int64)
        self._stamps = np.where(within == _UNSTAMPED, _UNSTAMPED, self._ends[:-1] + within)
        self._buffer = np.frombuffer(bytearray(b"".join(packets)), dtype=np.uint8)
        self._digits = np.arange(DIGITS)

    def __len__(self) -> int:
        return len(self._due)

    @property
    def rate(self) -> float:
        """Messages a second at the pace at which they were said."""
        return len(self) * SECOND_MS / self.length

    def due(self, elapsed: float) -> int:
        """How many messages are due once ``elapsed`` milliseconds have gone by."""
        rounds, within = divmod(elapsed, self.length)
        # A whole number, or all of the tape would be made floats for each question, 46 MB of
        # a gigawatt's: then nothing stays in the cache of whoever shares it.
        return int(rounds) * len(self) + int(np.searchsorted(self._due, ceil(within)))

    def values(self, before: int) -> int:
        """How many of the messages before ``before`` are values and no metadata."""
        rounds, within = divmod(before, len(self))
        return rounds * int(self._values[-1]) + int(self._values[within])

    def packets(self, start: int, end: int, now: Instant) -> Iterator[memoryview]:
        """The messages from ``start`` on and before ``end``, said ``now``.

        They are good until more is asked for.
        """
        while start < end:
            first = start % len(self)
            last = min(first + end - start, len(self))
            yield self._stamped(first, last, now)
            start += last - first

    def last(self, topic: str, before: int) -> int | None:
        """The last message on ``topic`` of those before ``before``; None where there is none."""
        places = np.flatnonzero(self._said_on == self.topics.get(topic, -1))
        rounds, within = divmod(before, len(self))
        earlier = int(np.searchsorted(places, within))
        if earlier:
            return rounds * len(self) + int(places[earlier - 1])
        return (rounds - 1) * len(self) + int(places[-1]) if rounds and len(places) else None

    def payload(self, number: int) -> bytes:
        """What a message says; its time is when it was sent last."""
        place = number % len(self)
        packet = self._buffer[self._ends[place] : self._ends[place + 1]].tobytes()
        return packet[packet.rindex(b"{") :]

    def _stamped(self, first: int, last: int, now: Instant) -> memoryview:
        stamps = self._stamps[first:last]
        digits: npt.NDArray[np.uint8] = np.frombuffer(b"%013d" % now, dtype=np.uint8)
        self._buffer[(stamps[stamps != _UNSTAMPED])[:, None] + self._digits] = digits
        return self._buffer[self._ends[first] : self._ends[last]].data


def changes(plant: Plant, start: Instant, length: Millis, leave: Collection[str]) -> Tape:
    """What changes within a span, which is to end with a second.

    Args:
        plant: What speaks; its heartbeats are left out.
        start: When it begins.
        length: How long it lasts.
        leave: Values of topics with one of these in them are left out.
    """
    shown = {each.topic: _value(each.payload) for each in plant.values(start)}

    def said() -> Iterator[Said]:
        for topic, payload, at, retain in plant.messages(start, after(start, length)):
            if not retain and _is_told(topic, leave) and shown[topic] != _value(payload):
                shown[topic] = _value(payload)
                yield Said(Millis(at - start), topic, payload)

    return Tape(length, said())


def repeats(plant: Plant, start: Instant, leave: Collection[str]) -> Tape:
    """What is said whether it changes or not: every point, and what it is, each once in 100 s."""
    length = Millis(CADENCE_S * SECOND_MS)
    values, metadata = list(plant.values(start)), list(plant.metadata())
    said = []
    for place, (value, (topic, payload)) in enumerate(zip(values, metadata, strict=True)):
        within = place * SECOND_MS // len(values)
        due = Millis(place % CADENCE_S * SECOND_MS + within)
        if _is_told(value.topic, leave):
            said.append(Said(due, value.topic, value.payload))
        other = Millis((due + length // 2) % length)
        said.append(Said(other, topic, payload, retain=True))
    said.sort(key=lambda each: each.due)
    return Tape(length, said)


def everything(plant: Plant, start: Instant, seconds: int, leave: Collection[str]) -> Tape:
    """Every value of every point once a second, whether it changes or not."""

    def said() -> Iterator[Said]:
        for second in range(seconds):
            begin = second * SECOND_MS
            at = after(start, Millis(begin + SECOND_MS - 1))
            told = [each for each in plant.values(at) if _is_told(each.topic, leave)]
            for place, each in enumerate(told):
                due = Millis(begin + place * SECOND_MS // len(told))
                yield Said(due, each.topic, each.payload)

    return Tape(Millis(seconds * SECOND_MS), said())


def _is_told(topic: str, leave: Collection[str]) -> bool:
    return not any(part in topic for part in (_SYSTEMS, *leave))


def _value(payload: bytes) -> bytes:
    return payload[: payload.index(b",")]
