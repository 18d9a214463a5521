import json
import socket
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner

from build import START
from servers import serving
from services.broker.embedded import embedded_broker
from services.cli.app import app_of
from services.cli.care import Finding, examine
from services.notify.letters import DeadLetters, letter
from services.settings import ApiSettings, BrokerSettings, HistorySettings, Settings


def test_settings_show_names_each_value_and_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "racktwin.toml"
    file.write_text('coolant = "water"\n[broker]\npassword = "hunter2"\n')

    result = CliRunner().invoke(app_of(()), ["settings", "show", "--settings", str(file), "--json"])

    rows = json.loads(result.stdout)
    assert rows["coolant"] == {"value": "water", "origin": str(file)}
    assert rows["api.port"] == {"value": 8080, "origin": "default"}
    assert "hunter2" not in result.stdout


def test_settings_show_is_a_table_for_people() -> None:
    result = CliRunner().invoke(app_of(()), ["settings", "show"])

    assert "broker.url" in result.output
    assert "default" in result.output


@pytest.mark.real
async def test_the_doctor_finds_everything_well_where_it_is(tmp_path: Path) -> None:
    async with embedded_broker(tmp_path) as url:
        settings = Settings(
            broker=BrokerSettings(url=url), api=ApiSettings(port=0), data=tmp_path / "data"
        )

        findings = await examine(settings)

    assert [finding.check for finding in findings] == [
        "broker", "history", "notices", "data", "api", "demo",
    ]  # fmt: skip
    assert all(finding.ok and finding.fix is None for finding in findings)


@pytest.mark.real
async def test_the_doctor_says_how_to_mend_what_is_not_well(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
        settings = Settings(
            broker=BrokerSettings.model_validate({"url": f"mqtt://127.0.0.1:{nobody}"}),
            history=HistorySettings.model_validate(
                {"store": "influx2", "url": f"http://127.0.0.1:{nobody}"}
            ),
            api=ApiSettings(port=taken.getsockname()[1]),
            data=tmp_path / "file" / "data",
        )

        findings = await examine(settings)

    ill = {finding.check: finding.fix for finding in findings if not finding.ok}
    assert set(ill) == {"broker", "history", "data", "api"}
    assert all(ill.values())


@pytest.mark.real
async def test_no_history_is_no_illness(tmp_path: Path) -> None:
    settings = Settings(history=HistorySettings(store="none"), data=tmp_path)

    (finding,) = [each for each in await examine(settings) if each.check == "history"]

    assert finding.ok


@pytest.mark.real
@pytest.mark.parametrize("as_json", [True, False])
def test_the_doctor_ends_with_1_where_anything_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    monkeypatch.setenv("RACKTWIN_BROKER__URL", "mqtt://127.0.0.1:1")
    monkeypatch.setenv("RACKTWIN_DATA", str(tmp_path))

    result = CliRunner().invoke(app_of(()), ["doctor", *(["--json"] if as_json else [])])

    assert result.exit_code == 1
    assert "broker.url" in result.stdout


async def notices(settings: Settings) -> Finding:
    """What the doctor finds of notices."""
    (found,) = [each for each in await examine(settings) if each.check == "notices"]
    return found


@pytest.mark.real
async def test_the_doctor_tells_of_notices_that_were_given_up(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path / "serve-notify-dead.ndjson")
    letters.keep([letter(START, "e1:1", 8, "503", b"{}")])

    found = await notices(Settings(data=tmp_path))

    assert not found.ok
    assert "1 notices were given up, the last at 2026-01-01" in found.said


@pytest.mark.real
@pytest.mark.parametrize(("status", "ok"), [(200, True), (404, False)])
async def test_the_doctor_asks_alertmanager(status: int, tmp_path: Path, *, ok: bool) -> None:
    async def take(request: web.Request) -> web.Response:
        assert await request.json() == []
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/api/v2/alerts", take)
    async with serving(app) as url:
        notify = {"alertmanager": {"url": url}}
        found = await notices(Settings.model_validate({"data": tmp_path, "notify": notify}))

    assert found.ok is ok
    assert (found.fix is None) is ok
