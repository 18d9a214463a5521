"""The liquid side of the real pod: what its CDU and its racks say, and where they disagree."""

from collections import defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from schemas.envelope import Envelope
from schemas.views import equipment_view, fleet_view, rack_view
from services.intake import Intake
from services.replay.files import read
from services.replay.outcome import fold
from services.simulate.plant import Plant
from twin.cdu import CDU, cdu_of
from twin.changes import ReadingTaken
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.points import EntityId
from twin.thermal import Coolant, heat_kw

Document = dict[str, Any]

COOLED = [f"Pod1C-E0{number}" for number in range(2, 7)]


@pytest.fixture(scope="module")
def envelopes(dsx: Path) -> list[Envelope]:
    return list(read(dsx / "dsx_exemplar.csv"))


@pytest.fixture(scope="module")
def fleet(envelopes: list[Envelope]) -> Fleet:
    intake = Intake(Fleet())
    fold(envelopes, intake)
    return intake.fleet


@pytest.fixture(scope="module")
def cdu(fleet: Fleet) -> Document:
    entity = fleet.entity(EntityId("C-F00-CDU-05"))
    assert entity is not None
    cooling = equipment_view(entity, fleet, fleet.now).cooling
    assert cooling is not None
    return cooling.model_dump(mode="json")


@pytest.fixture(scope="module")
def racks(fleet: Fleet) -> dict[str, Document]:
    views = (fleet.rack(EntityId(each)) for each in COOLED)
    return {
        rack.id: rack_view(rack, fleet.now).thermal.model_dump(mode="json")
        for rack in views
        if rack is not None
    }


@pytest.fixture(scope="module")
def series(envelopes: list[Envelope]) -> dict[tuple[str, str], list[float]]:
    """Every value of the recording, by entity and point type (with the area, where it has one)."""
    intake = Intake(Fleet())
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for topic, payload, at, _ in envelopes:
        for change in intake.take(topic, payload, at):
            if isinstance(change, ReadingTaken) and change.value is not None:
                point = change.point
                kind = " ".join((point.point_type, *point.process_area))
                found[point.entity, kind].append(change.value)
    return found


def test_the_unit_says_that_nothing_flows_while_its_racks_take_252_litres(cdu: Document) -> None:
    assert cdu["flow_lpm"]["value"] == 0.0
    assert cdu["flow_lpm"]["quality"] == "GOOD"
    assert cdu["heat_kw"]["value"] == 0.0
    assert cdu["racks_flow_lpm"]["value"] == pytest.approx(252, abs=0.5)
    assert cdu["racks_heat_kw"]["value"] == pytest.approx(206.4, abs=0.5)


def test_five_racks_that_the_unit_serves_are_known_by_name_alone(cdu: Document) -> None:
    assert (cdu["racks_flow_lpm"]["fresh"], cdu["racks_flow_lpm"]["expected"]) == (5, 10)
    assert cdu["flow_residual_pct"] is None


def test_the_flow_is_found_in_an_area_that_is_misspelt(cdu: Document) -> None:
    assert cdu["notes"] == ["process area 'Seccondary' read as 'Secondary'"]


def test_the_unit_shows_its_temperatures_and_pressures(cdu: Document) -> None:
    shown = {name: each["value"] for name, each in cdu.items() if isinstance(each, dict)}

    assert (shown["supply_c"], shown["return_c"], shown["supply_setpoint_c"]) == (31.3, 31.7, 32.0)
    assert shown["approach_k"] == pytest.approx(-0.7)
    assert shown["delta_t_k"] == pytest.approx(0.4)
    assert (shown["primary_inlet_c"], shown["primary_outlet_c"]) == (14.1, 33.0)
    assert (shown["dp_kpa"], shown["dp_setpoint_kpa"]) == (pytest.approx(90, abs=1), 90.0)
    assert shown["supply_kpa"] == pytest.approx(325, abs=1)
    assert shown["return_kpa"] == pytest.approx(235, abs=1)
    assert shown["filter_dp_kpa"] == pytest.approx(5.5, abs=0.05)


