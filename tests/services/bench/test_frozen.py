from pathlib import Path

from services.bench.frozen import bench_frozen
from services.replay.files import read
from twin.instants import Millis


def test_a_sensor_of_the_real_pod_that_stops_is_named_and_no_other(dsx: Path) -> None:
    recording = list(read(dsx / "dsx_exemplar.csv"))

    report = bench_frozen(recording, "the pod", seeds=(1,), span=Millis(60_000))

    figures = {figure.name: figure.value for figure in report.figures}
    assert figures["healthy sensors accused"] == 0
    assert figures["5 min of it known: stopped"] > 50
    assert figures["5 min of it known: named in 300 s"] > 90
    assert figures["5 min of it known: others accused"] == 0
    assert figures["1 plants, 0.0166667 h each: healthy sensors accused"] == 0


def test_a_recording_without_sensors_has_nothing_to_stop() -> None:
    report = bench_frozen([], "nothing", seeds=())

    assert {figure.value for figure in report.figures} == {0}
