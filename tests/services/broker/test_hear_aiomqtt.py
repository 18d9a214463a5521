from contextlib import aclosing
from pathlib import Path

import pytest

from brokers import BROKERS, until
from services.broker.listen import listen
from services.broker.publish import publisher
from services.broker.status import Status
from services.settings import BrokerSettings
from twin.instants import Instant

pytestmark = pytest.mark.real

TOPIC = "BMS/v1/PUB/Value/Rack/RackPower/pod1.C/E05"


@pytest.mark.parametrize("kind", BROKERS)
async def test_listener_that_does_not_keep_up_loses_the_oldest(kind: str, tmp_path: Path) -> None:
    async with BROKERS[kind](tmp_path) as broker:
        settings = BrokerSettings(url=broker.url, inbox=10, client="aiomqtt")
        status = Status()
        batches = listen(settings, "test", status, lambda: Instant(0))
        async with aclosing(batches), publisher(settings, "says") as publish:
            await publish(TOPIC, b"first", retain=True, qos=1)
            await anext(batches)  # and now it does something else
            for number in range(500):
                await publish(TOPIC, b"%d" % number)
            await until(lambda: status.dropped == 490)
            assert [one.payload for one in await anext(batches)] == [
                b"%d" % number for number in range(490, 500)
            ]