def test_one_pump_runs_one_stands_by_and_the_fill_pump_is_off(cdu: Document) -> None:
    assert [pump["speed_pct"]["value"] for pump in cdu["pumps"] if "speed_pct" in pump] == [44, 0]
    assert [pump["on"]["text"] for pump in cdu["pumps"] if "on" in pump] == ["Off"]
    assert (cdu["available"]["text"], cdu["status"]["text"]) == ("Available", "On")


def test_the_primary_flow_is_far_below_what_the_heat_needs(
    series: dict[tuple[str, str], list[float]],
) -> None:
    flows = series["C-F00-CDU-05", "LiquidFlow Primary"]

    assert min(flows) == pytest.approx(1.5, abs=0.1)
    assert max(flows) == pytest.approx(6.8, abs=0.1)
    assert heat_kw(max(flows), 14.1, 33.0, Coolant.WATER) < 10  # of 206 kW


def test_heat_closes_to_0_999_with_water_and_0_967_with_pg25(
    series: dict[tuple[str, str], list[float]],
) -> None:
    def mean(rack: str, kind: str) -> float:
        return fmean(series[rack, kind])

    for coolant, whole in ((Coolant.WATER, 0.999), (Coolant.PG25, 0.967)):
        heat = {
            rack: heat_kw(
                mean(rack, "RackLiquidFlow"),
                mean(rack, "RackLiquidSupplyTemperature"),
                mean(rack, "RackLiquidReturnTemperature"),
                coolant,
            )
            for rack in COOLED
        }
        power = {rack: mean(rack, "RackPower") for rack in COOLED}
        assert sum(heat.values()) / sum(power.values()) == pytest.approx(whole, abs=0.002)
        assert all(0.95 < heat[rack] / power[rack] < 1.02 for rack in COOLED)


def test_every_rack_tells_its_heat_ratio_with_either_coolant(racks: dict[str, Document]) -> None:
    for coolant in Coolant:
        ratios = [rack["heat_ratio_by_coolant"][coolant]["value"] for rack in racks.values()]
        assert all(0.94 < ratio < 1.02 for ratio in ratios)  # at one instant, not on average


def test_supplies_are_within_a_kelvin_of_the_setpoint_of_their_unit(
    racks: dict[str, Document],
) -> None:
    assert racks["Pod1C-E05"]["approach_k"]["value"] == pytest.approx(0.68)
    assert all(-0.1 < rack["approach_k"]["value"] < 1.1 for rack in racks.values())
    assert all(rack["flow_share"]["value"] is None for rack in racks.values())


def test_half_loaded_racks_would_last_half_a_minute_and_more(racks: dict[str, Document]) -> None:
    lasts = [rack["ride_through_s"]["value"] for rack in racks.values()]

    assert all(35 < seconds < 60 for seconds in lasts)


def test_cooling_pue_is_unknown_for_no_unit_has_a_meter(fleet: Fleet) -> None:
    ppue = fleet_view(fleet, fleet.now).ppue_cooling

    assert (ppue.value, ppue.fresh, ppue.expected) == (None, 6, 7)


def test_a_simulated_unit_agrees_with_its_racks() -> None:
    start = Instant(1_767_225_600_000)
    intake = Intake(Fleet())
    fold(Plant(racks=8, seed=1).recording(start, after(start, Millis(60_000))), intake)
    fleet = intake.fleet
    units = [each for each in fleet.equipment() if each.kind == CDU]
    (unit,) = (
        cdu_of(each, fleet.topology, fleet.entity, fleet.coolant, fleet.site) for each in units
    )
    racks = [rack for each in fleet.racks() if (rack := fleet.rack(each.id)) is not None]

    assert unit.racks.flow.fresh == unit.racks.flow.expected == 8
    assert unit.flow_residual_pct == pytest.approx(0, abs=1)
    assert unit.heat.value == pytest.approx(unit.racks.heat.value, rel=0.1)
    assert sum(rack.thermal.flow_share.value or 0 for rack in racks) == pytest.approx(1, abs=0.01)
    assert all(0 < (rack.thermal.ride_through.value or 0) < 60 for rack in racks)
    assert unit.notes == ()
