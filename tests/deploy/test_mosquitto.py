"""The broker's own files, run by a real Mosquitto the way docker-compose.yml runs them."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

PATH = f"{os.environ['PATH']}:/usr/sbin"
NOT_AUTHORISED = 5
WAIT_S = 10


@dataclass(frozen=True)
class Broker:
    """A running one, and how to reach it."""

    port: int
    run: Path
    """What stands for /run/mosquitto."""
    passwords: dict[str, str]

    def client(
        self, program: str, *arguments: str, account: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        login = ["-u", account, "-P", self.passwords[account]] if account else []
        return subprocess.run(
            [program, "-p", str(self.port), *login, *arguments],
            env={"PATH": PATH, "HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )

    def publish(self, account: str, topic: str, text: str) -> None:
        self.client("mosquitto_pub", "-r", "-q", "1", "-t", topic, "-m", text, account=account)


@pytest.fixture
def broker(deploy: Path, tmp_path: Path) -> Iterator[Broker]:
    if shutil.which("mosquitto", path=PATH) is None:
        assert not os.environ.get("CI"), "no mosquitto: apt-get install mosquitto"
        pytest.skip("NO MOSQUITTO: apt-get install mosquitto mosquitto-clients")
    secrets, run = tmp_path / "secrets", tmp_path / "run"
    for folder in (secrets, run, tmp_path / "data"):
        folder.mkdir()
    passwords = {"racktwin": "a-pass.word", "bms": "another_1~"}
    for account, password in passwords.items():
        (secrets / f"broker_{account}_password").write_text(password)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = moved(deploy / "mosquitto", tmp_path, port)
    with subprocess.Popen(["sh", start], env={"PATH": PATH}) as process:
        try:
            wait_for(port, process)
            yield Broker(port, run, passwords)
        finally:
            process.terminate()


def moved(source: Path, to: Path, port: int) -> Path:
    """The same files with every path of the container in a folder of our own."""
    config = to / "config"
    shutil.copytree(source, config)
    for file in config.iterdir():
        text = file.read_text()
        for inside, outside in (
            ("/run/secrets", to / "secrets"),
            ("/run/mosquitto", to / "run"),
            ("/mosquitto/config", config),
            ("/mosquitto/data/", f"{to}/data/"),
            ("listener 1883", f"listener {port} 127.0.0.1\nuser {getpass.getuser()}"),
        ):
            text = text.replace(inside, str(outside))
        file.write_text(text)
    return config / "start.sh"


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the broker ended"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("the broker does not listen")


def test_a_password_that_the_tools_of_the_broker_would_misread_is_refused(
    deploy: Path, tmp_path: Path
) -> None:
    for folder in ("secrets", "run"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secrets/broker_racktwin_password").write_text("with: a space")

    started = subprocess.run(
        ["sh", moved(deploy / "mosquitto", tmp_path, 1)],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )

    assert started.returncode == 1
    assert started.stderr.startswith("broker_racktwin_password: letters")


def test_nobody_enters_without_a_password(broker: Broker) -> None:
    anonymous = broker.client("mosquitto_pub", "-t", "BMS/v1/x", "-m", "x")
    guessed = broker.client("mosquitto_pub", "-u", "bms", "-P", "x", "-t", "x", "-m", "x")

    assert anonymous.returncode == NOT_AUTHORISED
    assert guessed.returncode == NOT_AUTHORISED


def test_the_twin_hears_what_the_building_says_on_both_kinds_of_topic(broker: Broker) -> None:
    broker.publish("bms", "BMS/v1/PUB/Metadata/Rack/RackPower/a", "site")
    broker.publish("bms", "cpc/one/BMS/v1/PUB/Metadata/Rack/RackPower/a", "cluster")

    heard = broker.client(
        *("mosquitto_sub", "-t", "BMS/v1/#", "-t", "cpc/+/BMS/v1/#", "-C", "2", "-W", "5"),
        account="racktwin",
    )

    assert sorted(heard.stdout.split()) == ["cluster", "site"]


def test_the_twin_cannot_write_to_the_bus(broker: Broker) -> None:
    broker.publish("racktwin", "BMS/v1/NICO/Value/Rack/RackLiquidIsolationRequest/a", "forged")
    broker.publish("bms", "BMS/v1/PUB/Value/Rack/RackPower/a", "true")

    heard = broker.client("mosquitto_sub", "-t", "BMS/v1/#", "-W", "1", account="racktwin")

    assert heard.stdout.split() == ["true"]


def test_passwords_are_kept_as_hashes_that_only_the_broker_can_read(broker: Broker) -> None:
    kept = broker.run / "passwords"

    assert kept.stat().st_mode & 0o077 == 0
    assert [line.split(":")[0] for line in kept.read_text().splitlines()] == ["racktwin", "bms"]
    assert not [word for word in broker.passwords.values() if word in kept.read_text()]


def test_the_health_check_passes_and_leaves_no_password_in_an_argument(
    broker: Broker, services: dict[str, Any]
) -> None:
    kind, *command = services["broker"]["healthcheck"]["test"]
    checked = subprocess.run(
        [*(word.replace("$$", "$") for word in command), "-p", str(broker.port)],
        env={"PATH": PATH, "XDG_CONFIG_HOME": str(broker.run)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )

    assert kind == "CMD"
    assert services["broker"]["environment"]["XDG_CONFIG_HOME"] == "/run/mosquitto"
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.startswith("mosquitto version 2")
