"""Listen: what the broker says, batch by batch, for as long as we live."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from typing import Final

import aiomqtt

from schemas.envelope import Envelope
from services.broker.backoff import Backoff, Jitter
from services.broker.connection import BrokerError, connect
from services.broker.inbox import Inbox
from services.broker.status import Status
from services.clock import wall_clock
from services.settings import BrokerSettings
from twin.instants import Instant

GATHER_S: Final = 0.005  # a third less work a message than taking each at once
"""How long a first message waits for others to make a batch with."""

_REFUSED: Final = 0x80  # SUBACK codes from here on


async def listen(
    settings: BrokerSettings,
    role: str,
    status: Status,
    clock: Callable[[], Instant] = wall_clock,
    jitter: Jitter = random.uniform,
) -> AsyncGenerator[list[Envelope], None]:
    """Yield what comes on the topics of the settings; after a loss come back and go on.

    Never ends by itself. Close it (``contextlib.aclosing``) to leave the broker in good order.

    Args:
        settings: Where the broker is, who we are, what we want to hear.
        role: Ends the client id: ``live``, ``history``, ``record``.
        status: Kept up to date.
        clock: Stamps a batch when it is taken.
        jitter: Draws the waits between attempts.
    """
    status.inbox = inbox = Inbox[aiomqtt.Message](settings.inbox)
    loop = asyncio.get_running_loop()
    backoff = Backoff(jitter)
    while True:
        began_s = loop.time()
        try:
            async with connect(settings, role, inbox) as client:
                status.refuse(await _subscribe(client, settings.topics))
                status.up(clock())
                async for message in client.messages:
                    await asyncio.sleep(GATHER_S)
                    yield _envelopes([message, *inbox.drain()], clock())
        except BrokerError as error:
            status.down(str(error), clock())
        await asyncio.sleep(backoff.wait_s(loop.time() - began_s))


async def _subscribe(client: aiomqtt.Client, topics: tuple[str, ...]) -> list[str]:
    """Subscribe at QoS 0, as the bus carries its values; the topics that were refused."""
    codes = await client.subscribe([(topic, 0) for topic in topics])
    numbers = [code if isinstance(code, int) else code.value for code in codes]
    return [topic for topic, number in zip(topics, numbers, strict=True) if number >= _REFUSED]


def _envelopes(messages: list[aiomqtt.Message], at: Instant) -> list[Envelope]:
    return [
        Envelope(message.topic.value, message.payload, at, message.retain) for message in messages
    ]
