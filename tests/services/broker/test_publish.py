import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from brokers import BROKERS, listening, mosquitto, until
from services.broker.connection import BrokerError
from services.broker.publish import Publish, publisher

pytestmark = pytest.mark.real

either = pytest.mark.parametrize("kind", BROKERS)

TOPIC = "BMS/v1/PUB/Value/Rack/RackPower/E05"


@either
@pytest.mark.parametrize("qos", [0, 1])
async def test_messages_go_out_in_order(kind: str, qos: int, tmp_path: Path) -> None:
    said = [b"%d" % number for number in range(100)]
    async with BROKERS[kind](tmp_path) as broker, listening(broker.settings) as heard:
        await until(lambda: heard.status.connected)
        async with publisher(broker.settings, "says") as publish:
            for payload in said:
                await publish(TOPIC, payload, qos=qos)
        await until(lambda: heard.payloads == said)


async def test_publisher_needs_a_broker_to_begin(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, AsyncExitStack() as stack:
        broker.kill()
        with pytest.raises(BrokerError, match="refused"):
            await stack.enter_async_context(publisher(broker.settings, "says"))


@either
@pytest.mark.parametrize("qos", [0, 1])
async def test_publisher_rides_out_a_loss(kind: str, qos: int, tmp_path: Path) -> None:
    """QoS 0 that was on its way is gone; what was said once the loss was noticed is heard."""
    async with (
        BROKERS[kind](tmp_path) as broker,
        publisher(broker.settings, "says") as publish,
        asyncio.timeout(8),  # not the time it takes to give up waiting
        asyncio.TaskGroup() as tasks,
    ):
        broker.kill()
        saying = tasks.create_task(_say_until_noticed(publish, qos))
        await asyncio.sleep(0.2)
        assert not saying.done()
        await broker.start()
        await saying
        async with listening(broker.settings) as heard:
            await until(lambda: b"noticed" in heard.payloads)


async def _say_until_noticed(publish: Publish, qos: int) -> None:
    for _ in range(10):  # the first ones may go into a socket nobody reads any more
        await publish(TOPIC, b"lost", qos=qos)
    await publish(TOPIC, b"noticed", retain=True, qos=qos)


async def test_topic_nobody_may_publish_on_is_named(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, publisher(broker.settings, "says") as publish:
        with pytest.raises(BrokerError, match=r"cannot publish on 'a/#'"):
            await publish("a/#", b"")
