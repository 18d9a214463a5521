from collections import Counter

import msgspec
import pytest

from build import START, at
from schemas import bms
from services.simulate.plant import Plant
from services.simulate.script import Bends, Doubts, Freezes, Script, Shows, Silence, Told
from twin.points import EntityId, PublisherId, Reading

R1 = EntityId("Hall1-R01-K01")
FLOW = "Rack/RackLiquidFlow/Hall1/R01/K01/liquid/flow"
LEAK = "Rack/RackLeakDetect/Hall1/R01/K01/leak/rope"


def said(point: str, *told: Told, until: float = 60) -> dict[int, tuple[float | None, int]]:
    """Value and quality of a point at each whole second since the start, as it said them last."""
    plant = Plant(1, 1, Script(told=told))
    readings = (
        bms.decode(m.topic, m.payload, Counter()) for m in plant.recording(START, at(until))
    )
    found: dict[int, tuple[float | None, int]] = {}
    for each in readings:
        if isinstance(each, Reading) and each.point == point:
            for second in range((each.measured_at - START) // 1000 + 1, int(until) + 1):
                found[second] = (each.value, each.quality)
    return found


def test_a_point_shows_what_it_is_made_to_and_then_the_truth_again() -> None:
    shown = said(LEAK, Shows(at(10), R1, "RackLeakDetect", 1, at(20)))
    assert [second for second, (value, _) in shown.items() if value == 1] == list(range(11, 21))


def test_a_bent_sensor_reads_in_proportion_and_beside() -> None:
    truth = said(FLOW)
    bent = said(FLOW, Bends(at(10), R1, "RackLiquidFlow", 0.5, 3.0, at(30)))
    for second, (value, _) in truth.items():
        assert value is not None
        wanted = value * 0.5 + 3 if 10 < second <= 30 else value
        assert bent[second][0] == pytest.approx(wanted, abs=0.11)


def test_a_frozen_sensor_stays_at_what_it_read() -> None:
    truth = said(FLOW)
    frozen = said(FLOW, Freezes(at(10), R1, "RackLiquidFlow", at(40)))
    assert {frozen[second] for second in range(11, 41)} == {truth[11]}
    assert frozen[45] == truth[45]
    assert len({truth[second] for second in range(11, 41)}) > 5


def test_a_doubt_comes_at_once_with_the_value_that_there_is() -> None:
    doubted = said(LEAK, Doubts(at(10), R1, "RackLeakDetect", at(20)))
    qualities = {second: quality for second, (_, quality) in doubted.items()}
    assert [second for second, quality in qualities.items() if quality == 0] == list(range(11, 21))


def test_a_present_value_is_told_with_its_doubt() -> None:
    plant = Plant(1, 1, Script(told=(Doubts(at(10), R1, "RackLeakDetect", at(20)),)))
    (leak,) = (m for m in plant.values(at(15)) if m.topic.endswith(LEAK))
    assert msgspec.json.decode(leak.payload)["quality"] == 0


def test_who_is_silent_speaks_again_when_it_is_over() -> None:
    plant = Plant(1, 1, Script(told=(Silence(at(10), PublisherId("NICO"), at(30)),)))
    own = [m for m in plant.messages(START, at(60)) if "/NICO/Value/" in m.topic]
    assert not [m for m in own if at(10) <= m.received_at < at(30)]
    assert {m.received_at for m in own} >= {at(0), at(30), at(40)}
