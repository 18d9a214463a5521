import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pydantic_core import Url

from brokers import mosquitto, until
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


@pytest.mark.parametrize("turns", range(1, 6))
async def test_attempt_cancelled_while_its_thread_connects_is_hung_up(turns: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = Url(f"mqtt://127.0.0.1:{port}")
        async with asyncio.TaskGroup() as tasks:
            probing = tasks.create_task(probe(BrokerSettings(url=url)))
            for _ in range(turns):
                await asyncio.sleep(0)
            probing.cancel()
        async with asyncio.timeout(5):
            await until(lambda: not _connected_to(port))


def _connected_to(port: int) -> bool:
    connections = psutil.Process().net_connections()
    return any(one.raddr[1:] == (port,) for one in connections)


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
