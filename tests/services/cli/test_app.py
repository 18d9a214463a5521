import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app_of


def racktwin(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_leads_with_examples() -> None:
    text = CliRunner().invoke(app_of(()), ["--help"]).output

    assert text.index("racktwin demo") < text.index("Commands")
    assert text.index("racktwin replay recording.csv --json -") < text.index("Commands")


@pytest.mark.parametrize(
    "command",
    [
        ["demo"],
        ["serve"],
        ["live"],
        ["history"],
        ["replay"],
        ["play"],
        ["record"],
        ["simulate"],
        ["doctor"],
        ["settings", "show"],
        ["fleet", "check"],
        ["rules", "lint"],
        ["rules", "list"],
        ["rules", "explain"],
        ["rules", "test"],
        ["bench"],
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    result = CliRunner().invoke(app_of(()), [*command, "--help"])

    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.real
def test_wrong_use_ends_with_2() -> None:
    assert racktwin("no-such-command").returncode == 2


@pytest.mark.real
def test_settings_that_cannot_be_used_are_one_line_and_1() -> None:
    done = racktwin("settings", "show", RACKTWIN_COLOUR="green")

    assert done.returncode == 1
    assert done.stderr == "settings: colour (RACKTWIN_COLOUR): no such setting\n"


@pytest.mark.real
def test_fleet_file_that_cannot_be_used_is_one_line_and_1(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text("colour = 1")

    done = racktwin("serve", RACKTWIN_FLEET_FILE=str(tmp_path / "fleet.toml"))

    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / 'fleet.toml'}: colour: no such key\n"


@pytest.mark.real
def test_rules_file_that_cannot_be_used_is_one_line_and_1(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("colour = 1")

    done = racktwin("rules", "list", "--rules", str(tmp_path / "rules.toml"))

    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / 'rules.toml'}: colour: no such key\n"


@pytest.mark.real
def test_a_reader_that_goes_away_is_no_crash() -> None:
    command = f"{sys.executable} -m services settings show --json | head -c 1"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert "Traceback" not in done.stderr
