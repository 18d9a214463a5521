import pytest

from schemas.mqtt.packets import (
    DISCONNECT,
    PINGREQ,
    Will,
    connect,
    puback,
    pubcomp,
    publish,
    pubrec,
    subscribe,
)


def test_connect_says_who_we_are() -> None:
    assert connect("a", keep_alive_s=15) == b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0f\x00\x01a"


def test_a_session_may_be_kept() -> None:
    assert connect("a", clean=False)[9] == 0


def test_user_and_password_follow_the_client_id() -> None:
    packet = connect("a", "me", "s3cret")
    assert packet[9] == 0b1100_0010
    assert packet.endswith(b"\x00\x01a\x00\x02me\x00\x06s3cret")


def test_a_user_may_have_no_password() -> None:
    assert connect("a", "me")[9] == 0b1000_0010


def test_a_password_without_a_user_is_not_said() -> None:
    assert connect("a", None, "s3cret") == connect("a")


@pytest.mark.parametrize(
    ("will", "flags"),
    [
        (Will("gone", b"1"), 0b0000_0110),
        (Will("gone", b"1", qos=1), 0b0000_1110),
        (Will("gone", b"1", qos=2, retain=True), 0b0011_0110),
    ],
)
def test_a_will_stands_before_the_user(will: Will, flags: int) -> None:
    packet = connect("a", "me", will=will)
    assert packet[9] == flags | 0b1000_0000
    assert packet.endswith(b"\x00\x01a\x00\x04gone\x00\x011\x00\x02me")


def test_topics_are_asked_for_at_one_qos() -> None:
    assert subscribe(258, ["a/#", "b"], 1) == b"\x82\x0c\x01\x02\x00\x03a/#\x01\x00\x01b\x01"


@pytest.mark.parametrize(
    ("length", "size"),
    [(122, b"\x7f"), (123, b"\x80\x01"), (16_378, b"\xff\x7f"), (16_379, b"\x80\x80\x01")],
)
def test_a_size_takes_as_many_bytes_as_it_needs(length: int, size: bytes) -> None:
    packet = subscribe(1, ["a" * length], 0)
    assert packet[1 : 1 + len(size)] == size
    assert len(packet) == 1 + len(size) + length + 5


def test_what_does_not_fit_into_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="65536 bytes in a field of 65535"):
        connect("a" * 65_536)


def test_what_does_not_fit_into_a_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        subscribe(1, ["a" * 65_535] * 4_100, 0)


def test_acks_carry_the_number_of_the_message() -> None:
    assert (puback(258), pubrec(258), pubcomp(258)) == (
        b"\x40\x02\x01\x02",
        b"\x50\x02\x01\x02",
        b"\x70\x02\x01\x02",
    )


def test_what_has_no_body_is_two_bytes() -> None:
    assert (PINGREQ, DISCONNECT) == (b"\xc0\x00", b"\xe0\x00")


def test_a_message_is_published_as_it_is_and_kept_where_that_is_asked_for() -> None:
    assert publish("a/b", b"12") == b"\x30\x07\x00\x03a/b12"
    assert publish("a/b", b"12", retain=True) == b"\x31\x07\x00\x03a/b12"
