from pathlib import Path

import msgspec
import pytest

from brokers import nats
from services.bench.running import running
from services.bench.taker import Taken, What
from services.broker.publish import publisher


@pytest.mark.real
@pytest.mark.parametrize("what", list(What))
async def test_it_tells_once_it_has_taken_so_many(tmp_path: Path, what: What) -> None:
    async with (
        nats(tmp_path) as broker,
        running("services.bench.taker", str(broker.url), "1", what) as taker,
        publisher(broker.settings, "test") as publish,
    ):
        assert msgspec.json.decode(taker.said, type=Taken).messages == 0
        for _ in range(10):
            await publish("BMS/v1/PUB/Value/Rack/RackPower/Hall1/R01/K01/power", b"{}")

        taken = msgspec.json.decode(await taker.ask(b"10"), type=Taken)

    assert taken.messages == 10
    assert taken.cpu_s > 0
    assert taken.dropped == 0
