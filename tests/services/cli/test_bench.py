import json
from pathlib import Path

from typer.testing import CliRunner

from services.cli.app import app_of


def test_a_benchmark_prints_its_figures_and_what_was_to_be_reached() -> None:
    result = CliRunner().invoke(app_of(()), ["bench", "fold"], env={"COLUMNS": "120"})

    assert result.exit_code == 0
    assert "messages folded" in result.output
    assert "reached" in result.output


def test_a_recording_can_be_folded_in_place_of_a_simulation(tmp_path: Path) -> None:
    file = tmp_path / "recording.csv"
    file.write_text("offset,topic,payload\n" + "0s,some/topic,{}\n" * 10)

    result = CliRunner().invoke(app_of(()), ["bench", "fold", "--recording", str(file), "--json"])

    (report,) = json.loads(result.stdout)
    assert report["what"] == "offline replay of recording.csv, 10 messages, one core"
