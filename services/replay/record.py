"""Record: take down what the broker says."""

import asyncio
from collections.abc import AsyncIterable, Sequence
from typing import Final

from schemas.envelope import Envelope
from services.replay.files import Recorder

FLUSH_S: Final = 0.5
"""How much a kill can cost: under a second, with the time a flush takes."""


async def record(
    batches: AsyncIterable[Sequence[Envelope]], recorder: Recorder, duration_s: float | None = None
) -> int:
    """Take batches down until they end, the time is over or we are cancelled; their messages.

    Args:
        batches: As ``listen`` gives them.
        recorder: Where to; whoever opened it closes it.
        duration_s: How long; without one for as long as they come.
    """
    limit = asyncio.timeout(duration_s)
    async with asyncio.TaskGroup() as tasks:
        flushing = tasks.create_task(_flush(recorder))
        try:
            async with limit:
                async for batch in batches:
                    recorder.write(batch)
        except TimeoutError:
            if not limit.expired():
                raise
        finally:
            flushing.cancel()
            recorder.flush()
    return recorder.taken


async def _flush(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        recorder.flush()
