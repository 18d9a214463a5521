from services.bench.faults import bench_faults, recorded
from services.simulate.scenarios import SCENARIOS
from twin.instants import Millis


def test_it_reports_how_everything_is_told_that_goes_wrong() -> None:
    report = bench_faults(racks=4, seeds=(1,), span=Millis(60_000), at_once=20)

    figures = {figure.name: figure for figure in report.figures}
    assert {f"{name}: recall" for name in SCENARIOS.keys() - {"steady"}} <= figures.keys()
    for name in ("leak", "flow_loss", "bias_flow"):
        assert figures[f"{name}: recall"].value == 100
        assert figures[f"{name}: precision"].value == 100
    assert figures["leak: raised after, at most"].value < 1
    assert figures["nothing wrong: false faults a rack-day"].value == 0
    assert figures["10000 faults at once: calls"].value >= 1


def test_nothing_can_be_bent_in_a_recording_without_messages() -> None:
    assert not list(recorded([]))
