from pathlib import Path

from services.bench.suspects import bench_suspects
from services.replay.files import read


def test_bent_sensors_of_the_real_pod_are_noticed_and_healthy_racks_left_in_peace(
    dsx: Path,
) -> None:
    report = bench_suspects(read(dsx / "dsx_exemplar.csv"), "the pod")

    figures = {figure.name: figure.value for figure in report.figures}
    assert figures["healthy racks accused"] == 0
    assert figures["bent by +30%: sensors"] == 21
    assert figures["bent by +30%: noticed"] == 100
    assert figures["bent by +30%: named rightly"] > 85
    assert figures["bent by +30%: named wrongly"] < 10
    assert figures["bent by +30%: other racks accused"] == 0


def test_a_recording_without_racks_has_nothing_to_bend() -> None:
    report = bench_suspects([], "nothing")

    assert {figure.value for figure in report.figures} == {0}
