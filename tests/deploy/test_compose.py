import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.settings import load

SECRETS = "/run/secrets/"


def compose_command() -> list[str]:
    """Docker Compose, which reads a file without an engine; a loud skip where there is none."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            known = subprocess.run([*command, "version"], capture_output=True, check=False)
            if known.returncode == 0:
                return command
    pytest.skip("NO DOCKER COMPOSE on the path: docker-compose.yml is not read by the real one")


@pytest.mark.real
def test_docker_compose_takes_the_file_and_builds_one_image_of_ours(root: Path) -> None:
    told = subprocess.run(
        [*compose_command(), "--profile", "simulate", "config", "--images"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert len([name for name in set(told.stdout.split()) if "racktwin" in name]) == 1


def test_what_a_service_names_is_declared(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", ())) <= set(compose["services"]), name
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        sources = {volume.split(":")[0] for volume in service.get("volumes", ())}
        named = {source for source in sources if not source.startswith("./")}
        assert named <= set(compose["volumes"]), name


def test_nothing_is_declared_that_no_service_uses(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    mounts = [mount for service in services for mount in service.get("volumes", ())]
    given = {secret for service in services for secret in service["secrets"]}

    assert set(compose["volumes"]) <= {mount.split(":")[0] for mount in mounts}
    assert set(compose["secrets"]) == given


def test_every_mounted_folder_is_in_the_repository(services: dict[str, Any], root: Path) -> None:
    sources = [
        volume.split(":")[0] for one in services.values() for volume in one.get("volumes", ())
    ]

    for source in sources:
        assert not source.startswith("./") or list((root / source).iterdir()), source


def test_every_service_that_is_waited_for_has_a_health_check(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            assert wait == {"condition": "service_healthy"}, name
            assert "test" in services[other]["healthcheck"], other


def test_every_port_is_published_on_loopback_alone(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", ())]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_service_runs_without_root_on_a_file_system_it_cannot_write(
    services: dict[str, Any], ours: dict[str, Any]
) -> None:
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name
        assert name in ours or not service["user"].startswith(("0", "root")), name


def test_no_secret_is_written_in_the_file(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN", variable):
                assert variable.endswith("_FILE"), name
                assert value.removeprefix(SECRETS) in service["secrets"], name


def test_racktwin_knows_every_setting_it_is_given(
    ours: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("RACKTWIN_")]:
        monkeypatch.delenv(name)
    for service in ours.values():
        with monkeypatch.context() as environment:
            for variable, value in service["environment"].items():
                environment.setenv(variable, value)
            settings, origins = load()

        assert set(origins.values()) == set(service["environment"])
        assert settings.broker.url.host == "broker"


def test_live_and_history_read_and_write_one_store(
    ours: dict[str, Any], services: dict[str, Any]
) -> None:
    init = services["influxdb"]["environment"]

    for name in ("live", "history"):
        given = ours[name]["environment"]
        assert given["RACKTWIN_HISTORY__STORE"] == "influx2"
        assert given["RACKTWIN_HISTORY__URL"] == "http://influxdb:8086"
        assert given["RACKTWIN_HISTORY__ORG"] == init["DOCKER_INFLUXDB_INIT_ORG"]
        assert given["RACKTWIN_HISTORY__BUCKET"] == init["DOCKER_INFLUXDB_INIT_BUCKET"]
        assert (
            given["RACKTWIN_HISTORY__TOKEN_FILE"] == init["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"]
        )


@pytest.mark.real
@pytest.mark.parametrize("name", ["live", "history", "simulate"])
def test_the_command_line_has_what_a_service_runs(
    ours: dict[str, Any], name: str, root: Path
) -> None:
    command, *arguments = ours[name]["command"]
    told = subprocess.run(
        [sys.executable, "-m", "services", command, "--help"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    options = {word for word in arguments if word.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", told.stdout))
