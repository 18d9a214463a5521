import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app_of

RECORDING = """offset,topic,payload
0s,BMS/v1/PUB/Metadata/Rack/RackPower/site/r1/power,"{""objectType"":""Rack"",""pointType"":\
""RackPower"",""engUnit"":""kW"",""rackLocationName"":""R1"",""rackLocationId"":""R1""}"
0s,BMS/v1/PUB/Metadata/CDU/LiquidFlow/site/cdu,"{""objectType"":""CDU"",""pointType"":\
""LiquidFlow"",""engUnit"":""LPM"",""objectName"":""CDU"",""objectId"":""CDU"",\
""servesId"":[""R1"",""R2""]}"
0s,BMS/v1/PUB/Metadata/PowerMeter/ActivePower/site/tap,"{""objectType"":""PowerMeter"",\
""pointType"":""ActivePower"",""engUnit"":""kW"",""objectName"":""TAP"",""objectId"":""TAP"",\
""servesId"":[""R1""]}"
1.5s,BMS/v1/PUB/Value/Rack/RackPower/site/r1/power,"{""value"":35.2,""timestamp"":\
{{timestamp_ms}},""quality"":1}"
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "recording.csv"
    file.write_text(RECORDING)
    return file


def test_it_names_who_is_without_cooling(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["whatif", str(recording), "--lose", "CDU"])

    assert result.exit_code == 0
    assert "R1: without cooling, lasts -" in result.output
    assert "without cooling: 1 R1" in result.output
    assert "named only: 1 R2" in result.output
    assert "load: 35.20 kW, lost 0.00 kW, then 35.20 kW" in result.output


def test_it_names_who_is_without_power(recording: Path) -> None:
    arguments = ["whatif", str(recording), "--lose", "TAP", "--lose", "CDU"]

    result = CliRunner().invoke(app_of(()), arguments)

    assert "R1: without power" in result.output
    assert "lost 35.20 kW, then 0.00 kW" in result.output


def test_it_writes_one_json_document(recording: Path) -> None:
    arguments = ["--load-factor", "2", "--budget-kw", "50", "--supply", "30", "--json"]

    result = CliRunner().invoke(app_of(()), ["whatif", str(recording), *arguments])

    told = json.loads(result.stdout)
    assert told["load_kw"]["value"] == 70.4
    assert told["shed"]["racks"] == ["R1"]


def test_a_fleet_file_gives_ratings(recording: Path, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text("[racks.R1]\nhall = 'North'\nrated_kw = 132\n")
    arguments = ["whatif", str(recording), "--lose", "North", "--fleet", str(file)]

    assert "without power: 1 R1" in CliRunner().invoke(app_of(()), arguments).output


def test_an_unknown_id_fails_with_its_name(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["whatif", str(recording), "--lose", "X"])

    assert result.exit_code == 1
    assert "'X'" in result.stderr


def test_a_recording_that_is_not_there_fails_with_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["whatif", str(tmp_path / "nowhere.csv")])

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_it_tells_what_is_beyond_which_limit_and_what_meters_further_up_carry(
    dsx: Path,
) -> None:
    arguments = ["whatif", str(dsx / "dsx_exemplar.csv"), "--lose", "C-E-BUS-E1"]

    told = CliRunner().invoke(app_of(()), arguments).output

    assert "loses C-E05-TAP-E1, redundancy N, C-E05-TAP-E2 feed_loading_pct 83.96 %" in told
    assert "C-E-BUS-E2: 111.05 kW, then 139.78 kW" in told


def test_a_factor_out_of_range_is_wrong_use(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["whatif", str(recording), "--flow-factor", "-1"])

    assert result.exit_code == 2
    assert "flow_factor" in result.stderr
