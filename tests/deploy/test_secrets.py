import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def made(deploy: Path, tmp_path: Path) -> Path:
    shutil.copy(deploy / "make-secrets.sh", tmp_path)
    subprocess.run(["sh", tmp_path / "make-secrets.sh"], check=True, capture_output=True)
    return tmp_path / "secrets"


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.mark.real
def test_every_secret_of_the_compose_file_is_made(made: Path, compose: dict[str, Any]) -> None:
    asked = {Path(secret["file"]) for secret in compose["secrets"].values()}

    assert {file.parent for file in asked} == {Path("deploy/secrets")}
    assert set(contents(made)) == {file.name for file in asked}


@pytest.mark.real
def test_each_secret_is_256_bits_of_its_own_without_a_line_end(made: Path) -> None:
    secrets = contents(made).values()

    assert {len(secret) for secret in secrets} == {64}
    assert {len(bytes.fromhex(secret)) for secret in secrets} == {32}
    assert len(set(secrets)) == len(secrets)


@pytest.mark.real
def test_a_container_can_read_a_secret_and_another_user_cannot_get_to_it(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o444}


@pytest.mark.real
def test_a_secret_that_is_there_stays(made: Path) -> None:
    (made / "grafana_password").unlink()
    before = contents(made)

    subprocess.run(["sh", made.parent / "make-secrets.sh"], check=True, capture_output=True)

    after = contents(made)
    assert after.pop("grafana_password")
    assert after == before


@pytest.mark.real
def test_git_never_takes_a_secret(deploy: Path) -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "--quiet", "secrets/influxdb_token"], cwd=deploy, check=False
    )

    assert ignored.returncode == 0
