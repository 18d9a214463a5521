from pathlib import Path

import pytest
import typer

from services.cli.options import _duration, fleet_of, instant, settings_of
from services.settings import Settings, SettingsError
from twin.site import UNWRITTEN
from twin.thermal import Coolant


def test_durations_and_instants_are_read_as_they_are_documented() -> None:
    assert _duration("1m39.368s") == 99_368
    assert instant("2026-01-01T00:00:00Z") == 1_767_225_600_000


@pytest.mark.parametrize("text", ["", "ten", "10", "5 m"])
def test_what_is_no_duration_is_wrong_use(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        _duration(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01T00:00:00"])
def test_what_is_no_instant_is_wrong_use(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        instant(text)


def test_a_flag_names_another_broker_and_keeps_its_credentials(tmp_path: Path) -> None:
    file = tmp_path / "racktwin.toml"
    file.write_text('[broker]\nusername = "me"\nurl = "mqtt://one"\n')

    settings = settings_of(file, "mqtt://two:1884")

    assert settings.broker.url.host == "two"
    assert settings.broker.username == "me"
    assert settings_of(file).broker.url.host == "one"


def test_a_broker_that_is_no_address_is_an_error() -> None:
    with pytest.raises(SettingsError, match="http://x"):
        settings_of(None, "http://x")


def test_a_flag_names_another_fleet_file_than_the_settings(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("[racks.R1]\n")
    (tmp_path / "two.toml").write_text("[racks.R2]\n")
    settings = Settings(fleet_file=tmp_path / "one.toml", coolant=Coolant.WATER)

    assert list(fleet_of(settings).site.racks) == ["R1"]
    assert list(fleet_of(settings, tmp_path / "two.toml").site.racks) == ["R2"]
    assert fleet_of(Settings()).site == UNWRITTEN
    assert fleet_of(settings).coolant is Coolant.WATER


def test_fleet_judges_by_the_rules_file_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[rules.liquid.flow_low]\non_delay = '15s'\n")

    fleet = fleet_of(Settings(rules_file=tmp_path / "rules.toml"))

    assert fleet.faults.rules["liquid.flow_low"].on_delay == 15_000
