import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from brokers import listening, nats, until
from services.bench.feeder import COUNT, EVERYTHING, RECORDED, REST, WATCHED, Order, Ready, ordered
from services.bench.running import running
from services.bench.sweep import LEAKS


@pytest.mark.real
async def test_a_fleet_speaks_as_ordered_and_tells_what_it_said(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker, listening(broker.settings) as heard:
        await until(lambda: heard.status.connected)
        async with running("services.bench.feeder", str(broker.url), "2") as feeder:
            ready = msgspec.json.decode(feeder.said, type=Ready)
            assert WATCHED in ready.topic

            recorded = await ordered(feeder, Order(RECORDED, 1.0))
            assert recorded.sent == pytest.approx(ready.rate, rel=0.7)
            assert recorded.values < recorded.sent

            whole = await ordered(feeder, Order(EVERYTHING, 1.0, 2 * ready.points))
            assert whole.sent == whole.values == pytest.approx(2 * ready.points, abs=1)

            counted = await ordered(feeder, Order(COUNT))
            assert counted.total == recorded.sent + whole.sent + counted.hearts
            await ordered(feeder, Order(REST))
            await until(lambda: len(heard.envelopes) == counted.total)

        said = {each.topic: json.loads(each.payload) for each in heard.envelopes}
        assert not any(LEAKS in topic or WATCHED in topic for topic in said if "/Value/" in topic)
        assert len(whole.said) == ready.points
        assert {topic: said[topic]["value"] for topic in whole.said} == whole.said


@pytest.mark.real
async def test_a_broker_that_refuses_is_an_error() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x20\x02\x00\x05")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(RuntimeError, match="did not start"):
        async with running("services.bench.feeder", url, "1"):
            pass
    server.close()
