import asyncio

import pytest
from pydantic_core import Url

from brokers import until
from schemas.mqtt.packets import PINGREQ, publish
from services.bench.straight import straight
from services.broker.embedded import LOCAL, free_port
from services.broker.listen import listen
from services.broker.status import Status
from services.settings import BrokerSettings


@pytest.mark.real
async def test_whoever_subscribes_hears_what_is_written() -> None:
    url = Url.build(scheme="mqtt", host=LOCAL, port=free_port())
    heard: list[str] = []

    async def hear() -> None:
        async for batch in listen(BrokerSettings(url=url), "it", Status()):
            heard.extend(each.topic for each in batch)

    async with asyncio.TaskGroup() as tasks:
        hearing = tasks.create_task(hear())
        async with straight(url) as line:
            line.write(publish("BMS/v1/PUB/Value/a", b"1") * 3)
            await until(lambda: len(heard) == 3)
        hearing.cancel()
    assert {*heard} == {"BMS/v1/PUB/Value/a"}


@pytest.mark.real
async def test_a_line_with_nothing_to_say_is_kept_up() -> None:
    url = Url.build(scheme="mqtt", host=LOCAL, port=free_port())
    async with asyncio.TaskGroup() as tasks:
        fed = tasks.create_task(_fed(url))
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(PINGREQ)
        assert await reader.readexactly(2) == b"\xd0\x00"
        writer.close()
        fed.cancel()


async def _fed(url: Url) -> None:
    async with straight(url):
        await asyncio.Event().wait()
