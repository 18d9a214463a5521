"""Link: one connection of our own client, which listens."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

from schemas.envelope import Envelope
from schemas.mqtt.packets import DISCONNECT, PINGREQ, connect, subscribe
from schemas.mqtt.receiver import Connack, Pingresp, ProtocolError, Suback
from services.broker.buffer import Buffer
from services.broker.client import HUNG_UP
from services.broker.connection import KEEPALIVE_S, BrokerError, address, credentials, identity, tls
from services.broker.connection import port as port_of
from services.settings import BrokerSettings
from twin.instants import Instant

PATIENCE_S: Final = 10.0
"""How long the broker may take to let us in."""

PING_S: Final = 10.0
"""How often we show that we are there. Twice this without a word of the broker: it is not."""

SPACING_S: Final = 0.005
"""Between the beginnings of two batches, so that what costs once a read or a batch costs once for
many messages. The first after a silence does not wait."""

BATCH: Final = 10_000
"""Messages of a batch at the most."""

_PACKET: Final = 1
_GRACE_S: Final = 1.0
_REFUSALS: Final = {
    1: "Unsupported protocol version",
    2: "Client identifier not valid",
    3: "Server unavailable",
    4: "Bad user name or password",
    5: "Not authorized",
}
"""Of CONNACK (MQTT 3.1.1, 3.2.2.3)."""


class Link(asyncio.Protocol):
    """Bytes of the broker into the buffer, for as long as there is room; acks and pings to it."""

    def __init__(self, where: str, buffer: Buffer, clock: Callable[[], Instant]) -> None:
        self._where = where
        self._buffer = buffer
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._alive: asyncio.TimerHandle | None = None
        self._heard_s = 0.0
        self._begun_s = 0.0
        self._said: list[Connack | Suback] = []
        self._let_in = False
        self._heeds = False
        self._paused = False
        self._lost: str | None = None
        self._news = asyncio.Event()
        self._closed = asyncio.Event()

    # -- what asyncio calls ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._heard_s = self._loop.time()
        self._alive = self._loop.call_later(PING_S, self._show)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and answer."""
        if self._lost is not None:
            return
        self._heard_s = self._loop.time()
        try:
            self._buffer.feed(data, self._clock())
        except ProtocolError as error:
            self._lose(f"breaks the protocol: {error}")
        events = self._buffer.events()
        self._said += [event for event in events if not isinstance(event, Pingresp)]
        self._say(self._buffer.answer())
        if self._heeds and self._buffer.full:
            self._pause()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if not self._let_in:
            self._lose(HUNG_UP if exc is None else f"{HUNG_UP}: {exc}")
        self._lose("hung up" if exc is None else str(exc))
        self._closed.set()

    # -- what whoever listens calls ----------------------------------------------------------------

    async def enter(self, hello: bytes) -> None:
        """Be let in.

        Raises:
            BrokerError: The broker does not.
        """
        self._say(hello)
        greeting = await self._answer()
        if isinstance(greeting, Connack) and greeting.code:
            text = _REFUSALS.get(greeting.code, "Connection refused")
            raise BrokerError(f"{self._where}: [code:{greeting.code}] {text}")
        self._let_in = True

    async def subscribe(self, topics: Sequence[str], qos: int) -> tuple[int, ...]:
        """Ask for topics; the QoS that each is granted, or that it is refused.

        Raises:
            BrokerError: There is no link any more, or it makes no sense.
        """
        self._say(subscribe(_PACKET, topics, qos))
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._answer()
        except TimeoutError:
            raise BrokerError(f"{self._where}: no answer to our subscription in time") from None
        if not isinstance(answer, Suback) or len(answer.codes) != len(topics):
            raise BrokerError(f"{self._where}: breaks the protocol: no answer to our subscription")
        self._heeds = True
        return answer.codes

    async def batch(self) -> list[Envelope]:
        """The next messages. Whoever asks is done with all before: these are acknowledged.

        Raises:
            BrokerError: The link is lost, and all that came is taken.
        """
        buffer = self._buffer
        buffer.settle()
        self._say(buffer.answer())
        rest_s = self._begun_s + SPACING_S - self._loop.time()
        if rest_s > 0 and buffer.waiting < BATCH:
            await self._rest(rest_s)
        await self._until(lambda: buffer.waiting > 0)
        self._begun_s = self._loop.time()
        batch = buffer.take(BATCH)
        if self._paused and buffer.roomy:
            self._resume()
        return batch

    async def leave(self) -> None:
        """Take leave of the broker, and hang up."""
        if self._transport is None:
            return
        self._say(DISCONNECT)
        self._transport.close()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_S):
                    await self._closed.wait()
        finally:
            self._transport.abort()

    # -- within ------------------------------------------------------------------------------------

    async def _rest(self, rest_s: float) -> None:
        """Let the socket gather: one read for all that comes meanwhile, not one for each."""
        if self._transport is not None and self._lost is None:
            self._transport.pause_reading()
        await asyncio.sleep(rest_s)
        if self._transport is not None and self._lost is None and not self._paused:
            self._transport.resume_reading()

    async def _answer(self) -> Connack | Suback:
        await self._until(lambda: bool(self._said))
        return self._said.pop(0)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if self._lost is not None:
                raise BrokerError(f"{self._where}: {self._lost}")
            self._news.clear()
            await self._news.wait()

    def _say(self, data: bytes) -> None:
        if data and self._lost is None and self._transport is not None:
            self._transport.write(data)

    def _show(self) -> None:
        """Show that we are there, and see that the broker is."""
        silent_s = self._loop.time() - self._heard_s
        if silent_s >= 2 * PING_S and not self._paused:
            self._lose("no sign of life")
            return
        self._say(PINGREQ)
        self._alive = self._loop.call_later(PING_S, self._show)

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
            self._buffer.pause()

    def _resume(self) -> None:
        self._paused = False
        self._buffer.resume()
        self._heard_s = self._loop.time()  # what it said meanwhile comes now
        if self._lost is None and self._transport is not None:
            self._transport.resume_reading()

    def _lose(self, why: str) -> None:
        """Note that there is no link any more, and hang up; the first reason counts."""
        if self._lost is not None or self._transport is None:
            return
        self._lost = why
        if self._alive is not None:
            self._alive.cancel()
        if self._paused:
            self._resume()
        self._transport.abort()
        self._news.set()


