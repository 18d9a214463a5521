import pytest

from services.bench.report import Figure, Report, median_seconds, quantile


@pytest.mark.parametrize(
    ("figure", "reached"),
    [
        (Figure("rate", 2.0, "1/s", target=1.0), True),
        (Figure("rate", 0.5, "1/s", target=1.0), False),
        (Figure("latency", 2.0, "ms", target=1.0, better="lower"), False),
        (Figure("latency", 1.0, "ms", target=1.0, better="lower"), True),
        (Figure("just so", 1.0, "ms"), None),
    ],
)
def test_a_figure_knows_whether_its_target_was_reached(
    figure: Figure, *, reached: bool | None
) -> None:
    assert figure.reached is reached


def test_a_report_is_plain_values_with_what_was_reached() -> None:
    report = Report("fold", "what it is")
    report.add("rate", 2.0, "1/s", target=1.0)

    assert report.as_json() == {
        "name": "fold",
        "what": "what it is",
        "figures": [
            {
                "name": "rate",
                "value": 2.0,
                "unit": "1/s",
                "target": 1.0,
                "better": "higher",
                "reached": True,
            }
        ],
    }


def test_the_median_leaves_the_first_run_out() -> None:
    runs: list[int] = []

    assert median_seconds(lambda: runs.append(1), rounds=3) >= 0
    assert len(runs) == 4


def test_a_quantile_is_one_of_the_values() -> None:
    values = [3.0, 1.0, 2.0]

    assert quantile(values, 0.5) == 2.0
    assert quantile(values, 0.99) == 3.0
    assert quantile(values, 1.0) == 3.0
