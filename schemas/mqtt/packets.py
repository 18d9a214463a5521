"""Packets: what a client says to a broker (MQTT 3.1.1, chapter 3)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"

_PROTOCOL: Final = b"\x00\x04MQTT\x04"
_CLEAN: Final = 0x02
_WILL: Final = 0x04
_WILL_RETAIN: Final = 0x20
_PASSWORD: Final = 0x40
_USERNAME: Final = 0x80
_TEXT_MOST: Final = 0xFFFF
_SIZE_MOST: Final = 0x0FFF_FFFF
_MORE: Final = 0x80
"""Of a byte of a size: another one follows."""


class Will(NamedTuple):
    """What the broker is to say for us when we are lost."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


def connect(
    client_id: str,
    username: str | None = None,
    password: str | None = None,
    will: Will | None = None,
    *,
    clean: bool = True,
    keep_alive_s: int = 0,
) -> bytes:
    """CONNECT; a password goes with a user name only (3.1.2.9).

    Args:
        client_id: Who we are.
        username: Of the account.
        password: Or a token.
        will: Said when we are lost.
        clean: Whether the broker forgets what it kept of us, and keeps nothing.
        keep_alive_s: It may cut us off after one and a half times this without a word.
    """
    flags = _CLEAN if clean else 0
    fields = [_text(client_id)]
    if will is not None:
        flags |= _WILL | will.qos << 3 | (_WILL_RETAIN if will.retain else 0)
        fields += [_text(will.topic), _short(will.payload)]
    if username is not None:
        flags |= _USERNAME
        fields.append(_text(username))
        if password is not None:
            flags |= _PASSWORD
            fields.append(_text(password))
    head = _PROTOCOL + bytes([flags]) + keep_alive_s.to_bytes(2, "big")
    return _packet(0x10, head + b"".join(fields))


def subscribe(packet_id: int, topics: Sequence[str], qos: int) -> bytes:
    """SUBSCRIBE, all at one QoS."""
    wanted = b"".join(_text(topic) + bytes([qos]) for topic in topics)
    return _packet(0x82, packet_id.to_bytes(2, "big") + wanted)


def publish(topic: str, payload: bytes, *, retain: bool = False) -> bytes:
    """PUBLISH at QoS 0, which nobody answers."""
    return _packet(0x31 if retain else 0x30, _text(topic) + payload)


def puback(packet_id: int) -> bytes:
    """PUBACK: a message of QoS 1 need not come again."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def pubrec(packet_id: int) -> bytes:
    """PUBREC: a message of QoS 2 need not come again."""
    return b"\x50\x02" + packet_id.to_bytes(2, "big")


def pubcomp(packet_id: int) -> bytes:
    """PUBCOMP: its number may be another's."""
    return b"\x70\x02" + packet_id.to_bytes(2, "big")


def _packet(kind: int, body: bytes) -> bytes:
    size, encoded = len(body), bytearray([kind])
    if size > _SIZE_MOST:
        raise ValueError(f"a packet of {size} bytes is too long")
    while size >= _MORE:
        encoded.append(size & 0x7F | _MORE)
        size >>= 7
    encoded.append(size)
    return bytes(encoded) + body


def _text(text: str) -> bytes:
    return _short(text.encode())


def _short(data: bytes) -> bytes:
    if len(data) > _TEXT_MOST:
        raise ValueError(f"{len(data)} bytes in a field of {_TEXT_MOST} at the most")
    return len(data).to_bytes(2, "big") + data
