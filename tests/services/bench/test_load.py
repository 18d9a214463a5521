from pathlib import Path

import pytest

from brokers import listening, nats, until
from services.bench.load import load


@pytest.mark.real
async def test_every_message_of_the_load_is_published(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker, listening(broker.settings) as heard:
        await until(lambda: heard.status.connected)

        await load(str(broker.url), rate=2_000, count=500)

        await until(lambda: len(heard.envelopes) == 500)
