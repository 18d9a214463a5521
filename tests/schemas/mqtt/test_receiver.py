from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from said import GREETING, PINGRESP, RESUMED, message, packet, pubrel, suback
from schemas.envelope import Envelope
from schemas.mqtt.packets import puback, pubcomp, pubrec
from schemas.mqtt.receiver import Connack, Pingresp, ProtocolError, Receiver, Suback
from twin.instants import Instant

NOW = Instant(1_800_000_000_000)


def greeted(largest: int = 20_000, greeting: bytes = GREETING) -> Receiver:
    receiver = Receiver(largest)
    receiver.feed(greeting, NOW)
    receiver.events.clear()
    return receiver


def heard(receiver: Receiver) -> list[bytes]:
    return [one.payload for one in receiver.messages]


def test_a_message_is_told_as_it_came() -> None:
    receiver = greeted()
    receiver.feed(message(b"1") + message(b"2", retain=True), NOW)
    assert receiver.messages == [
        Envelope("a/b", b"1", NOW),
        Envelope("a/b", b"2", NOW, retain=True),
    ]
    assert (receiver.came, receiver.acks(2), bytes(receiver.answers)) == (2, b"", b"")


@pytest.mark.parametrize("length", [0, 122, 123, 16_378, 16_379, 19_000])
def test_payloads_of_any_length_are_told(length: int) -> None:
    receiver = greeted()
    receiver.feed(message(b"x" * length) + message(b"next"), NOW)
    assert heard(receiver) == [b"x" * length, b"next"]


STREAM = (
    GREETING
    + message(b"1")
    + suback(0, 1, 2, 128)
    + message(b"x" * 200, 1, 7, retain=True)
    + message(b"y" * 17_000)
    + message(b"2", 2, 8)
    + PINGRESP
    + message(b"2", 2, 8, again=True)
    + pubrel(8)
    + message("käse".encode(), topic="käse".encode())
)


def told(pieces: list[bytes]) -> tuple[list[Envelope], object, bytes, bytes]:
    receiver = Receiver(20_000)
    for piece in pieces:
        receiver.feed(piece, NOW)
    return receiver.messages, receiver.events, bytes(receiver.answers), receiver.acks(9)


def test_what_a_broker_says_is_told_by_kind() -> None:
    messages, events, answers, acks = told([STREAM])
    payloads = [b"1", b"x" * 200, b"y" * 17_000, b"2", "käse".encode()]
    assert [one.payload for one in messages] == payloads
    assert [one.retain for one in messages] == [False, True, False, False, False]
    assert messages[-1].topic == "käse"
    assert events == [Connack(session_present=False, code=0), Suback(1, (0, 1, 2, 128)), Pingresp()]
    assert answers == pubcomp(8)
    assert acks == puback(7) + pubrec(8) + pubrec(8)


def test_bytes_may_come_one_by_one() -> None:
    assert told([STREAM[i : i + 1] for i in range(len(STREAM))]) == told([STREAM])


@given(st.lists(st.integers(0, len(STREAM))))
def test_however_bytes_are_cut_the_same_is_told(cuts: list[int]) -> None:
    places = sorted({0, len(STREAM), *cuts})
    assert told([STREAM[a:b] for a, b in pairwise(places)]) == told([STREAM])


def test_a_message_is_stamped_when_the_last_of_it_comes() -> None:
    receiver, whole = greeted(), message(b"1")
    receiver.feed(whole[:-1], NOW)
    receiver.feed(whole[-1:], Instant(NOW + 5))
    assert [one.received_at for one in receiver.messages] == [NOW + 5]


def test_messages_are_taken_once_the_oldest_first() -> None:
    receiver = greeted()
    receiver.feed(b"".join(message(b"%d" % number) for number in range(5)), NOW)
    assert [one.payload for one in receiver.take(3)] == [b"0", b"1", b"2"]
    assert (receiver.taken, receiver.came) == (3, 5)
    assert [one.payload for one in receiver.take(9)] == [b"3", b"4"]
    assert receiver.take(9) == []


