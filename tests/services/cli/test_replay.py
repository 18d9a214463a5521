import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app_of

RECORDING = """offset,topic,payload
0s,BMS/v1/PUB/Metadata/Rack/RackPower/site/r1/power,"{""objectType"":""Rack"",""pointType"":\
""RackPower"",""engUnit"":""kW"",""rackLocationName"":""R1"",""rackLocationId"":""R1""}"
1.5s,BMS/v1/PUB/Value/Rack/RackPower/site/r1/power,"{""value"":35.2,""timestamp"":\
{{timestamp_ms}},""quality"":1}"
"""

_NAMED = '""rackLocationName"":""R1"",""rackLocationId"":""R1""}"'
_SAID = '""timestamp"":{{timestamp_ms}},""quality"":1}"'
WRONG = f"""offset,topic,payload
0s,BMS/v1/PUB/Metadata/Rack/RackPower/site/r1/power,"{{""objectType"":""Rack"",""pointType"":\
""RackPower"",""engUnit"":""kW"",{_NAMED}
0s,BMS/v1/PUB/Metadata/Rack/RackLeakDetect/site/r1/leak,"{{""objectType"":""Rack"",""pointType"":\
""RackLeakDetect"",{_NAMED}
1s,BMS/v1/PUB/Value/Rack/RackPower/site/r1/power,"{{""value"":-99.5,{_SAID}
2s,BMS/v1/PUB/Value/Rack/RackLeakDetect/site/r1/leak,"{{""value"":1,{_SAID}
"""
"""A rack that leaks, and whose power nothing real can be."""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "recording.csv"
    file.write_text(RECORDING)
    return file


def test_it_shows_a_table_of_racks_and_the_counters(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["replay", str(recording)])

    assert result.exit_code == 0
    assert "R1" in result.output
    assert "35.20 kW" in result.output
    assert "points: 1 live, 0 stale, 0 unheard" in result.output


def test_it_shows_that_nothing_is_wrong(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["replay", str(recording)])

    assert result.output.splitlines()[-4:] == [
        "",
        "faults besides findings: none",
        "",
        "findings: none",
    ]


def test_it_shows_the_faults_that_stand_and_the_findings_each_once(tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(WRONG)

    result = CliRunner().invoke(app_of(()), ["replay", str(file), "--until", "1m"])

    assert "drift 1, drift_by_kind (unit_missing 1)" in " ".join(result.output.split())
    reason = "-99.5 kW: beyond -2 to 2000 kW (a rack gives nothing back, the largest takes half)"
    assert result.output.splitlines()[-8:] == [
        "",
        "faults besides findings: 1",
        "severity  state  code           entity  since  message",
        "CRITICAL  UNACK  leak.detected  R1      2s     RackLeakDetect says 1",
        "",
        "findings: 1",
        "code                entity  suspect    since  reason",
        f"sensor.implausible  R1      RackPower  0s     {reason}",
    ]


def test_it_writes_one_json_document_to_stdout(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["replay", str(recording), "--json", "-"])

    told = json.loads(result.stdout)
    assert told["racks"]["R1"]["power"]["load_kw"]["value"] == 35.2
    assert told["recording"]["duration_s"] == 1.5


def test_it_writes_to_a_file_and_begins_when_it_is_told(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    arguments = ["replay", str(recording), "--json", str(out), "--start", "2030-01-01T00:00:00Z"]

    result = CliRunner().invoke(app_of(()), [*arguments, "--until", "5m"])

    assert result.exit_code == 0
    told = json.loads(out.read_text())
    assert told["recording"]["start"] == "2030-01-01T00:00:00.000Z"
    assert told["time"] == "2030-01-01T00:05:00.000Z"
    assert told["racks"]["R1"]["freshness"] == "STALE"


@pytest.mark.parametrize("how", ["option", "setting"])
def test_it_knows_places_and_ratings_of_a_fleet_file(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text("[racks.R1]\nhall = 'North'\nrated_kw = 132\n")
    arguments = ["replay", str(recording), "--json", "-"]
    if how == "option":
        arguments += ["--fleet", str(file)]
    else:
        monkeypatch.setenv("RACKTWIN_FLEET_FILE", str(file))

    told = json.loads(CliRunner().invoke(app_of(()), arguments).stdout)

    assert told["racks"]["R1"]["hall"] == "North"
    assert told["racks"]["R1"]["power"]["headroom_kw"]["value"] == pytest.approx(96.8)
    assert told["fleet"]["by_hall"]["North"]["racks"] == 1


@pytest.mark.real
def test_it_reads_stdin(recording: Path) -> None:
    command = [sys.executable, "-m", "services", "replay", "-", "--json", "-"]

    done = subprocess.run(command, input=recording.read_bytes(), capture_output=True, check=True)

    assert json.loads(done.stdout)["racks"]["R1"]["power"]["load_kw"]["value"] == 35.2


@pytest.mark.parametrize(
    ("name", "text"), [("nowhere.csv", None), ("rubbish.csv", "this,is\nno,recording\n")]
)
def test_what_is_no_recording_fails_with_one_line(
    tmp_path: Path, name: str, text: str | None
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)

    result = CliRunner().invoke(app_of(()), ["replay", str(file)])

    assert result.exit_code == 1
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_wrong_instant_is_wrong_use(recording: Path) -> None:
    result = CliRunner().invoke(app_of(()), ["replay", str(recording), "--start", "yesterday"])

    assert result.exit_code == 2
