from services.bench.whatif import bench_whatif


async def test_it_reports_how_long_others_wait() -> None:
    report = await bench_whatif(racks=20, rounds=1)

    figures = {figure.name: figure.value for figure in report.figures}
    assert report.what == "every one of 20 simulated racks draws a fifth more"
    assert 0 < figures["others wait, p50"] <= figures["others wait, at most"]
    assert figures["others wait, at most"] < figures["in slices: all of it"]
    assert figures["at once: others wait"] > 0
