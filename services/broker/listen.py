"""Listen: what the broker says, batch by batch, for as long as we live."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from schemas.envelope import Envelope
from services.broker.backoff import Backoff, Jitter
from services.broker.connection import BrokerError
from services.broker.hear import hearing
from services.broker.hear_aiomqtt import hearing_by_aiomqtt
from services.broker.status import Status
from services.clock import wall_clock
from services.settings import BrokerSettings
from twin.instants import Instant


async def listen(
    settings: BrokerSettings,
    role: str,
    status: Status,
    clock: Callable[[], Instant] = wall_clock,
    jitter: Jitter = random.uniform,
) -> AsyncGenerator[list[Envelope], None]:
    """Yield what comes on the topics of the settings; after a loss come back and go on.

    Never ends by itself. Close it (``contextlib.aclosing``) to leave the broker in good order.
    Whoever asks for the next batch is done with the one before: it is acknowledged then.

    Args:
        settings: Where the broker is, who we are, what we want to hear.
        role: Ends the client id: ``live``, ``history``, ``record``.
        status: Kept up to date.
        clock: Stamps messages when they come.
        jitter: Draws the waits between attempts.
    """
    by = hearing if settings.client == "own" else hearing_by_aiomqtt
    hear = by(settings, role, status, clock)
    loop = asyncio.get_running_loop()
    backoff = Backoff(jitter)
    while True:
        began_s = loop.time()
        try:
            async with aclosing(hear()) as batches:
                async for batch in batches:
                    yield batch
        except BrokerError as error:
            status.down(str(error), clock())
        await asyncio.sleep(backoff.wait_s(loop.time() - began_s))
