import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic_core import Url

from brokers import mosquitto
from services.broker.connection import BrokerError, connect, probe
from services.settings import BrokerSettings

pytestmark = pytest.mark.real


async def test_cancelled_attempt_leaves_nothing_behind() -> None:
    """The fixture that looks for forgotten tasks is the judge, and warnings of open sockets."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = Url(f"mqtt://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await probe(BrokerSettings(url=url))


async def test_broker_that_hangs_up_is_not_waited_for() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = Url(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, asyncio.timeout(5):
        with pytest.raises(BrokerError, match="hung up"):
            await probe(BrokerSettings(url=url))


async def test_loss_within_the_block_is_a_broker_error(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        with pytest.raises(BrokerError):
            await _wait_for_a_message(broker.settings, broker.kill)


async def _wait_for_a_message(settings: BrokerSettings, once_connected: Callable[[], None]) -> None:
    async with connect(settings, "test") as client:
        once_connected()
        async for _ in client.messages:
            return
