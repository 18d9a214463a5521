import asyncio
import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from brokers import BROKERS, Heard, RealBroker, listening, mosquitto, nats, until
from schemas.envelope import Envelope
from services.broker.publish import publisher
from services.settings import BrokerSettings
from twin.instants import Instant

pytestmark = pytest.mark.real

either = pytest.mark.parametrize("kind", BROKERS)
by_either = pytest.mark.parametrize("client", ["own", "aiomqtt"])

NOW = Instant(1_800_000_000_000)
TOPIC = "BMS/v1/PUB/Value/Rack/RackPower/pod1.C/E05"


def settings_of(broker: RealBroker, client: str) -> BrokerSettings:
    return BrokerSettings.model_validate({"url": broker.url, "client": client})


def at_once() -> Instant:
    return NOW


@either
@by_either
async def test_messages_are_heard_in_order_as_they_were_said(
    client: str, kind: str, tmp_path: Path
) -> None:
    async with (
        BROKERS[kind](tmp_path) as broker,
        listening(settings_of(broker, client), at_once) as heard,
    ):
        await until(lambda: heard.status.connected)
        async with publisher(broker.settings, "says") as publish:
            for number in range(1_000):
                await publish(TOPIC, b"%d" % number)
            await until(lambda: len(heard.envelopes) == 1_000)
    assert heard.envelopes[7] == Envelope(TOPIC, b"7", NOW)
    assert heard.payloads == [b"%d" % number for number in range(1_000)]
    assert (heard.status.dropped, heard.status.refused) == (0, [])


@either
@by_either
async def test_what_was_retained_is_heard_by_who_comes_later(
    client: str, kind: str, tmp_path: Path
) -> None:
    topic = "cpc/a/BMS/v1/PUB/Metadata/Rack/RackPower/pod1.C/E05"
    async with BROKERS[kind](tmp_path) as broker:
        async with publisher(broker.settings, "says") as publish:
            await publish(topic, b"{}", retain=True, qos=1)
        async with listening(settings_of(broker, client), at_once) as heard:
            await until(lambda: bool(heard.envelopes))
    assert heard.envelopes == [Envelope(topic, b"{}", NOW, retain=True)]


@either
@by_either
async def test_listener_comes_back_when_the_broker_does(
    client: str, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        BROKERS[kind](tmp_path) as broker,
        listening(settings_of(broker, client), at_once) as heard,
    ):
        await until(lambda: heard.status.connected)
        broker.kill()
        await until(lambda: not heard.status.connected)
        assert heard.status.last_error
        await asyncio.sleep(0.5)  # some attempts that fail
        await broker.start()
        await until(lambda: heard.status.connected)
        await _say(broker.settings, b"again")
        await until(lambda: heard.payloads == [b"again"])
    assert heard.status.reconnects == 1
    ours = [one.message for one in caplog.records if one.name.startswith("services")]
    assert ours.count("Lost the broker") == 1


async def _say(settings: BrokerSettings, payload: bytes) -> None:
    async with publisher(settings, "says") as publish:
        await publish(TOPIC, payload)


async def test_listener_waits_for_a_broker_that_comes_later(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        broker.kill()
        async with listening(broker.settings, at_once) as heard:
            await until(lambda: heard.status.last_error is not None)
            await broker.start()
            await until(lambda: heard.status.connected)
    assert heard.status.reconnects == 0


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("mosquitto", "allow_anonymous false"),
        ("nats", 'authorization { users = [{ user: twin, password: "secret" }] }'),
    ],
)
@by_either
async def test_refused_login_is_known_and_said_once(
    client: str, kind: str, more: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        BROKERS[kind](tmp_path, more) as broker,
        listening(settings_of(broker, client), at_once) as heard,
    ):
        await until(lambda: heard.status.last_error is not None)
        await asyncio.sleep(0.5)
    assert "Not authorized" in str(heard.status.last_error)
    assert not heard.status.connected
    ours = [one.levelno for one in caplog.records if one.name.startswith("services")]
    assert ours == [logging.WARNING]


NARROW = """
authorization { users = [{ user: twin, password: "secret", permissions: {
  publish: ">", subscribe: { allow: ["BMS.>", "$MQTT.>"], deny: "cpc.>" } } }] }
"""


@by_either
async def test_refused_subscription_is_known_and_the_others_heard(
    client: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with nats(tmp_path, NARROW) as broker:
        login = {"username": "twin", "password": SecretStr("secret")}
        settings = settings_of(broker, client).model_copy(update=login)
        async with listening(settings) as heard:
            await until(lambda: heard.status.connected)
            await _say(settings, b"1")
            await until(lambda: heard.payloads == [b"1"])
    assert heard.status.refused == ["cpc/+/BMS/v1/#"]
    assert "The broker refused a subscription" in caplog.messages


@by_either
async def test_listener_can_be_cancelled_at_any_moment(client: str, tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        settings = settings_of(broker, client)
        for moment in range(150):
            async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
                listening_on = tasks.create_task(Heard().listen(settings, "test"))
                await asyncio.sleep(moment / 20_000)
                listening_on.cancel()
        async with listening(settings) as heard:
            await until(lambda: heard.status.connected)
