import gc
from pathlib import Path

import pytest
from pydantic import SecretStr

from brokers import BROKERS, mosquitto, nats, passwords
from certificates import certificates, tls
from services.broker.connection import BrokerError, probe
from services.settings import BrokerSettings

pytestmark = pytest.mark.real

TOKENS = """
authorization { users = [{ user: oauthtoken, password: "token-1" }] }
"""


@pytest.mark.parametrize("kind", BROKERS)
async def test_broker_that_is_there_answers(kind: str, tmp_path: Path) -> None:
    async with BROKERS[kind](tmp_path) as broker:
        await probe(broker.settings)


async def test_broker_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        broker.kill()
        with pytest.raises(BrokerError, match=f"127.0.0.1:{broker.port}: .*refused"):
            await probe(broker.settings)


async def test_password_opens(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("secret\n")
    async with mosquitto(tmp_path, passwords(tmp_path)) as broker:
        told = SecretStr("secret")
        await probe(BrokerSettings(url=broker.url, username="twin", password=told))
        await probe(BrokerSettings(url=broker.url, username="twin", password_file=file))


async def test_wrong_password_is_refused(tmp_path: Path) -> None:
    async with mosquitto(tmp_path, passwords(tmp_path)) as broker:
        wrong = BrokerSettings(url=broker.url, username="twin", password=SecretStr("guess"))
        with pytest.raises(BrokerError, match="Not authorized"):
            await probe(wrong)


async def test_token_is_read_anew_at_each_connect(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with nats(tmp_path, TOKENS) as broker:
        settings = BrokerSettings(url=broker.url, token_file=file)
        with pytest.raises(BrokerError, match=r"no credentials: .*No such file"):
            await probe(settings)
        file.write_text("token-0\n")
        with pytest.raises(BrokerError, match=r"uthorized|user name or password"):
            await probe(settings)
        file.write_text("token-1\n")
        await probe(settings)


async def test_client_certificate_opens_over_tls(tmp_path: Path) -> None:
    files = certificates(tmp_path)
    async with mosquitto(tmp_path, tls(tmp_path)) as broker:
        assert broker.url.scheme == "mqtts"
        await probe(BrokerSettings(url=broker.url, **files))


async def test_client_without_a_certificate_is_told_so(tmp_path: Path) -> None:
    files = certificates(tmp_path)
    async with mosquitto(tmp_path, tls(tmp_path)) as broker:
        with pytest.raises(BrokerError, match=r"hung up .* certificate"):
            await probe(BrokerSettings(url=broker.url, ca_file=files["ca_file"]))
        with pytest.raises(BrokerError, match=r"no TLS: .*No such file"):
            await probe(BrokerSettings(url=broker.url, ca_file=tmp_path / "nothing"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_broker_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    certificates(tmp_path)
    async with mosquitto(tmp_path, tls(tmp_path)) as broker:
        with pytest.raises(BrokerError, match="certificate verify failed"):
            await probe(broker.settings)
    gc.collect()  # paho leaves the socket of a failed handshake to it, which warns
