from pathlib import Path

from services.bench.suspects import bench_suspects
from services.replay.files import read


def test_bent_sensors_of_the_real_pod_are_noticed_and_healthy_racks_left_in_peace(
    dsx: Path,
) -> None:
    report = bench_suspects(list(read(dsx / "dsx_exemplar.csv")), "the pod", (0.1, -0.3))

    figures = {figure.name: figure.value for figure in report.figures}
    assert figures["healthy things accused"] == 0
    for bias in ("+10%", "-30%"):
        assert figures[f"bent by {bias}: sensors"] == 25
        assert figures[f"bent by {bias}: noticed"] >= 90
        assert figures[f"bent by {bias}: named rightly"] >= 85
        assert figures[f"bent by {bias}: named wrongly"] == 0
        assert figures[f"bent by {bias}: other racks accused"] == 0
        assert figures[f"live, bent by {bias}: sensors"] == 25
        assert figures[f"live, bent by {bias}: noticed"] >= 95
        assert figures[f"live, bent by {bias}: named rightly"] >= 90
        assert figures[f"live, bent by {bias}: named wrongly"] == 0
        assert figures[f"live, bent by {bias}: other racks accused"] == 0


def test_a_recording_without_racks_has_nothing_to_bend() -> None:
    report = bench_suspects([], "nothing")

    assert {figure.value for figure in report.figures} == {0}
