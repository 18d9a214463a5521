"""What is promised of messages, over real brokers; Mosquitto's own client says them."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from brokers import BROKERS, RealBroker, find, mosquitto, until
from schemas.envelope import Envelope
from schemas.mqtt.packets import connect
from services.broker.connection import identity
from services.broker.listen import listen
from services.broker.status import Status
from services.settings import BrokerSettings
from twin.instants import Instant

pytestmark = pytest.mark.real

either = pytest.mark.parametrize("kind", BROKERS)

TOPIC = "BMS/v1/PUB/Value/Rack/RackPower/pod1.C/E05"
ROLE = "test"


def say(broker: RealBroker, *payloads: bytes, qos: int = 0) -> None:
    """Say a line each, as the reference client does; back when the broker has them."""
    program = str(find("mosquitto_pub"))
    command = [program, "-p", str(broker.port), "-t", TOPIC, "-q", str(qos), "-l"]
    subprocess.run(command, input=b"\n".join(payloads) + b"\n", check=True, timeout=30)


async def cut(broker: RealBroker, settings: BrokerSettings) -> None:
    """Come by the listener's name, so that the broker throws it out; its session stays."""
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(connect(identity(settings, ROLE), clean=False))
    assert (await reader.readexactly(4))[3] == 0
    writer.close()
    await writer.wait_closed()


def a_moment(least: float, most: float) -> float:
    return min(least + 0.05, most)


@asynccontextmanager
async def hearing(
    settings: BrokerSettings, status: Status | None = None
) -> AsyncIterator[AsyncGenerator[list[Envelope], None]]:
    """Batches as they come; the test asks for each."""
    batches = listen(settings, ROLE, status or Status(), lambda: Instant(0), a_moment)
    async with aclosing(batches):
        yield batches


async def some(batches: AsyncGenerator[list[Envelope], None], count: int) -> list[bytes]:
    """So many messages at the least; the batch with the last of them is not done with."""
    heard: list[bytes] = []
    async with asyncio.timeout(20):
        while len(heard) < count:
            heard += [one.payload for one in await anext(batches)]
    return heard


@asynccontextmanager
async def asked(batches: AsyncGenerator[list[Envelope], None]) -> AsyncIterator[list[bytes]]:
    """Done with all before, and waiting for more."""
    more: list[bytes] = []

    async def wait() -> None:
        while True:
            more.extend([one.payload for one in await anext(batches)])

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(wait())
        yield more
        waiting.cancel()


def lasting(broker: RealBroker, qos: int) -> BrokerSettings:
    return BrokerSettings(url=broker.url, qos=qos, persistent=True)


async def leave_a_session(settings: BrokerSettings) -> None:
    """Be there once, and leave."""
    status = Status()
    async with hearing(settings, status) as batches, asked(batches):
        await until(lambda: status.connected)


@either
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_everything_is_heard_once_and_in_order(kind: str, qos: int, tmp_path: Path) -> None:
    told = [b"%d" % number for number in range(300)]
    status = Status()
    async with BROKERS[kind](tmp_path) as broker:
        settings = BrokerSettings(url=broker.url, qos=qos)
        async with hearing(settings, status) as batches, asked(batches) as heard:
            await until(lambda: status.connected)
            await asyncio.to_thread(say, broker, *told, qos=qos)
            await until(lambda: len(heard) >= len(told))
    assert heard == told


@either
@pytest.mark.parametrize("qos", [1, 2])
async def test_what_is_said_while_we_are_away_waits_for_us(
    kind: str, qos: int, tmp_path: Path
) -> None:
    told = [b"%d" % number for number in range(100)]
    async with BROKERS[kind](tmp_path) as broker:
        settings = lasting(broker, qos)
        await leave_a_session(settings)
        await asyncio.to_thread(say, broker, *told, qos=qos)
        async with hearing(settings) as batches, asked(batches) as heard:
            await until(lambda: len(heard) >= len(told))
        assert heard == told