def test_acks_wait_until_their_messages_are_safe() -> None:
    receiver = greeted()
    receiver.feed(message(b"0") + message(b"1", 1, 7) + message(b"2", 2, 8), NOW)
    assert receiver.acks(1) == b""
    assert receiver.acks(2) == puback(7)
    assert receiver.acks(3) == pubrec(8)
    assert receiver.acks(3) == b""


def test_what_comes_again_at_qos_1_is_told_again() -> None:
    receiver = greeted()
    receiver.feed(message(b"1", 1, 7) + message(b"1", 1, 7, again=True), NOW)
    assert heard(receiver) == [b"1", b"1"]


def test_what_comes_again_at_qos_2_is_told_once_until_its_number_is_free() -> None:
    receiver = greeted()
    receiver.feed(message(b"1", 2, 7) + message(b"1", 2, 7, again=True), NOW)
    assert heard(receiver) == [b"1"]
    assert receiver.acks(1) == pubrec(7) * 2
    receiver.feed(pubrel(7) + message(b"2", 2, 7), NOW)
    assert heard(receiver) == [b"1", b"2"]
    assert receiver.answers == pubcomp(7)


def test_a_number_nobody_holds_is_given_free_all_the_same() -> None:
    receiver = greeted()
    receiver.feed(pubrel(9), NOW)
    assert receiver.answers == pubcomp(9)


def test_another_connection_begins_anew_but_for_the_messages() -> None:
    receiver = greeted()
    receiver.feed(message(b"1", 1, 7) + pubrel(9) + PINGRESP + message(b"half")[:4], NOW)
    receiver.begin()
    assert not [*receiver.events, *receiver.answers, *receiver.acks(9)]
    receiver.feed(GREETING + message(b"2"), NOW)
    assert heard(receiver) == [b"1", b"2"]


@pytest.mark.parametrize(("greeting", "again"), [(RESUMED, []), (GREETING, [b"1"])])
def test_numbers_are_held_for_as_long_as_the_session(greeting: bytes, again: list[bytes]) -> None:
    receiver = greeted(greeting=RESUMED)
    receiver.feed(message(b"1", 2, 7), NOW)
    receiver.begin()
    receiver.feed(greeting + message(b"1", 2, 7, again=True), NOW)
    assert heard(receiver) == [b"1", *again]
    assert receiver.acks(2) == pubrec(7)


def test_a_refusal_is_told() -> None:
    receiver = Receiver()
    receiver.feed(b"\x20\x02\x00\x05", NOW)
    assert receiver.events == [Connack(session_present=False, code=5)]


