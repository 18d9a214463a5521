import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brokers import nats
from processes import done
from services.broker.publish import publisher
from services.cli.app import app_of

POD = {f"Pod1C-E0{number}" for number in range(1, 7)}
RECORDING = """offset,topic,payload
0s,BMS/v1/PUB/Metadata/Rack/RackPower/site/r1/power,"{""objectType"":""Rack"",""pointType"":\
""RackPower"",""engUnit"":""kW"",""rackLocationName"":""R1"",""rackLocationId"":""R1""}"
"""
METADATA = (
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}'
)


def check(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app_of(()), ["fleet", "check", *arguments])
    return result.exit_code, result.stdout, result.stderr


def a_file(folder: Path, text: str) -> str:
    file = folder / "fleet.toml"
    file.write_text(text)
    return str(file)


def a_recording(folder: Path) -> str:
    file = folder / "recording.csv"
    file.write_text(RECORDING)
    return str(file)


def test_file_and_recording_that_agree_end_with_0(tmp_path: Path) -> None:
    file = a_file(tmp_path, "[racks.R1]\n")

    code, said, _ = check(file, "--recording", a_recording(tmp_path))

    assert code == 0
    assert said.splitlines()[-1] == "file and bus agree"


def test_what_one_side_lacks_is_named_and_ends_with_1(tmp_path: Path) -> None:
    file = a_file(tmp_path, "[racks.R2]\nfeeds = ['M9']\n[cdus.C9]\n[meters.M9]\n")

    code, said, _ = check(file, "--recording", a_recording(tmp_path))

    assert code == 1
    assert said.splitlines() == [
        "racks: 0 in both",
        "  on the bus, not in the file: R1",
        "  in the file, not on the bus: R2",
        "CDUs: 0 in both",
        "  in the file, not on the bus: C9",
        "meters: 0 in both",
        "  in the file, not on the bus: M9",
        "R2: its feed M9 is no meter of the bus",
        "file and bus do not agree",
    ]


def test_real_pod_is_compared_in_json(tmp_path: Path, dsx: Path) -> None:
    racks = "".join(f"[racks.{rack}]\n" for rack in sorted(POD - {"Pod1C-E05"}))
    file = a_file(
        tmp_path,
        f"{racks}[racks.Pod1C-F05]\n[racks.Pod1C-E05]\nfeeds = ['C-E05-TAP-E1', 'C-E-BUS-E1']\n",
    )

    code, said, _ = check(file, "--recording", str(dsx / "dsx_exemplar.csv"), "--json")

    told = json.loads(said)
    assert (code, told["agree"]) == (1, False)
    assert told["racks"] == {"both": 6, "not_in_file": [], "not_on_bus": ["Pod1C-F05"]}
    assert told["feeds"] == [
        {
            "rack": "Pod1C-E05",
            "unknown": [],
            "not_feeding": ["C-E-BUS-E1"],
            "not_in_file": ["C-E05-TAP-E2"],
        }
    ]


def test_feeds_that_the_bus_sees_otherwise_are_said(tmp_path: Path, dsx: Path) -> None:
    file = a_file(tmp_path, "[racks.Pod1C-E05]\nfeeds = ['C-E05-TAP-E1', 'C-E-BUS-E1']\n")

    _, said, _ = check(file, "--recording", str(dsx / "dsx_exemplar.csv"))

    assert "Pod1C-E05: its feed C-E-BUS-E1 does not feed it, says the bus" in said
    assert "Pod1C-E05: C-E05-TAP-E2 feeds it, and the file does not name it" in said


@pytest.mark.parametrize("more", [["--broker", "mqtt://127.0.0.1:1"], ["--for", "1s"]])
def test_recording_and_broker_together_are_wrong_use(tmp_path: Path, more: list[str]) -> None:
    code, _, said = check(a_file(tmp_path, ""), "--recording", "x.csv", *more)

    assert code == 2
    assert "only one of the two" in said


@pytest.mark.parametrize(
    ("text", "recording", "said"),
    [
        ("colour = 1", RECORDING, "fleet.toml: colour: no such key"),
        ("", "this,is\nno,recording\n", "recording.csv: "),
    ],
)
def test_what_cannot_be_read_ends_with_1_and_one_line(
    tmp_path: Path, text: str, recording: str, said: str
) -> None:
    (tmp_path / "recording.csv").write_text(recording)

    code, _, error = check(a_file(tmp_path, text), "--recording", str(tmp_path / "recording.csv"))

    assert code == 1
    assert said in error
    assert len(error.splitlines()) == 1


@pytest.mark.real
def test_broker_that_is_not_there_ends_with_1_and_one_line(tmp_path: Path) -> None:
    code, _, error = check(a_file(tmp_path, ""), "--broker", "mqtt://127.0.0.1:1")

    assert code == 1
    assert "127.0.0.1:1" in error
    assert len(error.splitlines()) == 1


@pytest.mark.real
async def test_broker_is_asked_for_what_it_retains(tmp_path: Path) -> None:
    file = a_file(tmp_path, "[racks.R1]\n")
    async with nats(tmp_path) as broker:
        topic = "BMS/v1/PUB/Metadata/Rack/RackPower/site/r1/power"
        async with publisher(broker.settings, "test") as publish:
            await publish(topic, METADATA, retain=True)
        url = str(broker.settings.url)
        code, said = await done("fleet", "check", file, "--broker", url, "--for", "1s")

    assert code == 0
    assert b"racks: 1 in both" in said
