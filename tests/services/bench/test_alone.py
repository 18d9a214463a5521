import pytest

from services.bench.alone import alone
from services.bench.report import Report


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_it_reports_what_is_taken_in_with_and_without_the_fold() -> None:
    report = Report("gigawatt", "one rack")

    await alone(report, racks=1, span_s=0.5)

    figures = {figure.name: figure for figure in report.figures}
    assert len(figures) == len(report.figures) == 2 * 7 + 2 * 6
    for name in (
        "intake alone, through NATS",
        "intake and fold, through NATS",
        "intake and fold, straight from the fleet",
        "with balances and faults, straight from the fleet",
    ):
        assert figures[f"{name}: taken"].target == 28
        assert figures[f"{name}: lost"].value == 0
