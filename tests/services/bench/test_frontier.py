from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from services.bench.frontier import DayError, bench_frontier, read_day, score, walk
from twin.instants import Instant, Millis

HEAD = "time,power[1],power[2],OA Wetbulb Temp\n"
DAY = "frontier_cdu_power_2024-04-07_15s.csv"


def written(file: Path, megawatts: Iterable[float]) -> Path:
    lines = (f"{15.0 * row},{mw * 4e5},{mw * 6e5},9.5\n" for row, mw in enumerate(megawatts))
    file.write_text(HEAD + "".join(lines))
    return file


def figures(file: Path) -> dict[str, float]:
    return {figure.name: figure.value for figure in bench_frontier(file).figures}


def every_15_s(values: Sequence[float]) -> list[tuple[Instant, float]]:
    return [(Instant(15_000 * number), value) for number, value in enumerate(values)]


def test_the_powers_are_summed_and_nothing_else(tmp_path: Path) -> None:
    instants, powers = zip(*read_day(written(tmp_path / "day.csv", [10.0, 12.0])), strict=True)

    assert instants == (0, 15_000)
    assert powers == pytest.approx((10.0, 12.0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column power"),
        ("time,load\n0,1\n", "no column power"),
        (HEAD, "no rows"),
        (HEAD + "0,1,2,3\n0,1,2,3\n", "time does not go on"),
        (HEAD + "0,1,2,3\n15,1\n", "line 3"),
        (HEAD + "0,1,nan,3\n", "no load"),
        (HEAD + "0,0,0,3\n", "no load"),
        (HEAD + "inf,1,2,3\n", "line 2"),
        (HEAD + "0,1,much,3\n", "much"),
        ("power[1]\n1\n", "time"),
        (HEAD + "0,1e6,2e6,3\n15,1e6,2e6,3\n", "too short"),
    ],
)
def test_another_file_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(text)

    with pytest.raises(DayError, match=reason):
        bench_frontier(file)


def test_errors_are_those_of_the_guideline() -> None:
    found = score([10.0, 20.0, 30.0], [10.0, 18.0, 26.0])

    assert found.nmbe == pytest.approx(100 * 6 / (2 * 20))
    assert found.cv_rmse == pytest.approx(100 * (20 / 2) ** 0.5 / 20)


def test_a_prediction_is_compared_with_what_came_a_horizon_later() -> None:
    pairs = list(walk(every_15_s([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Millis(60_000)))

    assert [(at, came, now) for at, came, _, now in pairs] == [(60_000, 5, 1), (75_000, 6, 2)]


def test_what_has_no_value_a_horizon_later_is_not_compared() -> None:
    day = every_15_s([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    del day[4]

    assert [(at, came) for at, came, _, _ in walk(day, Millis(60_000))] == [(75_000, 6)]


def test_no_prediction_knows_the_future() -> None:
    same = [10.0, 11.0, 9.0, 12.0, 10.0, 13.0, 11.0, 10.0]

    one, other = (
        [predicted for _, _, predicted, _ in walk(every_15_s(same + rest), Millis(60_000))]
        for rest in ([10.0] * 4, [99.0] * 4)
    )

    assert one == other


def test_a_constant_load_is_met_by_both_without_error(tmp_path: Path) -> None:
    found = figures(written(tmp_path / "day.csv", [20.0] * 300))

    assert found["whole, 15 min: CV-RMSE"] == pytest.approx(0, abs=1e-9)
    assert found["whole, 15 min: CV-RMSE of persistence"] == pytest.approx(0, abs=1e-9)


def test_the_real_day_is_told_as_it_is_whichever_wins(dsx: Path) -> None:
    if not (dsx / DAY).exists():
        pytest.skip(f"NO DAY OF FRONTIER in {dsx}: {DAY} is not there")

    found = figures(dsx / DAY)

    assert found["whole, 15 min: CV-RMSE"] == pytest.approx(35.83, abs=0.01)
    assert found["whole, 15 min: CV-RMSE of persistence"] == pytest.approx(37.46, abs=0.01)
    assert found["2nd half, 1 min: CV-RMSE"] == pytest.approx(4.78, abs=0.01)
    assert found["2nd half, 1 min: CV-RMSE of persistence"] == pytest.approx(7.49, abs=0.01)
    assert abs(found["whole, 15 min: NMBE"]) < 2.5
