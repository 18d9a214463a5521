import pytest

from services.bench.history import Size, bench_history

TINY = Size(
    points=50,
    seconds=4,
    mixed=2,
    outage_s=120,
    outage_points=20,
    simulated=4,
    racks=40,
    hours=2,
    charts=2,
    requests=5,
    rounds=1,
    settle_s=0.2,
)


@pytest.mark.real
async def test_it_reports_speed_room_memory_charts_and_latency() -> None:
    report = await bench_history(TINY)

    figures = {figure.name: figure for figure in report.figures}
    assert len(figures) == len(report.figures) == 22
    assert figures["2 files of one metric of 40 racks at 1 Hz"].value == 2 * 3_600 * 40
    assert [each.target for each in figures.values() if each.target] == [
        16,
        150_000,
        300_000,
        300,
        300,
    ]
    assert all(each.value > 0 for each in figures.values() if each.unit != "MiB")
