import pytest

from services.simulate.plant import Plant
from services.simulate.scenarios import SCENARIOS, stage
from services.simulate.script import STEADY, Label
from services.simulate.site import site_of
from twin.faults.catalogue import CATALOGUE
from twin.instants import NEVER, Instant

BEGAN = Instant(1_767_225_600_000)


def labels_of(name: str, racks: int = 5) -> tuple[Label, ...]:
    return stage(name, racks, BEGAN).labels


def test_steady_fleet_suffers_nothing() -> None:
    assert stage("steady", 5, BEGAN) == STEADY


@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - {"steady"}))
def test_what_is_done_is_labelled_and_over_in_the_end(name: str) -> None:
    script = stage(name, 5, BEGAN)
    done = [*script.suffered, *script.told]
    assert done
    assert all(each.until != NEVER for each in done)
    assert any(label.certain and not label.folded for label in script.labels)
    for label in script.labels:
        assert any(each.at <= label.at and label.until <= each.until for each in done) or (
            name == "leak_chatter"
        )
        assert BEGAN <= label.at < label.by < label.gone
        assert label.at < label.until < label.gone


@pytest.mark.parametrize("name", SCENARIOS)
def test_labels_are_of_the_catalogue_and_of_the_site(name: str) -> None:
    site = site_of(5)
    things = (*site.racks, *site.taps, *site.busways, *site.cdus)
    known = {"PUB", *(thing.id for thing in things)}
    for label in labels_of(name):
        assert label.code in CATALOGUE
        assert label.entity in known
        if label.folded:
            assert CATALOGUE[label.code].has_causes


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_played(name: str) -> None:
    script = stage(name, 2, BEGAN)
    plant = Plant(2, 1, script)
    assert plant.labels == script.labels
    assert any(True for _ in plant.messages(BEGAN, Instant(BEGAN + 1_000)))


def test_tray_leaks_before_the_rack() -> None:
    tray, rack = labels_of("leak")
    assert (tray.code, rack.code) == ("leak.tray", "leak.detected")
    assert tray.at < rack.at == BEGAN + 30_000


def test_lost_pumps_are_labelled_on_every_rack_they_serve_as_one_cause() -> None:
    labels = labels_of("flow_loss", 20)
    starved = {label.entity for label in labels if label.code == "liquid.flow_low"}
    assert starved == {f"Hall1-R01-K{place:02d}" for place in range(1, 17)}
    assert [label.code for label in labels if not label.folded] == ["cdu.pump_lost"]


def test_lying_power_is_told_by_the_taps_as_well() -> None:
    assert {each.code for each in labels_of("bias_power")} == {"balance.heat", "balance.power"}
    assert {each.code for each in labels_of("bias_flow")} == {"balance.heat"}


def test_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no scenario 'flood'.*steady, leak"):
        stage("flood", 5, BEGAN)