@either
@pytest.mark.parametrize("qos", [1, 2])
async def test_what_was_not_done_with_comes_again_and_what_was_does_not(
    kind: str, qos: int, tmp_path: Path
) -> None:
    """Another process: it knows nothing of the one before."""
    async with BROKERS[kind](tmp_path) as broker:
        settings = lasting(broker, qos)
        await leave_a_session(settings)
        async with hearing(settings) as batches:
            await asyncio.to_thread(say, broker, b"done", qos=qos)
            assert await some(batches, 1) == [b"done"]
            async with asked(batches):
                await asyncio.sleep(0.2)
        async with hearing(settings) as batches:
            await asyncio.to_thread(say, broker, b"cut", qos=qos)
            assert await some(batches, 1) == [b"cut"]
        async with hearing(settings) as batches:
            assert await some(batches, 1) == [b"cut"]


@either
@pytest.mark.parametrize(("qos", "heard"), [(1, [b"1", b"1", b"2"]), (2, [b"1", b"2"])])
async def test_what_comes_again_after_a_cut_is_told_once_at_qos_2(
    kind: str, qos: int, heard: list[bytes], tmp_path: Path
) -> None:
    async with BROKERS[kind](tmp_path) as broker:
        settings, status = lasting(broker, qos), Status()
        await leave_a_session(settings)
        await asyncio.to_thread(say, broker, b"1", qos=qos)
        async with hearing(settings, status) as batches:
            first = await some(batches, 1)
            await cut(broker, settings)
            async with asked(batches) as more:
                await until(lambda: status.reconnects == 1)
                await until(lambda: len(more) == len(heard) - 2)
                await asyncio.sleep(1.5)  # for NATS brings it again in its own time
                await asyncio.to_thread(say, broker, b"2", qos=qos)
                await until(lambda: b"2" in more)
        assert first + more == heard


async def test_without_a_session_what_was_held_is_forgotten(tmp_path: Path) -> None:
    """The broker's numbers begin anew: another message may have the one of one that we had."""
    async with mosquitto(tmp_path) as broker:
        settings, status = BrokerSettings(url=broker.url, qos=2), Status()
        async with hearing(settings, status) as batches, asked(batches) as heard:
            for turn in range(3):
                await until(lambda: status.connected)
                await asyncio.to_thread(say, broker, b"%d" % turn, qos=2)
                await until(lambda: heard[-1:] == [b"%d" % turn])  # noqa: B023  # awaited here
                broker.kill()
                await until(lambda: not status.connected)
                await broker.start()
        assert heard == [b"0", b"1", b"2"]


async def test_a_broker_that_grants_less_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    status = Status()
    async with mosquitto(tmp_path, "allow_anonymous true\nmax_qos 0") as broker:
        settings = BrokerSettings(url=broker.url, qos=1)
        async with hearing(settings, status) as batches, asked(batches):
            await until(lambda: status.connected)
    assert "The broker grants a lower QoS than was asked for" in caplog.messages
    assert status.refused == []


@either
async def test_who_does_not_keep_up_holds_the_broker_up_and_loses_nothing(
    kind: str, tmp_path: Path
) -> None:
    """Twenty megabytes, which is more than sockets hold."""
    told = [b"%d %s" % (number, b"x" * 1_000) for number in range(20_000)]
    async with BROKERS[kind](tmp_path) as broker:
        settings, status = BrokerSettings(url=broker.url, inbox=100), Status()
        async with hearing(settings, status) as batches:
            async with asyncio.TaskGroup() as tasks:
                first = tasks.create_task(some(batches, 1))
                await until(lambda: status.connected)
                await asyncio.to_thread(say, broker, b"first")
            assert first.result() == [b"first"]
            await asyncio.to_thread(say, broker, *told)
            await until(lambda: status.pauses > 0)
            async with asked(batches) as heard:
                await until(lambda: len(heard) >= len(told))
        assert heard == told
        assert status.paused_s > 0
        assert status.dropped == 0


async def test_a_packet_over_the_limit_ends_the_connection_and_is_counted(tmp_path: Path) -> None:
    status = Status()
    async with (
        mosquitto(tmp_path) as broker,
        hearing(broker.settings, status) as batches,
        asked(batches) as heard,
    ):
        await until(lambda: status.connected)
        await asyncio.to_thread(say, broker, b"x" * 17_000_000)
        await until(lambda: status.reconnects == 1)
        await asyncio.to_thread(say, broker, b"small")
        await until(lambda: heard == [b"small"])
    assert status.broken == 1
