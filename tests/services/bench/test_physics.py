from services.bench.physics import bench_physics


def test_it_reports_what_balances_and_rules_cost_a_message() -> None:
    report = bench_physics(racks=8, seconds=3)

    figures = {figure.name: figure.value for figure in report.figures}
    assert report.what == "balances and rules of 8 simulated racks, CPU time"
    assert figures["messages"] > 1
    assert figures["the longest beat"] > 0
    assert figures["balances"] > 8
    assert figures["findings and faults of a healthy fleet"] == 0
