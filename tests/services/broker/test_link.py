import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import async_solipsism
import pytest
from pydantic import SecretStr
from pydantic_core import Url

from brokers import mosquitto, passwords
from certificates import certificates, tls
from said import GREETING, PINGRESP, message, suback
from schemas.mqtt.packets import DISCONNECT, PINGREQ, connect, puback, subscribe
from services.broker.buffer import Buffer
from services.broker.connection import BrokerError
from services.broker.link import BATCH, PING_S, SPACING_S, Link, linked
from services.settings import BrokerSettings
from twin.instants import Instant

NOW = Instant(1_800_000_000_000)
HELLO = connect("us")


class Broker:
    """The other end of a link, in the hand of a test; time is virtual."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def says(self, *packets: bytes) -> None:
        """Say something; back when it has come."""
        for packet in packets:
            self._writer.write(packet)
        await self._writer.drain()
        await asyncio.sleep(0.001)

    async def hears(self, *packets: bytes) -> None:
        """Hear just this."""
        expected = b"".join(packets)
        async with asyncio.timeout(1):
            assert await self._reader.readexactly(len(expected)) == expected

    async def hears_nothing_more(self) -> None:
        """Hear that the other side hung up."""
        async with asyncio.timeout(1):
            assert await self._reader.read() == b""

    async def hang_up(self) -> None:
        """Be gone."""
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def a_link(most: int = 100) -> AsyncIterator[tuple[Link, Broker, Buffer]]:
    """A link and its broker, which have not spoken yet."""
    ours, theirs = async_solipsism.socketpair()
    loop = asyncio.get_running_loop()
    buffer = Buffer(most, loop.time)
    link = Link("bus:1", buffer, lambda: NOW)
    await loop.create_connection(lambda: link, sock=ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    broker = Broker(reader, writer)
    try:
        yield link, broker, buffer
    finally:
        await link.leave()
        await broker.hang_up()


@asynccontextmanager
async def an_open_link(most: int = 100) -> AsyncIterator[tuple[Link, Broker, Buffer]]:
    """The same, let in and subscribed."""
    async with a_link(most) as (link, broker, buffer):
        await broker.says(GREETING, suback(0))
        await link.enter(HELLO)
        await link.subscribe(["a/#"], 0)
        await broker.hears(HELLO, subscribe(1, ["a/#"], 0))
        yield link, broker, buffer


async def payloads(link: Link) -> list[bytes]:
    return [one.payload for one in await link.batch()]


async def test_it_says_hello_subscribes_hears_and_takes_leave() -> None:
    async with a_link() as (link, broker, _):
        await broker.says(GREETING, suback(1, 128))
        await link.enter(HELLO)
        assert await link.subscribe(["a/#", "b"], 1) == (1, 128)
        await broker.says(message(b"1") + message(b"2"))
        assert await payloads(link) == [b"1", b"2"]
        await link.leave()
        await broker.hears(HELLO, subscribe(1, ["a/#", "b"], 1), DISCONNECT)
        await broker.hears_nothing_more()


@pytest.mark.parametrize(("code", "why"), [(4, "Bad user name"), (9, "Connection refused")])
async def test_a_refusal_is_told_with_its_reason(code: int, why: str) -> None:
    async with a_link() as (link, broker, _):
        await broker.says(bytes([0x20, 2, 0, code]))
        with pytest.raises(BrokerError, match=rf"bus:1: \[code:{code}\] {why}"):
            await link.enter(HELLO)


async def test_a_broker_that_hangs_up_first_is_told_so() -> None:
    async with a_link() as (link, broker, _):
        await broker.hang_up()
        with pytest.raises(BrokerError, match="bus:1: hung up before it let us in"):
            await link.enter(HELLO)


async def test_a_broker_that_does_not_answer_a_subscription_is_given_up() -> None:
    async with a_link() as (link, broker, _):
        await broker.says(GREETING)
        await link.enter(HELLO)
        with pytest.raises(BrokerError, match="no answer to our subscription in time"):
            await link.subscribe(["a"], 0)


async def test_an_answer_to_another_subscription_makes_no_sense() -> None:
    async with a_link() as (link, broker, _):
        await broker.says(GREETING, suback(0, 0))
        await link.enter(HELLO)
        with pytest.raises(BrokerError, match="breaks the protocol"):
            await link.subscribe(["a"], 0)


async def test_the_first_message_after_a_silence_does_not_wait() -> None:
    loop = asyncio.get_running_loop()
    async with an_open_link() as (link, broker, _):
        await asyncio.sleep(1)
        await broker.says(message(b"1"))
        began_s = loop.time()
        assert await payloads(link) == [b"1"]
        assert loop.time() == began_s


async def test_what_comes_soon_after_a_batch_makes_one_with_what_follows() -> None:
    async with an_open_link() as (link, broker, _), asyncio.TaskGroup() as tasks:
        await broker.says(message(b"1"))
        await payloads(link)
        next_one = tasks.create_task(payloads(link))
        await broker.says(message(b"2"))
        await broker.says(message(b"3"))
        assert not next_one.done()
        await asyncio.sleep(SPACING_S)
        assert next_one.result() == [b"2", b"3"]


async def test_a_batch_is_never_larger_than_its_bound() -> None:
    async with an_open_link(3 * BATCH) as (link, broker, _):
        await broker.says(message(b"1") * (BATCH + 1))
        assert len(await link.batch()) == BATCH
        assert len(await link.batch()) == 1


async def test_messages_are_acknowledged_when_the_next_are_asked_for() -> None:
    async with an_open_link() as (link, broker, _), asyncio.TaskGroup() as tasks:
        await broker.says(message(b"1", 1, 7))
        await link.batch()
        with pytest.raises(TimeoutError):
            await broker.hears(puback(7))
        asking = tasks.create_task(link.batch())
        await broker.hears(puback(7))
        asking.cancel()


async def test_what_was_told_already_is_acknowledged_at_once_when_it_comes_again() -> None:
    async with an_open_link() as (link, broker, _), asyncio.TaskGroup() as tasks:
        await broker.says(message(b"1", 2, 7))
        await link.batch()
        asking = tasks.create_task(link.batch())
        await broker.hears(b"\x50\x02\x00\x07")
        await broker.says(message(b"1", 2, 7, again=True))
        await broker.hears(b"\x50\x02\x00\x07")
        assert not asking.done()
        asking.cancel()


async def test_nothing_is_read_while_the_buffer_is_full_and_nothing_is_lost() -> None:
    async with an_open_link(most=10) as (link, broker, buffer), asyncio.TaskGroup() as tasks:
        told = [b"%d" % number for number in range(3_000)]
        telling = tasks.create_task(broker.says(*map(message, told)))
        await asyncio.sleep(3)
        assert buffer.pauses == 1
        assert buffer.paused_s >= 2
        heard: list[bytes] = []
        while len(heard) < len(told):
            heard += await payloads(link)
        await telling
        assert heard == told


async def test_it_shows_every_few_seconds_that_it_is_there() -> None:
    async with an_open_link() as (_, broker, _buffer):
        for _ in range(5):
            await asyncio.sleep(PING_S)
            await broker.hears(PINGREQ)
            await broker.says(PINGRESP)


async def test_a_broker_without_a_sign_of_life_is_given_up() -> None:
    async with an_open_link() as (link, _, _buffer):
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(BrokerError, match="bus:1: no sign of life"):
            await link.batch()
        assert asyncio.get_running_loop().time() - began_s <= 3 * PING_S


async def test_a_broker_that_we_do_not_read_is_not_taken_for_dead() -> None:
    async with an_open_link(most=1) as (link, broker, buffer):
        await broker.says(message(b"1") * 2)
        assert buffer.pauses == 1
        await asyncio.sleep(10 * PING_S)
        assert await payloads(link) == [b"1", b"1"]
        await broker.says(message(b"2"))
        assert await payloads(link) == [b"2"]


async def test_what_came_before_a_loss_is_given_before_it_is_told() -> None:
    async with an_open_link(most=1) as (link, broker, buffer):
        await broker.says(message(b"1") * 2)
        await broker.hang_up()
        assert await payloads(link) == [b"1", b"1"]
        with pytest.raises(BrokerError, match="bus:1: hung up"):
            await link.batch()
        assert buffer.pauses == 1


async def test_a_broker_that_breaks_the_protocol_is_left() -> None:
    async with an_open_link(most=1) as (link, broker, buffer):
        await broker.says(message(b"1") + b"\xf0\x00")
        assert await payloads(link) == [b"1"]
        with pytest.raises(BrokerError, match="breaks the protocol: a packet 0xf0"):
            await link.batch()
        assert buffer.broken == 1
        await broker.hears_nothing_more()


async def test_leaving_does_not_wait_for_a_broker_that_takes_nothing() -> None:
    async with an_open_link() as (link, _, _buffer):
        began_s = asyncio.get_running_loop().time()
        await link.leave()
        await link.leave()
        assert asyncio.get_running_loop().time() - began_s <= 2


# -- with real brokers -----------------------------------------------------------------------------


async def enter(settings: BrokerSettings) -> None:
    async with linked(settings, "test", Buffer(10, asyncio.get_running_loop().time), lambda: NOW):
        pass


@pytest.mark.real
async def test_a_broker_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        broker.kill()
        with pytest.raises(BrokerError, match=f"127.0.0.1:{broker.port}: .*Connection refused"):
            await enter(broker.settings)


@pytest.mark.real
async def test_a_host_nobody_knows_is_named() -> None:
    with pytest.raises(BrokerError, match=r"nowhere.invalid:1883: .*"):
        await enter(BrokerSettings(url=Url("mqtt://nowhere.invalid")))


@pytest.mark.real
async def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    async with mosquitto(tmp_path, passwords(tmp_path)) as broker:
        right = BrokerSettings(url=broker.url, username="twin", password=SecretStr("secret"))
        await enter(right)
        with pytest.raises(BrokerError, match="Not authorized"):
            await enter(right.model_copy(update={"password": SecretStr("guess")}))


@pytest.mark.real
async def test_a_client_certificate_opens_over_tls(tmp_path: Path) -> None:
    files = certificates(tmp_path)
    async with mosquitto(tmp_path, tls(tmp_path)) as broker:
        await enter(BrokerSettings(url=broker.url, **files))
        with pytest.raises(BrokerError, match=r"hung up .* certificate"):
            await enter(BrokerSettings(url=broker.url, ca_file=files["ca_file"]))
        with pytest.raises(BrokerError, match="certificate verify failed"):
            await enter(broker.settings)
        with pytest.raises(BrokerError, match="No such file"):
            await enter(BrokerSettings(url=broker.url, ca_file=tmp_path / "nothing"))


@pytest.mark.real
async def test_cancelled_attempt_leaves_nothing_behind() -> None:
    """The fixture that looks for forgotten tasks is the judge, and warnings of open sockets."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = Url(f"mqtt://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await enter(BrokerSettings(url=url))
