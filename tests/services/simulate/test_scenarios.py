import pytest

from services.simulate.scenarios import SCENARIOS, STEADY, stage
from twin.instants import Instant

BEGAN = Instant(1_767_225_600_000)

KNOWN = {
    "leak.tray",
    "leak.detected",
    "data.publisher_lost",
    "cdu.pump_lost",
    "liquid.flow_low",
    "liquid.dp_deviation",
    "liquid.delta_t_high",
    "liquid.return_temperature_high",
}


def test_steady_fleet_suffers_nothing() -> None:
    assert stage("steady", 5, BEGAN) == STEADY


@pytest.mark.parametrize("name", SCENARIOS.keys() - {"steady"})
def test_what_is_done_is_labelled(name: str) -> None:
    script = stage(name, 5, BEGAN)
    done = {loss.at for loss in script.pumps_lost}
    done |= {shows.at for shows in script.shows} | {silence.at for silence in script.silences}
    assert done == {label.at for label in script.labels}
    assert {label.code for label in script.labels} <= KNOWN


def test_tray_leaks_before_the_rack() -> None:
    tray, rack = stage("leak", 5, BEGAN).labels
    assert (tray.code, rack.code) == ("leak.tray", "leak.detected")
    assert tray.at < rack.at == BEGAN + 30_000


def test_lost_pumps_are_labelled_on_every_rack_they_serve() -> None:
    labels = stage("flow_loss", 20, BEGAN).labels
    starved = {label.entity for label in labels if label.code == "liquid.flow_low"}
    assert starved == {f"Hall1-R01-K{place:02d}" for place in range(1, 17)}


def test_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no scenario 'flood'.*steady, leak"):
        stage("flood", 5, BEGAN)
