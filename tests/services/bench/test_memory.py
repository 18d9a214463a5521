from services.bench.memory import bench_memory


def test_every_point_is_described_and_heard() -> None:
    report = bench_memory(points=600)

    figures = {figure.name: figure for figure in report.figures}
    assert figures["points live"].value == 600
    assert figures["points live"].reached is True
    assert figures["resident"].value > 0
