"""Publish: say things on the broker, and after a loss come back and go on."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Protocol

import aiomqtt

from services.broker.backoff import Jitter, waits
from services.broker.client import Client
from services.broker.connection import BrokerError, connect
from services.broker.status import Status
from services.clock import wall_clock
from services.settings import BrokerSettings


class Publish(Protocol):
    """What ``publisher`` gives; a test gives a list in its place."""

    async def __call__(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0
    ) -> None:
        """Send a message; back when it is written (QoS 0) or acknowledged (QoS 1)."""


@asynccontextmanager
async def publisher(
    settings: BrokerSettings, role: str, jitter: Jitter = random.uniform
) -> AsyncIterator[Publish]:
    """Give a ``Publish`` for the length of a block.

    Once connected it rides out every loss: a call waits until the broker is back, then sends.
    QoS 0 that was on its way at that moment is gone.

    Raises:
        BrokerError: The broker cannot be reached at the start.
    """
    async with _Publisher(settings, role, jitter) as publish:
        yield publish


class _Publisher:
    """A connection that is renewed when a message does not go out; calls take turns."""

    def __init__(self, settings: BrokerSettings, role: str, jitter: Jitter) -> None:
        self._settings = settings
        self._role = role
        self._jitter = jitter
        self._status = Status()
        self._turn = asyncio.Lock()
        self._connection = AsyncExitStack()
        self._client: Client | None = None

    async def __aenter__(self) -> Publish:
        self._client = await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def __call__(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0
    ) -> None:
        async with self._turn:
            delays = waits(self._jitter)
            while True:
                try:
                    self._client = self._client or await self._connect()
                    await self._client.send(topic, payload, retain=retain, qos=qos)
                except (aiomqtt.MqttError, BrokerError) as error:
                    self._status.down(str(error), wall_clock())
                    await self._leave()
                    await asyncio.sleep(next(delays))
                except ValueError as error:
                    raise BrokerError(f"cannot publish on {topic!r}: {error}") from error
                else:
                    return

    async def _connect(self) -> Client:
        client = await self._connection.enter_async_context(connect(self._settings, self._role))
        self._status.up(wall_clock())
        return client

    async def _leave(self) -> None:
        self._client = None
        with suppress(BrokerError):  # it is the broken one that we leave
            await self._connection.aclose()
