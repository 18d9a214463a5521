from dataclasses import replace

import pytest

from services.bench.latency import LARGE, SMALL, bench_latency, trials


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_it_reports_how_soon_a_leak_stands_on_the_stream() -> None:
    report = await bench_latency([replace(SMALL, racks=2, leaks=2, rate=200)])

    figures = {figure.name.removeprefix("2 racks: "): figure for figure in report.figures}
    assert figures["messages"].value > 0
    assert figures["messages lost"].value == 0
    assert figures["faults that are no leak"].value == 0
    assert 0 < figures["leak to stream, p50"].value <= figures["leak to stream, p99"].value
    assert figures["leak to stream, p99"].target == 250


def test_a_small_fleet_is_tried_before_a_large_one_unless_one_size_is_asked_for() -> None:
    assert trials() == (SMALL, LARGE)
    assert trials(8) == (replace(SMALL, racks=8, leaks=24),)
    assert trials(1_000) == (replace(LARGE, racks=1_000),)
