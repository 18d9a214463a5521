import os
from pathlib import Path

import pytest

from services.settings import SettingsError, load
from twin.thermal import Coolant


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RACKTWIN_")]:
        monkeypatch.delenv(name)


def a_file(folder: Path, text: str) -> Path:
    file = folder / "racktwin.toml"
    file.write_text(text)
    return file


def test_without_file_and_environment_everything_is_a_default() -> None:
    settings, origins = load()

    assert origins == {}
    assert str(settings.broker.url) == "mqtt://127.0.0.1:1883"
    assert settings.api.host == "127.0.0.1"


def test_a_file_sets_what_it_names_and_is_named_as_the_origin(tmp_path: Path) -> None:
    file = a_file(tmp_path, 'coolant = "water"\n[broker]\nurl = "mqtts://bus:8883"\n')

    settings, origins = load(file)

    assert settings.coolant is Coolant.WATER
    assert settings.broker.url.host == "bus"
    assert origins == {"coolant": str(file), "broker.url": str(file)}


def test_the_environment_goes_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path, "[api]\nport = 1\n")
    monkeypatch.setenv("RACKTWIN_API__PORT", "2")

    settings, origins = load(file)

    assert settings.api.port == 2
    assert origins == {"api.port": "RACKTWIN_API__PORT"}


def test_topics_in_the_environment_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RACKTWIN_BROKER__TOPICS", "a/#,b/#")

    assert load()[0].broker.topics == ("a/#", "b/#")


@pytest.mark.parametrize(
    ("given", "stores"),
    [
        ("duckdb", ("duckdb",)),
        ("duckdb,influx2", ("duckdb", "influx2")),
        ("influx2, duckdb,influx2", ("influx2", "duckdb")),
        ("none", ()),
    ],
)
def test_stores_in_a_text_are_separated_by_commas(
    tmp_path: Path, given: str, stores: tuple[str, ...]
) -> None:
    settings, _ = load(a_file(tmp_path, f"[history]\nstore = '{given}'\n"))

    assert settings.history.store == stores


def test_stores_may_be_a_list(tmp_path: Path) -> None:
    settings, _ = load(a_file(tmp_path, "[history]\nstore = ['influx2', 'duckdb']\n"))

    assert settings.history.store == ("influx2", "duckdb")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[history]\nstore = 'duckdb,none'", "history.store"),
        ("[history]\nstore = ''", "history.store"),
        ("[history]\nstore = 7", "history.store"),
        ("colour = 1", "colour"),
        ("[broker]\nulr = 'mqtt://x'", "broker.ulr"),
        ("[broker]\nurl = 'http://x'", "broker.url"),
        ("[broker]\nurl = 'mqtt://me:hunter2@x'", "no password here"),
        ("[api]\nport = 70000", "api.port"),
        ("coolant = 'beer'", "coolant"),
        ("[notify.webhook]\nurl = 'http://there'", "set secret or secret_file"),
        ("[notify.alertmanager]\nurl = 'http://me:hunter2@x'", "no password here"),
        ("not toml", "racktwin.toml"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load(a_file(tmp_path, text))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("name", ["RACKTWIN_BROKR__URL", "RACKTWIN_COOLANT__X__Y"])
def test_an_unknown_variable_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    monkeypatch.setenv("RACKTWIN_COOLANT", "water")

    with pytest.raises(SettingsError, match=name.partition("__")[0]):
        load()


def test_nobody_is_notified_by_default() -> None:
    notify = load()[0].notify

    assert not notify.mqtt.enabled
    assert notify.alertmanager.url is None
    assert notify.webhook.url is None


def test_who_is_notified_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACKTWIN_NOTIFY__MQTT__ENABLED", "true")
    monkeypatch.setenv("RACKTWIN_NOTIFY__WEBHOOK__URL", "https://there/hook")
    monkeypatch.setenv("RACKTWIN_NOTIFY__WEBHOOK__SECRET_FILE", "/run/secrets/webhook")

    notify = load()[0].notify

    assert notify.mqtt.enabled
    assert notify.webhook.secret_file == Path("/run/secrets/webhook")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACKTWIN_BROKER__PASSWORD", "hunter2")

    assert "hunter2" not in repr(load()[0])


def test_qos_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACKTWIN_BROKER__QOS", "2")
    monkeypatch.setenv("RACKTWIN_BROKER__PERSISTENT", "true")
    broker = load()[0].broker

    assert (broker.qos, broker.persistent, broker.client) == (2, True, "own")
    passing = broker.passing()
    assert (passing.qos, passing.persistent, passing.url) == (0, False, broker.url)


@pytest.mark.parametrize("line", ["qos = 1", "persistent = true"])
def test_aiomqtt_promises_nothing(tmp_path: Path, line: str) -> None:
    file = a_file(tmp_path, f'[broker]\nclient = "aiomqtt"\n{line}\n')

    with pytest.raises(SettingsError, match="qos and persistent need the client 'own'"):
        load(file)


def test_a_deadband_is_for_a_point_type_that_has_a_unit(tmp_path: Path) -> None:
    table = "[history.deadband]\n"
    file = a_file(tmp_path, table + "RackPower = {abs = 0.5}\nLiquidFlow = {pct = 2, max_s = 30}\n")
    bands = load(file)[0].history.deadband

    assert (bands["RackPower"].around(80.0), bands["RackPower"].max_s) == (0.5, 100.0)
    assert (bands["LiquidFlow"].around(-80.0), bands["LiquidFlow"].max_s) == (1.6, 30.0)
    assert load()[0].history.deadband == {}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("RackLeakDetect = {abs = 0.5}", "no point type of the contract that has a unit"),
        ("RackPowr = {abs = 0.5}", "no point type of the contract that has a unit"),
        ("RackPower = {abs = 0.5, pct = 1}", "set abs or pct"),
        ("RackPower = {}", "set abs or pct"),
        ("RackPower = {abs = 0}", "greater than 0"),
        ("RackPower = {abs = 1, max_s = 600}", "less than or equal to 150"),
    ],
)
def test_a_deadband_that_cannot_be_is_named(tmp_path: Path, line: str, why: str) -> None:
    file = a_file(tmp_path, f"[history.deadband]\n{line}\n")

    with pytest.raises(SettingsError, match=why):
        load(file)
