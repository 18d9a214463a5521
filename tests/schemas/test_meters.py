from dataclasses import replace

from build import START, a_fleet_showing, a_meter, a_point, at
from schemas.meters import meter_view
from schemas.views import equipment_view
from twin.circuits import UNRATED
from twin.entities import Entity
from twin.fleet import Fleet
from twin.meters import meter_of
from twin.points import EntityId


def a_fleet() -> Fleet:
    """A busway with one tap that speaks and one that does not, and a sensor."""
    phases = {
        replace(a_point("PowerMeter/PhaseCurrent", "BUS", tag=name, unit="A"), phase=name): amps
        for name, amps in (("C", 30.0), ("A", 10.0), ("B", 20.0))
    }
    return a_fleet_showing(
        a_meter("BUS", "TAP-1", "TAP-2", kw=50.0)
        | a_meter("TAP-1", "R1", kw=20.0)
        | phases
        | {a_point("Sensor/AirTemperature", "S1", unit="C"): 20.0}
    )


def the_entity(fleet: Fleet, entity: str) -> Entity:
    found = fleet.entity(EntityId(entity))
    assert found is not None
    return found


def test_meter_shows_everything_with_its_truth() -> None:
    fleet = a_fleet()
    meter = meter_of(the_entity(fleet, "BUS"), fleet.topology, fleet.entity, UNRATED)
    shown = meter_view(meter, at(1)).model_dump(mode="json")

    assert list(shown) == [
        "load_kw",
        "apparent_kva",
        "power_factor",
        "voltage_v",
        "frequency_hz",
        "current_a",
        "limit_a",
        "loading_pct",
        "phases",
        "imbalance_pct",
        "expected_kw",
        "consistency_pct",
        "capacity_kw",
        "headroom_kw",
        "serves_kw",
        "at_most",
        "residual_kw",
        "residual_pct",
        "excess_kw",
    ]
    assert [(each["phase"], each["current_a"]["value"]) for each in shown["phases"]] == [
        ("A", 10.0),
        ("B", 20.0),
        ("C", 30.0),
    ]
    assert shown["imbalance_pct"]["value"] == 50.0
    assert shown["loading_pct"]["value"] == 15.0
    assert (shown["serves_kw"]["fresh"], shown["serves_kw"]["expected"]) == (1, 2)
    assert shown["at_most"] is True
    assert shown["excess_kw"]["value"] == 0.0
    assert shown["residual_kw"]["freshness"] == "UNHEARD"


def test_equipment_has_it_where_it_is_a_meter() -> None:
    fleet = a_fleet()
    shown = {each.id: equipment_view(each, fleet, START).power for each in fleet.equipment()}

    assert {entity: view is not None for entity, view in shown.items()} == {
        "BUS": True,
        "TAP-1": True,
        "S1": False,
    }
