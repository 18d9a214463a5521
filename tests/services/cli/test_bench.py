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


def test_a_day_of_frontier_is_predicted_where_its_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    rows = "".join(f"{15 * row},{2e7 + row % 7 * 1e6}\n" for row in range(300))
    file.write_text("time,power[1]\n" + rows)

    result = CliRunner().invoke(app_of(()), ["bench", "frontier", "--file", str(file), "--json"])

    (report,) = json.loads(result.stdout)
    assert "whole, 15 min: CV-RMSE against persistence" in {
        figure["name"] for figure in report["figures"]
    }


def test_without_its_file_the_frontier_benchmark_says_which_it_needs() -> None:
    result = CliRunner().invoke(app_of(()), ["bench", "frontier"])

    assert result.exit_code == 2
    assert "input_04-07-24.csv" in result.output


def test_another_file_than_a_day_of_frontier_fails_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("offset,topic,payload\n")

    result = CliRunner().invoke(app_of(()), ["bench", "frontier", "--file", str(file)])

    assert result.exit_code == 1
    assert "no column power" in result.output


def test_all_benchmarks_together_say_that_frontier_is_left_out(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.csv")  # so that the first of them ends the run

    result = CliRunner().invoke(app_of(()), ["bench", "--recording", missing])

    assert isinstance(result.exception, FileNotFoundError)
    assert "frontier is left out: --file names one day" in result.output
