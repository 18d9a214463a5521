from services.bench.flood import flood
from services.bench.report import Report


async def test_it_reports_how_long_everybody_else_waits() -> None:
    report = Report("faults", "a flood")

    await flood(report, 30)

    waits = {each.name: each for each in report.figures if each.target is not None}
    assert len(waits) == 6
    assert all(each.value > 0 for each in waits.values())
