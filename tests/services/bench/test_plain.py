from pathlib import Path
from typing import Any

import msgspec
import pytest

from brokers import nats
from services.bench.plain import BATCH, point_of
from services.bench.running import running
from services.bench.sink import HOST, a_sink
from services.bench.taker import Taken
from services.broker.publish import publisher

TOPIC = "BMS/v1/PUB/Value/Rack/RackPower/Hall1/R01/K01/power"
PAYLOAD = b'{"value":35.5,"timestamp":1767225600000,"quality":1}'


def test_a_value_is_a_point_of_influxdb() -> None:
    point: Any = point_of(TOPIC, PAYLOAD)  # its methods have no types
    assert point.to_line_protocol() == (
        "RackPower,object_type=Rack,path=Hall1/R01/K01/power quality=1i,value=35.5 1767225600000"
    )


@pytest.mark.real
async def test_it_takes_and_writes(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker, a_sink() as port, publisher(broker.settings, "x") as say:
        sink = f"http://{HOST}:{port}"
        async with running("services.bench.plain", str(broker.url), sink) as plain:
            for _ in range(BATCH + 1):
                await say(TOPIC, PAYLOAD)

            taken = msgspec.json.decode(await plain.ask(b"%d" % (BATCH + 1)), type=Taken)

    assert taken.messages == BATCH + 1
