from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app_of
from services.replay.files import read

NOBODY = "mqtt://127.0.0.1:1"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app_of(()), list(arguments))
    return result.exit_code, result.stderr


@pytest.mark.parametrize("suffix", ["arrows", "csv"])
def test_simulate_writes_a_recording_of_a_fleet(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"fleet.{suffix}"

    assert run("simulate", "--racks", "2", "--for", "2s", "-o", str(file))[0] == 0

    envelopes = list(read(file))
    assert sum("/Metadata/" in envelope.topic for envelope in envelopes) > 50
    assert sum("/Value/" in envelope.topic for envelope in envelopes) > 50


def test_simulate_tells_the_injected_truth_beforehand(tmp_path: Path) -> None:
    file = tmp_path / "leak.arrows"
    arguments = ("--racks", "1", "--for", "1s", "--scenario", "leak", "-o", str(file))

    code, said = run("simulate", *arguments)

    assert code == 0
    assert "30000 ms: Hall1-R01-K01 leak.detected" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate", "--racks", "1", "--scenario", "comet", "--for", "1s"), "comet"),
        (("simulate", "--racks", "1", "-o", "x.csv"), "needs an end"),
        (("simulate", "--racks", "0"), "racks"),
        (("play", "x.csv", "--speed", "0"), "above 0"),
        (("play", "x.csv", "--speed", "fast"), "speed"),
        (("play", "x.csv", "--topic", "a/#/b", "--broker", NOBODY), "topic filter"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_wrong(
    arguments: tuple[str, ...], said: str
) -> None:
    code, error = run(*arguments)

    assert code == 2
    assert said in error


@pytest.mark.real
@pytest.mark.parametrize(
    "arguments",
    [
        ("play", "nowhere.csv", "--broker", NOBODY),
        ("simulate", "--racks", "1", "--for", "1s", "--broker", NOBODY),
        ("simulate", "--racks", "1", "--for", "1s", "-o", "/nowhere/fleet.csv"),
        ("simulate", "--racks", "1", "--for", "1s", "-o", "fleet.mp3"),
        ("record", "-o", "/nowhere/taken.csv", "--for", "1s", "--broker", NOBODY),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_one_line(arguments: tuple[str, ...]) -> None:
    code, error = run(*arguments)

    assert code == 1
    assert "Traceback" not in error


@pytest.mark.real
def test_recording_where_nobody_speaks_is_an_empty_recording(tmp_path: Path) -> None:
    file = tmp_path / "taken.arrows"
    arguments = ("-o", str(file), "--for", "300ms", "--broker", NOBODY, "--topic", "a/#")

    code, said = run("record", *arguments)

    assert code == 0
    assert "0 messages recorded" in said
    assert list(read(file)) == []
