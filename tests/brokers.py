"""Real brokers for tests, each on a free port of its own that it keeps when it is restarted.

Use them as ``async with mosquitto(tmp_path) as broker``; without the program a test is skipped
loudly, under CI it fails.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from pydantic_core import Url

from schemas.envelope import Envelope
from services.broker.listen import listen
from services.broker.status import Status
from services.clock import wall_clock
from services.settings import BrokerSettings
from twin.instants import Instant

READY_S = 20.0


class RealBroker:
    """A broker program that can be killed and started again on the same port."""

    def __init__(self, program: Path, folder: Path, config: str, scheme: str = "mqtt") -> None:
        with socket.socket() as probing:
            probing.bind(("127.0.0.1", 0))
            self.port: int = probing.getsockname()[1]
        self.url = Url.build(scheme=scheme, host="127.0.0.1", port=self.port)
        self._program = program
        self._folder = folder
        self._config = folder / f"{program.name}-{self.port}.conf"
        self._config.write_text(config.replace("PORT", str(self.port)))
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it; back when it takes connections."""
        with (self._folder / f"{self._config.name}.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # a moment, in a test
                [self._program, "-c", self._config], stdout=log, stderr=log
            )
        async with asyncio.timeout(READY_S):
            while not _listens(self.port):
                assert self._process.poll() is None, self.log()
                await asyncio.sleep(0.02)

    @property
    def settings(self) -> BrokerSettings:
        """How to reach it."""
        return BrokerSettings(url=self.url)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What it said so far."""
        return (self._folder / f"{self._config.name}.log").read_text(errors="replace")


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0


def find(name: str) -> Path:
    """The program of that name; without it the test is skipped, or under CI fails."""
    places = (str(Path(sys.executable).parent), None, "/usr/sbin")
    for place in places:
        if found := shutil.which(name, path=place):
            return Path(found)
    reason = f"NO {name} INSTALLED"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def mosquitto(
    folder: Path, listener: str = "allow_anonymous true"
) -> AsyncIterator[RealBroker]:
    """A real Mosquitto for the length of a block.

    Args:
        folder: Of its files.
        listener: Further lines of its configuration.
    """
    program = find("mosquitto")
    scheme = "mqtts" if "cafile" in listener else "mqtt"
    config = (
        "user root\npersistence false\nmax_queued_messages 100000\n"
        f"listener PORT 127.0.0.1\n{listener}\n"
    )
    broker = RealBroker(program, folder, config, scheme)
    try:
        await broker.start()
        yield broker
    finally:
        broker.kill()


@asynccontextmanager
async def nats(folder: Path, more: str = "") -> AsyncIterator[RealBroker]:
    """A real nats-server with MQTT for the length of a block.

    Args:
        folder: Of its files; its store stays there over a restart.
        more: Further lines of its configuration.
    """
    program = find("nats-server")
    config = (
        "server_name: test\nhost: 127.0.0.1\nport: -1\n"
        f'jetstream {{ store_dir: "{folder}/jetstream", max_mem: 256M, max_file: 1G }}\n'
        "mqtt { host: 127.0.0.1, port: PORT, max_ack_pending: 16000, ack_wait: 1s }\n"
        f"{more}\n"
    )
    broker = RealBroker(program, folder, config)
    try:
        await broker.start()
        yield broker
    finally:
        broker.kill()


def passwords(folder: Path) -> str:
    """Lines of Mosquitto's: the user ``twin`` with the password ``secret``, and nobody else."""
    file = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", file, "twin", "secret"], check=True)
    return f"allow_anonymous false\npassword_file {file}"


BROKERS = {"mosquitto": mosquitto, "nats": nats}
"""Both, for tests that hold on either."""


class Heard:
    """What a listener heard, and how its link stands."""

    def __init__(self, clock: Callable[[], Instant] = wall_clock) -> None:
        self.status = Status()
        self.envelopes: list[Envelope] = []
        self._clock = clock

    async def listen(self, settings: BrokerSettings, role: str) -> None:
        """Keep everything that comes, until cancelled."""
        batches = listen(settings, role, self.status, self._clock, _a_moment)
        async with aclosing(batches):
            async for batch in batches:
                self.envelopes += batch

    @property
    def payloads(self) -> list[bytes]:
        """What was said, without where and when."""
        return [envelope.payload for envelope in self.envelopes]


@asynccontextmanager
async def listening(
    settings: BrokerSettings, clock: Callable[[], Instant] = wall_clock, role: str = "test"
) -> AsyncIterator[Heard]:
    """A listener that works beside the block; two on one broker need two roles."""
    heard = Heard(clock)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(heard.listen(settings, role))
        yield heard
        task.cancel()


async def until(reached: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(READY_S):
        while not reached():  # noqa: ASYNC110  # what is outside sets no event
            await asyncio.sleep(0.01)


def _a_moment(least: float, most: float) -> float:
    """Waits as short as they may be, so that tests are."""
    return min(least + 0.05, most)
