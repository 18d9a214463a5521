"""Client: aiomqtt's, with what it leaves undone when a connection breaks."""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiomqtt

T = TypeVar("T")

HUNG_UP: Final = "hung up before it let us in (does it want TLS, or a client's certificate?)"


class Client(aiomqtt.Client):
    """A client that leaves neither socket nor task behind and does not wait for what cannot come.

    Where aiomqtt is mended, and why:

    - It forgets socket and tasks when an attempt is refused, cancelled or broken half-way.
    - It waits its time when the broker hangs up before it answered an attempt or a message.
    - It waits with ``wait_for``, which in Python 3.11 loses a cancellation that comes together
      with the answer.
    - It may wait to write to a socket that is closed.
    """

    _left = False

    async def __aenter__(self) -> Self:
        try:
            return await super().__aenter__()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            await super().__aexit__(exc_type, exc, tb)
        finally:
            self._leave()

    async def send(self, topic: str, payload: bytes, *, retain: bool, qos: int) -> None:
        """Publish; back when it is written (QoS 0) or acknowledged (QoS 1).

        Raises:
            aiomqtt.MqttError: The connection is lost; nobody knows whether the message is.
        """
        await self.publish(topic, payload, qos, retain)
        if self._left or self._disconnected.done():
            raise aiomqtt.MqttError("lost while a message was on its way")

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("no answer in time") from None

    def _on_disconnect(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # paho's
        if not (self._left or self._connected.done()):
            self._connected.set_exception(aiomqtt.MqttError(HUNG_UP))
        if not (self._left or self._connected.cancelled()):  # else nobody asks any more
            super()._on_disconnect(*args, **kwargs)
        for sent in self._pending_publishes.values():
            sent.set()

    def _on_socket_open(self, *args: Any) -> None:  # noqa: ANN401  # paho's, in a thread
        super()._on_socket_open(*args)
        self._loop.call_soon_threadsafe(self._opened)

    def _opened(self) -> None:
        if self._left:  # cancelled while the thread was still busy
            self._leave()

    def _on_socket_register_write(self, client: Any, userdata: object, sock: Any) -> None:  # noqa: ANN401, ARG002
        self._loop.call_soon_threadsafe(self._write_when_able, client, sock)

    def _write_when_able(self, client: Any, sock: Any) -> None:  # noqa: ANN401
        # Not before: a number may be another socket's by then, and the loop would spin.
        if sock.fileno() != -1:
            self._loop.add_writer(sock.fileno(), client.loop_write)

    def _leave(self) -> None:
        self._left = True
        self._client.disconnect()
        if self._misc_task is not None:
            self._misc_task.cancel()
        for end in (self._connected, self._disconnected):
            if end.done() and not end.cancelled():
                end.exception()  # known, so that asyncio does not complain of it
