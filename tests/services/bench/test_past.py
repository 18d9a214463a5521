import pytest

from services.bench.past import bench_past

pytestmark = pytest.mark.real


async def test_it_reports_how_long_the_past_takes() -> None:
    report = await bench_past(racks=4, since=2_000)

    figures = {figure.name: figure.value for figure in report.figures}
    assert report.what.startswith("4 simulated racks, ")
    assert figures["both"] >= figures["a fleet is made of it"] > 0
    worst = "the store says it where 0.002 million readings came since a snapshot"
    assert figures["both then"] >= figures[worst] > 0
    assert 0 < figures["others wait meanwhile, p99"] <= figures["others wait meanwhile, at most"]
