import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from pydantic_core import Url

from brokers import BROKERS, RealBroker, mosquitto, until
from notified import Faulty, key_of, shortest
from services.hub import at_once
from services.notify.topics import Topics
from services.settings import BrokerSettings

either = pytest.mark.parametrize("kind", BROKERS)

LEAK = key_of("leak.detected", "Pod 1/R.1")
TRAY = key_of("leak.tray", "R2", "7")
LEAK_TOPIC = "racktwin/v1/faults/Pod%201%2FR%2E1/leak%2Edetected/-"
TRAY_TOPIC = "racktwin/v1/faults/R2/leak%2Etray/7"


class Bench:
    """The topics of a site."""

    def __init__(self, settings: BrokerSettings, site: Faulty | None = None) -> None:
        self.site = site or Faulty()
        self.topics = Topics(
            self.site.fleet, settings, "test-notify", "e1", self.site.clock, jitter=shortest
        )
        self.site.listener = self.topics.note

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """Tell beside the block."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.topics.run(at_once))
            yield
            task.cancel()

    async def told(self, documents: int) -> None:
        """Wait until so many documents went out."""
        await until(lambda: self.topics.sent >= documents and self.topics.queued == 0)


async def retained(broker: RealBroker) -> dict[str, bytes]:
    """Every document that a late comer is given."""
    found: dict[str, bytes] = {}
    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="late") as client:
        await client.subscribe("racktwin/#")
        try:
            async with asyncio.timeout(0.7):
                async for message in client.messages:
                    if message.retain:
                        assert isinstance(message.payload, bytes)
                        found[message.topic.value] = message.payload
        except TimeoutError:
            return found
    raise AssertionError("the messages ended")


@pytest.mark.real
@either
async def test_late_comer_is_told_how_every_fault_stands(kind: str, tmp_path: Path) -> None:
    async with BROKERS[kind](tmp_path) as broker:
        bench = Bench(broker.settings)
        async with bench.speaking():
            fault = bench.site.judge(LEAK)
            bench.site.judge(TRAY)
            await bench.told(2)
            bench.site.ack(fault)
            await bench.told(3)
            found = await retained(broker)
            assert found.keys() == {LEAK_TOPIC, TRAY_TOPIC}
            assert json.loads(found[LEAK_TOPIC])["state"] == "ACKED"

            bench.site.end(TRAY)
            await until(lambda: bench.topics.queued == 0)
            assert (await retained(broker)).keys() == {LEAK_TOPIC}


@pytest.mark.real
@either
async def test_heartbeat_says_how_many_documents_there_are(kind: str, tmp_path: Path) -> None:
    async with BROKERS[kind](tmp_path) as broker:
        bench = Bench(broker.settings)
        async with aiomqtt.Client("127.0.0.1", broker.port, identifier="here") as client:
            await client.subscribe("racktwin/v1/heartbeat")
            async with bench.speaking(), asyncio.timeout(20):
                message = await anext(client.messages)

    assert isinstance(message.payload, bytes)
    assert json.loads(message.payload) == {
        "at": "2026-01-01T00:00:00.000Z", "epoch": "e1", "faults": 0,
    }  # fmt: skip


@pytest.mark.real
async def test_next_process_takes_back_what_is_over_meanwhile(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        bench = Bench(broker.settings)
        async with bench.speaking():
            bench.site.judge(LEAK)
            bench.site.judge(TRAY)
            await bench.told(2)
        bench.site.end(TRAY)

        after = Bench(broker.settings, bench.site)
        async with after.speaking():
            await after.told(2)
            assert (await retained(broker)).keys() == {LEAK_TOPIC}


@pytest.mark.real
async def test_what_happens_while_the_broker_is_down_is_told_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with mosquitto(tmp_path) as broker:
        bench = Bench(broker.settings)
        async with bench.speaking():
            bench.site.judge(LEAK)
            await bench.told(1)
            broker.kill()
            bench.site.judge(TRAY)
            bench.site.end(LEAK)
            await broker.start()  # it keeps nothing
            await until(lambda: bench.topics.queued == 0)
            found = await retained(broker)

    assert found.keys() == {TRAY_TOPIC}


@pytest.mark.real
async def test_broker_that_is_not_there_at_first_is_waited_for(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        broker.kill()
        bench = Bench(broker.settings)
        bench.site.judge(LEAK)
        async with bench.speaking():
            await until(lambda: bench.topics.failed >= 2)
            await broker.start()
            await bench.told(1)
            assert (await retained(broker)).keys() == {LEAK_TOPIC}


@pytest.mark.real
async def test_key_too_long_for_a_topic_holds_up_no_other(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        bench = Bench(broker.settings)
        async with bench.speaking():
            bench.site.judge(key_of("leak.detected", "R" * 66_000))
            bench.site.judge(TRAY)
            await bench.told(1)
            assert bench.topics.failed > 0
            assert (await retained(broker)).keys() == {TRAY_TOPIC}


@pytest.mark.real
async def test_more_news_than_there_is_room_for_is_counted() -> None:
    bench = Bench(BrokerSettings(url=Url("mqtt://127.0.0.1:1")))
    bench.site.judge(LEAK)
    change = bench.site.changes[0]
    fault = change.fault

    bench.topics.note(
        change._replace(fault=fault._replace(key=key_of("leak.detected", f"R{number}")))
        for number in range(10_001)
    )

    assert bench.topics.overflowed == 1
    assert bench.topics.queued == 0


class Said:
    """A broker that takes everything: what is retained, and when something was said."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self.times: list[tuple[str, float]] = []

    async def __call__(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0
    ) -> None:
        assert qos == int(retain)
        self.times.append((topic, asyncio.get_running_loop().time()))
        await asyncio.sleep(0.01)
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            del self.retained[topic]

    def at(self, topic: str) -> list[float]:
        """When something was said on a topic."""
        return [at for each, at in self.times if each == topic]


NOWHERE = BrokerSettings(url=Url("mqtt://127.0.0.1:1"))


@asynccontextmanager
async def saying(bench: Bench, said: Said) -> AsyncIterator[None]:
    """Say it beside the block."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.topics.speak(said))
        await asyncio.sleep(1)
        yield
        task.cancel()


async def test_what_stands_is_told_every_100_s_and_life_every_10_s() -> None:
    bench, said = Bench(NOWHERE), Said()
    async with saying(bench, said):
        bench.site.judge(LEAK)
        await asyncio.sleep(1_000)

    assert len(said.at(LEAK_TOPIC)) == 11
    assert len(said.at("racktwin/v1/heartbeat")) == 101


async def test_what_is_over_is_told_once_and_then_no_more() -> None:
    bench, said = Bench(NOWHERE), Said()
    async with saying(bench, said):
        bench.site.judge(LEAK)
        await asyncio.sleep(1)
        bench.site.end(LEAK)
        bench.site.judge(TRAY)
        bench.site.end(TRAY)  # before anybody was told of it
        await asyncio.sleep(1_000)

    assert said.retained == {}
    assert len(said.at(LEAK_TOPIC)) == 2
    assert said.at(TRAY_TOPIC) == []


async def test_flood_of_faults_ends_with_what_is_true() -> None:
    bench, said = Bench(NOWHERE), Said()
    keys = [key_of("leak.detected", f"R{number}") for number in range(2_000)]
    async with saying(bench, said):
        for key in keys:
            bench.site.judge(key)
        await asyncio.sleep(5)
        for key in keys[1_000:]:
            bench.site.end(key)
        await asyncio.sleep(120)

    assert len(said.retained) == 1_000
    assert bench.topics.queued == 0
