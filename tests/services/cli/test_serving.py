import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app_of
from services.cli.serving import _port

pytestmark = pytest.mark.real


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app_of(()), list(arguments))
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACKTWIN_DATA", str(tmp_path / "data"))


def test_a_demo_says_where_it_is_and_ends_after_its_time() -> None:
    code, said = run("demo", "--racks", "1", "--port", "0", "--for", "1s")

    assert code == 0
    assert "racktwin demo: http://127.0.0.1:" in said


def test_a_demo_knows_where_its_racks_stand(tmp_path: Path) -> None:
    assert run("demo", "--racks", "1", "--port", "0", "--for", "0.1s")[0] == 0

    written = (tmp_path / "data" / "demo" / "fleet.toml").read_text()
    assert '[racks."Hall1-R01-K01"]' in written


def test_a_demo_takes_the_places_that_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[racks.R1]\n")
    monkeypatch.setenv("RACKTWIN_FLEET_FILE", str(file))

    assert run("demo", "--racks", "1", "--port", "0", "--for", "0.1s")[0] == 0
    assert file.read_text() == "[racks.R1]\n"
    assert not (tmp_path / "data" / "demo" / "fleet.toml").exists()


@pytest.mark.parametrize("command", ["serve", "live", "history"])
def test_a_taken_address_ends_it_with_1_and_one_line(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("RACKTWIN_API__PORT", port)
        monkeypatch.setenv("RACKTWIN_HISTORY__PORT", port)
        monkeypatch.setenv("RACKTWIN_BROKER__URL", "mqtt://127.0.0.1:1")

        code, said = run(command)

    assert code == 1
    assert "Address already in use" in said


def test_a_store_that_is_no_store_ends_it_with_1_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "history.duckdb").write_bytes(b"no database" * 1000)

    code, said = run("serve")

    assert code == 1
    assert "history.duckdb" in said


def test_a_taken_port_gives_way_to_a_free_one() -> None:
    assert _port("127.0.0.1") in {8080, 0}
    with socket.create_server(("127.0.0.1", 0)):
        assert _port("203.0.113.1") == 0  # an address that is not ours can never be bound
