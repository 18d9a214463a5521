import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from services.settings import load


@pytest.fixture
def lines(deploy: Path) -> list[str]:
    """The Dockerfile's instructions, one a line."""
    text = re.sub(r"\\\n\s*", "", (deploy / "Dockerfile").read_text())
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.fixture
def given(lines: list[str]) -> dict[str, str]:
    """The environment that the image sets."""
    words = [word for line in lines if line.startswith("ENV ") for word in line.split()[1:]]
    return dict(word.split("=", 1) for word in words)


@pytest.fixture
def copied(lines: list[str]) -> list[str]:
    copies = [shlex.split(line)[1:-1] for line in lines if line.startswith("COPY ")]
    return [name for names in copies for name in names if not names[0].startswith("--from")]


@pytest.fixture
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def locked(file: Path) -> dict[str, str]:
    """Every package of a lock with its one version; each has a hash."""
    text = file.read_text()
    found = re.findall(r"(?m)^([a-z0-9._-]+)(?:\[.*\])?==(\S+) \\\n    --hash=", text)
    assert len(found) == len(re.findall(r"(?m)^[a-z]", text))
    return dict(found)


def assert_holds(lock: dict[str, str], wanted: list[str]) -> None:
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(lock[requirement.name]), requirement


def test_everything_copied_exists_and_is_let_into_the_build(copied: list[str], root: Path) -> None:
    ignore = (root / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in ignore if line.startswith("!")}

    assert "*" in ignore
    assert set(copied) == let_in
    assert [name for name in copied if not (root / name).exists()] == []


def test_every_package_of_the_wheel_is_copied(copied: list[str], project: dict[str, Any]) -> None:
    build = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    described = [project["project"]["readme"], *project["project"]["license-files"]]

    assert {*build["packages"], *described} <= set(copied)


def test_the_locks_hold_what_the_project_asks_for(root: Path, project: dict[str, Any]) -> None:
    runtime = locked(root / "requirements.lock")
    builders = locked(root / "deploy/build.lock")

    assert_holds(runtime, project["project"]["dependencies"])
    assert_holds(runtime, project["project"]["optional-dependencies"]["embedded"])
    assert_holds(builders, project["build-system"]["requires"])


def test_pip_installs_from_the_network_only_what_a_hash_vouches_for(lines: list[str]) -> None:
    commands = [line for line in lines if "/pip " in line]

    assert len(commands) == 4
    for command in commands:
        assert "--require-hashes" in command or "--no-deps" in command
        assert re.search("--require-hashes|--no-build-isolation|--no-index", command)


def test_the_image_runs_the_console_script_without_root(
    lines: list[str], project: dict[str, Any]
) -> None:
    assert lines[-1] == 'ENTRYPOINT ["racktwin"]'
    assert "racktwin" in project["project"]["scripts"]
    assert "USER 10001:10001" in lines
    assert "RUN useradd --uid 10001" in "\n".join(lines)


def test_live_and_history_answer_at_the_port_that_the_health_check_asks(
    given: dict[str, str], ours: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("RACKTWIN_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        if name.startswith("RACKTWIN_"):
            monkeypatch.setenv(name, value)
    settings, _ = load()

    assert (settings.api.host, settings.api.port, settings.history.port) == ("0.0.0.0", 8080, 8080)  # noqa: S104 -- in a container
    for name in ("live", "history"):
        (port,) = ours[name]["ports"]
        assert port.endswith(":8080")


def test_compose_builds_this_file_and_gives_it_a_volume_where_it_writes(
    ours: dict[str, Any], lines: list[str], given: dict[str, str], project: dict[str, Any]
) -> None:
    (volume,) = [line.split()[1] for line in lines if line.startswith("VOLUME ")]

    assert given["RACKTWIN_DATA"] == volume
    for name, service in ours.items():
        assert service["build"] == {"context": ".", "dockerfile": "deploy/Dockerfile"}
        assert service["image"] == f"racktwin:{project['project']['version']}"
        assert name == "simulate" or service["volumes"] == [f"{name}-data:{volume}"]


class _Answer(BaseHTTPRequestHandler):
    """Says on ``/healthz`` what the test wants."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


class _Ill(_Answer):
    status = 503


@contextmanager
def serving(handler: type[_Answer]) -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def health(lines: list[str], port: int) -> int:
    """The exit code of the image's own health check, at another port."""
    (check,) = [line for line in lines if line.startswith("HEALTHCHECK ")]
    command = re.findall(r'"([^"]*)"', check)
    assert command[0] == "python"
    assert " 8080," in command[2]
    code = command[2].replace("8080", str(port))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return done.returncode


@pytest.mark.real
@pytest.mark.parametrize(("handler", "code"), [(_Answer, 0), (_Ill, 1)])
def test_the_health_check_tells_a_healthy_server_from_an_ill_one(
    lines: list[str], handler: type[_Answer], code: int
) -> None:
    with serving(handler) as port:
        assert health(lines, port) == code


@pytest.mark.real
def test_the_health_check_fails_where_nobody_listens(lines: list[str]) -> None:
    assert health(lines, 1) == 1
