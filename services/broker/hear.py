"""Hear: what the broker says to our own client, over one connection after the other."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable

from schemas.envelope import Envelope
from schemas.mqtt.receiver import REFUSED
from services.broker.buffer import Buffer
from services.broker.link import Link, linked
from services.broker.status import Status
from services.settings import BrokerSettings
from twin.instants import Instant

_log = logging.getLogger(__name__)

Hear = Callable[[], AsyncGenerator[list[Envelope], None]]
"""Gives the batches of one connection, and raises ``BrokerError`` at its end."""


def hearing(
    settings: BrokerSettings, role: str, status: Status, clock: Callable[[], Instant]
) -> Hear:
    """Hear by our own client: what it reads in one turn of the loop comes in one go.

    A batch is acknowledged once the next one is asked for. While more waits than there is room for,
    nothing is read, and the broker keeps what it has for us.
    """
    status.inbox = buffer = Buffer(settings.inbox, asyncio.get_running_loop().time)

    async def hear() -> AsyncGenerator[list[Envelope], None]:
        async with linked(settings, role, buffer, clock) as link:
            status.refuse(await _subscribe(link, settings))
            status.up(clock())
            while True:
                yield await link.batch()

    return hear


async def _subscribe(link: Link, settings: BrokerSettings) -> list[str]:
    """The topics that were refused."""
    granted = dict(
        zip(settings.topics, await link.subscribe(settings.topics, settings.qos), strict=True)
    )
    weaker = [topic for topic, code in granted.items() if code < settings.qos]
    if weaker:
        _log.warning("The broker grants a lower QoS than was asked for", extra={"topics": weaker})
    return [topic for topic, code in granted.items() if code == REFUSED]
