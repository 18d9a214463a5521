"""Hear by aiomqtt: the other client, which reads one packet in a turn of the loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final

import aiomqtt

from schemas.envelope import Envelope
from schemas.mqtt.receiver import REFUSED
from services.broker.connection import connect
from services.broker.hear import Hear
from services.broker.inbox import Inbox
from services.broker.status import Status
from services.settings import BrokerSettings
from twin.instants import Instant

GATHER_S: Final = 0.005  # a third less work a message than taking each at once
"""How long a first message waits for others to make a batch with."""


def hearing_by_aiomqtt(
    settings: BrokerSettings, role: str, status: Status, clock: Callable[[], Instant]
) -> Hear:
    """Hear by aiomqtt at QoS 0: where messages come faster than they are taken, the oldest go."""
    status.inbox = inbox = Inbox[aiomqtt.Message](settings.inbox)

    async def hear() -> AsyncGenerator[list[Envelope], None]:
        async with connect(settings, role, inbox) as client:
            status.refuse(await _subscribe(client, settings.topics))
            status.up(clock())
            async for message in client.messages:
                await asyncio.sleep(GATHER_S)
                yield _envelopes([message, *inbox.drain()], clock())

    return hear


async def _subscribe(client: aiomqtt.Client, topics: tuple[str, ...]) -> list[str]:
    """Subscribe at QoS 0, as the bus carries its values; the topics that were refused."""
    codes = await client.subscribe([(topic, 0) for topic in topics])
    numbers = [code if isinstance(code, int) else code.value for code in codes]
    return [topic for topic, number in zip(topics, numbers, strict=True) if number >= REFUSED]


def _envelopes(messages: list[aiomqtt.Message], at: Instant) -> list[Envelope]:
    return [
        Envelope(message.topic.value, message.payload, at, message.retain) for message in messages
    ]
