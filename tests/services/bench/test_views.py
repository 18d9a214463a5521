from services.bench.views import bench_views


def test_it_reports_what_a_look_at_a_rack_costs() -> None:
    report = bench_views(racks=4, rounds=2)

    figures = {figure.name: figure.value for figure in report.figures}
    assert report.what == "the view of each of 4 simulated racks, CPU time"
    assert figures["points of a rack"] > 10
    assert 0 < figures["a rack, p50"] <= figures["a rack, p99"]
    assert figures["all of them"] > 0
    assert 0 < figures["its gist and row of the stream, p50"] < figures["a rack, p50"]
