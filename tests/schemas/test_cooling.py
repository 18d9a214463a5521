from dataclasses import replace

from build import Values, a_cooled_rack, a_fleet_showing, a_meter, a_point, at
from schemas.cooling import CduView, ThermalView, cdu_view, thermal_view
from schemas.views import equipment_view, fleet_view
from twin.cdu import cdu_of
from twin.fleet import Fleet
from twin.points import EntityId, Point

UNIT = EntityId("CDU-1")


def a_pump(tag: str, *states: tuple[int, str]) -> Point:
    unit = None if states else "%"
    plain = a_point("CDU/PumpSpeed", UNIT, tag=tag, unit=unit)
    return replace(plain, process_area=("Secondary",), states=states)


def a_site() -> dict[Point, float | None]:
    """A CDU with two racks behind it."""
    flow = a_point("CDU/LiquidFlow", UNIT, unit="LPM", serves=("R1", "R2"))
    return (
        a_cooled_rack("R1")
        | a_cooled_rack("R2")
        | {
            replace(flow, process_area=("Seccondary",)): 330.0,
            a_pump("one"): 44.0,
            a_pump("fill", (0, "Off")): 0.0,
        }
    )


def the_unit(values: Values) -> CduView:
    fleet = a_fleet_showing(values)
    unit = fleet.entity(UNIT)
    assert unit is not None
    return cdu_view(cdu_of(unit, fleet.topology, fleet.entity, fleet.coolant), at(1))


def the_rack(fleet: Fleet) -> ThermalView:
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    return thermal_view(rack.thermal, at(1))


def test_unit_says_what_it_sends_and_what_its_racks_get() -> None:
    unit = the_unit(a_site()).model_dump(mode="json")

    assert unit["flow_lpm"]["value"] == 330.0
    assert (unit["racks_flow_lpm"]["value"], unit["racks_flow_lpm"]["expected"]) == (300.0, 2)
    assert unit["racks_heat_kw"]["fresh"] == 2
    assert round(unit["flow_residual_pct"], 9) == 10.0
    assert (unit["capacity_kw"], unit["utilization"]["value"]) == (None, None)
    assert unit["coolant"] == "pg25"
    assert unit["notes"] == ["process area 'Seccondary' read as 'Secondary'"]


def test_pump_says_its_speed_or_whether_it_is_on() -> None:
    fill, one = the_unit(a_site()).model_dump(mode="json")["pumps"]

    assert fill["point"] == "CDU/PumpSpeed/CDU-1/fill"
    assert (fill["on"]["text"], "speed_pct" in fill) == ("Off", False)
    assert (one["speed_pct"]["value"], "on" in one) == (44.0, False)


def test_equipment_has_cooling_where_it_is_a_cdu() -> None:
    fleet = a_fleet_showing(a_site() | a_meter("M1", "R1"))
    unit, meter = fleet.entity(UNIT), fleet.entity(EntityId("M1"))
    assert unit is not None
    assert meter is not None

    assert equipment_view(unit, fleet, at(1)).cooling == the_unit(a_site())
    assert equipment_view(meter, fleet, at(1)).cooling is None


def test_rack_says_its_part_of_the_loop_and_how_long_it_would_last() -> None:
    rack = the_rack(a_fleet_showing(a_site())).model_dump(mode="json")

    assert rack["flow_share"]["value"] == 150 / 330
    assert rack["capacity_share"]["value"] is None
    assert rack["approach_k"]["value"] is None
    assert set(rack["heat_ratio_by_coolant"]) == {"water", "pg25"}
    assert rack["heat_ratio_by_coolant"]["pg25"] == rack["heat_ratio"]
    assert rack["liquid_share"]["value"] == 1.0
    assert rack["ride_through_s"]["unit"] == "s"


def test_fleet_has_a_cooling_pue_where_its_units_are_metered() -> None:
    def ppue(values: Values) -> float | None:
        return fleet_view(a_fleet_showing(values), at(1)).ppue_cooling.value

    assert ppue(a_site()) is None
    assert ppue(a_site() | a_meter("M1", UNIT, kw=4.0)) == 1.02
