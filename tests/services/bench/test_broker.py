import pytest

from services.bench.broker import bench_broker


@pytest.mark.real
async def test_it_reports_what_client_and_twin_cost() -> None:
    report = await bench_broker(rate=4_000, count=2_000, rounds=1)

    figures = {figure.name: figure for figure in report.figures}
    assert figures["client, a message"].value > 0
    assert figures["twin, a message"].value > 0