BROKEN = {
    "no UTF-8": (message(b"1", topic=b"a\xff"), "not UTF-8"),
    "no UTF-8, at QoS 1": (message(b"1", 1, topic=b"\xed\xa0\x80"), "not UTF-8"),
    "a wildcard": (message(b"1", topic=b"a/#"), "no topic to publish on: 'a/#'"),
    "another wildcard": (message(b"1", topic=b"a/+/b"), "no topic"),
    "a NUL": (message(b"1", topic=b"a\0b"), r"no topic to publish on: 'a\\x00b'"),
    "a wildcard, at QoS 1": (message(b"1", 1, topic=b"#"), "no topic"),
    "no topic": (message(b"1", topic=b""), "no topic"),
    "no topic, at QoS 2": (message(b"1", 2, topic=b""), "no topic"),
    "a topic longer than its packet": (b"\x30\x05\x00\x09abc", "no topic"),
    "the same before another packet": (b"\x30\x05\x00\x05abc" + message(b"1"), "no topic"),
    "the same, at QoS 1": (b"\x32\x05\x00\x09abc", "broken message 0x32 of 5 bytes"),
    "a message of nothing": (b"\x30\x00", "broken message 0x30 of 0 bytes"),
    "a message of two bytes": (b"\x30\x02\x00\x01", "broken message"),
    "a message of QoS 3": (message(b"1", 3), "broken message 0x36"),
    "a repetition of QoS 0": (message(b"1", again=True), "broken message 0x38"),
    "number 0": (message(b"1", 1, 0), "broken message 0x32"),
    "no number": (b"\x34\x03\x00\x01a", "broken message 0x34"),
    "a PUBREL of number 0": (pubrel(0), "PUBREL without"),
    "a PUBREL without number": (b"\x62\x00", "PUBREL without"),
    "a PUBREL with reserved bits": (b"\x60\x02\x00\x01", "packet 0x60 of 2 bytes"),
    "a second greeting": (GREETING, "0x20 where a greeting was due, or was over"),
    "a SUBACK of nothing": (suback(), "a SUBACK that is none"),
    "a SUBACK without number": (b"\x90\x01\x01", "a SUBACK that is none"),
    "a SUBACK of QoS 3": (suback(3), "a SUBACK that is none"),
    "a PINGRESP with a body": (b"\xd0\x01x", "packet 0xd0 of 1 bytes"),
    "what only clients say": (b"\xc0\x00", "packet 0xc0"),
    "what answers nothing of ours": (puback(1), "packet 0x40"),
    "kind 0": (b"\x00\x00", "packet 0x00"),
    "kind 15": (b"\xf0\x00", "packet 0xf0"),
    "a size without end": (b"\x30\xff\xff\xff\xff", "size of a packet has no end"),
    "a size over the limit": (b"\x30\xa1\x9c\x01", "a packet of 20001 bytes, limit 20000"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_protocol_is_named_and_what_came_before_is_there(name: str) -> None:
    said, why = BROKEN[name]
    receiver = greeted()
    with pytest.raises(ProtocolError, match=why):
        receiver.feed(message(b"before") + said, NOW)
    assert heard(receiver) == [b"before"]


@pytest.mark.parametrize(
    "said", [message(b"1"), message(b"1", 1), PINGRESP, b"\x20\x01\x00", b"\x20\x02\x02\x00"]
)
def test_whoever_does_not_greet_is_no_broker(said: bytes) -> None:
    with pytest.raises(ProtocolError):
        Receiver().feed(said, NOW)


def test_a_packet_as_large_as_may_be_is_told() -> None:
    receiver = greeted()
    receiver.feed(message(b"x" * 19_995), NOW)
    assert heard(receiver) == [b"x" * 19_995]


WORDS = st.sampled_from(
    [
        *(said for said, _ in BROKEN.values()),
        *(GREETING, RESUMED, PINGRESP, message(b"1"), message(b"1", 1), message(b"1", 2)),
        *(pubrel(1), suback(1), packet(0x30, b""), b"\x30", b"\x80", b"\xff"),
    ]
)


@given(st.lists(st.binary(max_size=30) | WORDS))
@example([GREETING, b"\x30\xff\xff", b"\x7f"])
def test_garbage_breaks_the_protocol_and_nothing_else(pieces: list[bytes]) -> None:
    receiver = Receiver(20_000)
    said = 0
    for piece in pieces:
        said += len(piece)
        try:
            receiver.feed(piece, NOW)
        except ProtocolError:
            break
    assert receiver.came <= said
    assert sum(len(one.payload) for one in receiver.messages) <= said


@given(st.lists(st.binary(max_size=30) | WORDS), st.integers(1, 5))
def test_garbage_is_the_same_however_it_is_cut(pieces: list[bytes], step: int) -> None:
    whole = GREETING + b"".join(pieces)
    ends = []
    for size in (len(whole), step):
        receiver, why = Receiver(20_000), ""
        try:
            for place in range(0, len(whole), size):
                receiver.feed(whole[place : place + size], NOW)
        except ProtocolError as error:
            why = str(error)
        ends.append((receiver.messages, receiver.events, bytes(receiver.answers), why))
    assert ends[0] == ends[1]
