"""Straight: whoever subscribes is fed, with no broker between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic_core import Url

_CONNECT, _SUBSCRIBE, _PINGREQ = 1, 8, 12  # MQTT 3.1.1, 2.2.1
_CONNACK: Final = b"\x20\x02\x00\x00"
_PINGRESP: Final = b"\xd0\x00"
_SUBACK: Final = b"\x90"
_MORE: Final = 0x80
"""Of a byte of a size: another one follows."""


@asynccontextmanager
async def straight(url: Url) -> AsyncIterator[asyncio.StreamWriter]:
    """The line to the first client that subscribed at this address, to anything.

    It is let in whoever it is, and gets what is written at QoS 0; as the line is TCP's, whoever
    writes waits for whoever reads.
    """
    subscribed: asyncio.Future[asyncio.StreamWriter] = asyncio.Future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                kind, body = await _packet(reader)
                if kind == _CONNECT:
                    writer.write(_CONNACK)
                elif kind == _SUBSCRIBE:
                    codes = bytes(_filters(body))
                    writer.write(_SUBACK + bytes([2 + len(codes)]) + body[:2] + codes)
                    if not subscribed.done():
                        subscribed.set_result(writer)
                elif kind == _PINGREQ:
                    writer.write(_PINGRESP)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(answer, url.host, url.port)
    try:
        yield await subscribed
    finally:
        server.close()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Its type, and all behind its size."""
    (head,) = await reader.readexactly(1)
    size = shift = 0
    more = _MORE
    while more & _MORE:
        (more,) = await reader.readexactly(1)
        size |= (more & ~_MORE) << shift
        shift += 7
    return head >> 4, await reader.readexactly(size)


def _filters(body: bytes) -> int:
    """How many topic filters a SUBSCRIBE has."""
    count, place = 0, 2
    while place < len(body):
        place += 2 + int.from_bytes(body[place : place + 2], "big") + 1
        count += 1
    return count
