import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from brokers import find
from services.broker.connection import BrokerError, probe
from services.broker.embedded import embedded_broker, find_program
from services.settings import BrokerSettings

pytestmark = pytest.mark.real

either = pytest.mark.parametrize("name", ["nats-server", "mosquitto"])

PARENT = """
import asyncio, signal, sys
from pathlib import Path
from services.broker.embedded import embedded_broker

signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background

async def main():
    async with embedded_broker(Path(sys.argv[1]), Path(sys.argv[2])) as url:
        print(url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def number(file: Path) -> int:
    return int(file.read_text())


def program(folder: Path, name: str, script: str) -> Path:
    """A program of our own in the place of a broker."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@either
async def test_broker_is_there_for_the_block_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    async with embedded_broker(tmp_path, find(name)) as url:
        settings = BrokerSettings(url=url)
        await probe(settings)
        assert files(tmp_path)
    with pytest.raises(BrokerError):
        await probe(settings)
    assert not files(tmp_path)


async def test_two_brokers_do_not_meet() -> None:
    async with embedded_broker() as one, embedded_broker() as other:
        assert one != other


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("nats-server", signal.SIGKILL),
        ("nats-server", signal.SIGINT),
        ("mosquitto", signal.SIGKILL),
    ],
)
def test_broker_dies_with_its_parent(name: str, how: signal.Signals, tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, "-c", PARENT, tmp_path, find(name)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith("mqtt://127.0.0.1:")
        children = psutil.Process(parent.pid).children()
        parent.send_signal(how)
    assert children
    assert not psutil.wait_procs(children, timeout=20)[1]
    assert how != signal.SIGINT or not files(tmp_path)


def test_without_a_program_one_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"racktwin\[embedded\].*apt-get install mosquitto"):
        find_program([str(tmp_path)])


def test_nats_is_taken_before_mosquitto(tmp_path: Path) -> None:
    places = [str(tmp_path)]
    mosquitto = program(tmp_path, "mosquitto", "")
    assert find_program(places) == mosquitto
    nats = program(tmp_path, "nats-server", "")
    assert find_program(places) == nats


async def test_broker_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    broken = program(tmp_path, "mosquitto", "echo out of memory; exit 1")
    with pytest.raises(BrokerError, match="does not start: out of memory"):
        async with embedded_broker(tmp_path, broken):
            pass
    assert files(tmp_path) == [broken]


async def test_port_that_was_taken_meanwhile_is_given_up(tmp_path: Path) -> None:
    once = program(
        tmp_path,
        "nats-server",
        f'mkdir {tmp_path}/seen 2>/dev/null && exit 1; exec {find("nats-server")} "$@"',
    )
    async with embedded_broker(tmp_path, once) as url:
        await probe(BrokerSettings(url=url))


async def test_broker_that_will_not_end_is_killed(tmp_path: Path) -> None:
    stubborn = program(
        tmp_path,
        "mosquitto",
        f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done",
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1), embedded_broker(tmp_path, stubborn):
            pass
    assert not psutil.pid_exists(number(tmp_path / "pid"))