@asynccontextmanager
async def linked(
    settings: BrokerSettings, role: str, buffer: Buffer, clock: Callable[[], Instant]
) -> AsyncIterator[Link]:
    """Be let in by the broker for the length of a block; secrets are read anew each time.

    Args:
        settings: Where the broker is and who we are.
        role: Ends the client id, so that two processes of one installation can both be there.
        buffer: Where messages go.
        clock: Stamps what comes.

    Raises:
        BrokerError: There is no connection.
    """
    username, password = credentials(settings)
    hello = connect(
        identity(settings, role),
        username,
        password,
        clean=not settings.persistent,
        keep_alive_s=KEEPALIVE_S,
    )
    buffer.begin()
    link = Link(address(settings), buffer, clock)
    try:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await _open(link, settings)
                await link.enter(hello)
        except OSError as error:
            raise BrokerError(f"{address(settings)}: {_why(error)}") from error
        yield link
    finally:
        await link.leave()


async def _open(link: Link, settings: BrokerSettings) -> None:
    loop = asyncio.get_running_loop()
    host, secure = settings.url.host or "", tls(settings)
    await loop.create_connection(lambda: link, host, port_of(settings), ssl=secure)


def _why(error: OSError) -> str:
    """As the system calls it: asyncio has words of its own for it."""
    if isinstance(error, TimeoutError) and error.errno is None:
        return "no answer in time"
    if error.errno is not None and str(error.strerror).startswith("Connect call failed"):
        return f"[Errno {error.errno}] {os.strerror(error.errno)}"
    return str(error) or HUNG_UP
