import pytest

from said import GREETING, PINGRESP, message, pubrel
from schemas.mqtt.packets import puback, pubcomp
from schemas.mqtt.receiver import Connack, Pingresp, ProtocolError
from services.broker.buffer import BYTES, Buffer
from twin.instants import Instant

NOW = Instant(1_800_000_000_000)


class Clock:
    """Seconds that go on when told to."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        """How late it is."""
        return self.s


def a_buffer(most: int = 10, clock: Clock | None = None) -> Buffer:
    buffer = Buffer(most, clock or Clock())
    buffer.feed(GREETING, NOW)
    return buffer


def test_what_waits_is_known_and_since_when() -> None:
    buffer = a_buffer()
    assert (buffer.waiting, buffer.oldest) == (0, None)
    buffer.feed(message(b"1"), NOW)
    buffer.feed(message(b"2"), Instant(NOW + 5))
    assert (buffer.waiting, buffer.oldest) == (2, NOW)
    assert [one.payload for one in buffer.take(1)] == [b"1"]
    assert (buffer.waiting, buffer.oldest) == (1, NOW + 5)


def test_it_is_full_past_its_bound_and_roomy_at_half_of_it() -> None:
    buffer = a_buffer(most=4)
    buffer.feed(message(b"1") * 4, NOW)
    assert not buffer.full
    buffer.feed(message(b"1"), NOW)
    assert buffer.full
    assert not buffer.roomy
    buffer.take(2)
    assert (buffer.full, buffer.roomy) == (False, False)
    buffer.take(1)
    assert buffer.roomy


def test_few_messages_may_be_full_too() -> None:
    buffer = a_buffer(most=1_000)
    large = message(b"x" * 1_000_000)
    for _ in range(BYTES // len(large) + 1):
        buffer.feed(large, NOW)
    assert buffer.full
    buffer.take(BYTES // len(large) // 2)
    assert not buffer.roomy
    buffer.take(2)
    assert buffer.roomy


def test_messages_are_acknowledged_when_they_are_safe_and_not_when_they_are_taken() -> None:
    buffer = a_buffer()
    buffer.feed(message(b"1", 1, 7), NOW)
    buffer.take(10)
    assert buffer.answer() == b""
    buffer.settle()
    assert buffer.answer() == puback(7)
    assert buffer.answer() == b""


def test_what_waits_for_nothing_is_answered_at_once() -> None:
    buffer = a_buffer()
    buffer.feed(pubrel(7), NOW)
    assert buffer.answer() == pubcomp(7)
    assert buffer.answer() == b""


def test_what_is_no_message_is_told_once() -> None:
    buffer = a_buffer()
    buffer.feed(PINGRESP, NOW)
    assert buffer.events() == [Connack(session_present=False, code=0), Pingresp()]
    assert buffer.events() == []


def test_pauses_are_counted_and_measured_even_while_they_last() -> None:
    clock = Clock()
    buffer = a_buffer(clock=clock)
    assert (buffer.pauses, buffer.paused_s) == (0, 0)
    buffer.pause()
    clock.s = 2
    assert (buffer.pauses, buffer.paused_s) == (1, 2)
    buffer.resume()
    clock.s = 5
    assert buffer.paused_s == 2
    buffer.pause()
    clock.s = 6
    assert (buffer.pauses, buffer.paused_s) == (2, 3)


def test_a_broken_connection_is_counted_and_another_one_begins_anew() -> None:
    buffer = a_buffer()
    with pytest.raises(ProtocolError):
        buffer.feed(message(b"1") + b"\xf0\x00", NOW)
    buffer.begin()
    buffer.feed(GREETING + message(b"2"), NOW)
    assert buffer.broken == 1
    assert [one.payload for one in buffer.take(10)] == [b"1", b"2"]
