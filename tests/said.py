"""What a broker says, as bytes."""

GREETING = b"\x20\x02\x00\x00"
RESUMED = b"\x20\x02\x01\x00"
PINGRESP = b"\xd0\x00"


def packet(kind: int, body: bytes) -> bytes:
    """A packet with its size."""
    size, encoded = len(body), bytearray([kind])
    while size > 127:
        encoded.append(size & 127 | 128)
        size >>= 7
    return bytes([*encoded, size]) + body


def message(
    payload: bytes,
    qos: int = 0,
    packet_id: int = 1,
    *,
    topic: bytes = b"a/b",
    retain: bool = False,
    again: bool = False,
) -> bytes:
    """A PUBLISH."""
    number = packet_id.to_bytes(2, "big") if qos else b""
    kind = 0x30 | qos << 1 | again << 3 | retain
    return packet(kind, len(topic).to_bytes(2, "big") + topic + number + payload)


def pubrel(packet_id: int) -> bytes:
    """A PUBREL."""
    return b"\x62\x02" + packet_id.to_bytes(2, "big")


def suback(*codes: int, packet_id: int = 1) -> bytes:
    """A SUBACK."""
    return packet(0x90, packet_id.to_bytes(2, "big") + bytes(codes))
