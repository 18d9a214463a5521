from dataclasses import replace

import pytest

from build import (
    Values,
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.cdu import Cdu, cdu_of, cdus_of, cooling_power, loop_of, racks_behind
from twin.fleet import Fleet
from twin.points import EntityId, Freshness, Point, Quality
from twin.site import CduPlate, Site
from twin.thermal import NO_LOOP, Coolant, heat_kw
from twin.topology import Domain

UNIT = EntityId("CDU-1")
R1, R2 = EntityId("R1"), EntityId("R2")

_UNITS = {
    "LiquidTemperature": "C",
    "LiquidFlow": "LPM",
    "LiquidPressure": "kPa",
    "LiquidDifferentialPressure": "kPa",
    "PumpSpeed": "%",
}


def a_sensor(
    point_type: str,
    *area: str,
    tag: str = "",
    setpoint: bool = False,
    unit: str = UNIT,
    serves: tuple[str, ...] = (),
) -> Point:
    """A point of a CDU, at the process area that these words say."""
    name = tag or "-".join((*area, "setpoint" if setpoint else "value"))
    plain = a_point(f"CDU/{point_type}", unit, tag=name, unit=_UNITS[point_type], serves=serves)
    return replace(plain, process_area=area, is_setpoint=setpoint)


def a_unit(
    unit: str = UNIT, *racks: str, lpm: float = 300.0, setpoint: float = 32.0
) -> dict[Point, float | None]:
    """What a CDU shows that sends ``lpm`` to ``racks``."""
    flow = a_sensor("LiquidFlow", "Secondary", unit=unit, serves=racks or ("R1", "R2"))
    wanted = a_sensor("LiquidTemperature", "Secondary", "Supply", setpoint=True, unit=unit)
    return {flow: lpm, wanted: setpoint}


def seen(values: Values, site: Site | None = None) -> Cdu:
    return seen_in(a_fleet_showing(values), site)


def seen_in(fleet: Fleet, site: Site | None = None) -> Cdu:
    unit = fleet.entity(UNIT)
    assert unit is not None
    return cdu_of(unit, fleet.topology, fleet.entity, Coolant.PG25, site or fleet.site)


def test_unit_shows_both_its_sides() -> None:
    temperature, pressure = "LiquidTemperature", "LiquidPressure"
    dp = "LiquidDifferentialPressure"
    cdu = seen(
        {
            a_sensor(temperature, "Secondary", "Supply"): 32.5,
            a_sensor(temperature, "Secondary", "Return"): 42.5,
            a_sensor(temperature, "Secondary", "Supply", setpoint=True): 32.0,
            a_sensor(temperature, "Primary", "Inlet"): 24.0,
            a_sensor(temperature, "Primary", "Outlet"): 33.0,
            a_sensor("LiquidFlow", "Secondary"): 300.0,
            a_sensor("LiquidFlow", "Primary"): 330.0,
            a_sensor(dp, "Secondary"): 91.0,
            a_sensor(dp, "Secondary", setpoint=True): 90.0,
            a_sensor(pressure, "Secondary", "Supply"): 325.0,
            a_sensor(pressure, "Secondary", "Return"): 235.0,
        }
    )
    near, far = cdu.secondary, cdu.primary

    assert (near.supply.value, near.return_.value, near.supply_setpoint.value) == (32.5, 42.5, 32.0)
    assert (near.approach.value, near.delta_t.value, near.delta_t.unit) == (0.5, 10.0, "K")
    assert (near.flow.value, near.dp.value, near.dp_setpoint.value) == (300.0, 91.0, 90.0)
    assert (near.supply_pressure.value, near.return_pressure.value) == (325.0, 235.0)
    assert (far.inlet.value, far.outlet.value, far.flow.value) == (24.0, 33.0, 330.0)
    assert cdu.heat.value == heat_kw(300.0, 32.5, 42.5, Coolant.PG25)
    assert cdu.notes == ()


def test_misspelt_area_is_understood_and_noted_once() -> None:
    cdu = seen(
        {
            a_sensor("LiquidFlow", "Seccondary"): 7.0,
            a_sensor("LiquidPressure", "Seccondary", "Supply"): 1.0,
        }
    )

    assert cdu.secondary.flow.value == 7.0
    assert cdu.notes == ("process area 'Seccondary' read as 'Secondary'",)


def test_what_a_unit_lacks_is_unheard() -> None:
    cdu = seen({a_sensor("LiquidPressure", "Somewhere"): 1.0})

    for each in (cdu.secondary.supply, cdu.secondary.filter_dp, cdu.primary.flow, cdu.status):
        assert (each.value, each.freshness) == (None, Freshness.UNHEARD)
    assert cdu.pumps == ()


def test_area_that_says_it_most_exactly_is_taken() -> None:
    cdu = seen(
        {
            a_sensor("LiquidFlow", "Secondary", "Return"): 1.0,
            a_sensor("LiquidFlow", "Secondary", tag="z"): 2.0,
            a_sensor("LiquidFlow", "Secondary", "Fill", tag="a"): 3.0,
        }
    )

    assert cdu.secondary.flow.value == 2.0


def test_flow_at_the_end_of_a_loop_is_the_flow_of_the_loop() -> None:
    assert seen({a_sensor("LiquidFlow", "Secondary", "Return"): 1.0}).secondary.flow.value == 1.0


def test_own_sensor_goes_before_one_that_is_associated() -> None:
    mine = a_sensor("LiquidFlow", "Secondary", tag="z")
    other = replace(a_sensor("LiquidFlow", "Secondary", tag="a"), associated=True)

    assert seen({other: 1.0, mine: 2.0}).secondary.flow.value == 2.0


def test_of_two_setpoints_the_one_that_speaks_is_taken_else_the_first_by_id() -> None:
    first = a_sensor("LiquidTemperature", "Secondary", "Supply", tag="a", setpoint=True)
    second = a_sensor("LiquidTemperature", "Secondary", "Supply", tag="b", setpoint=True)
    fleet = a_fleet_with(first, second)
    tell(fleet, at(0), a_reading(second, 31.0))
    assert seen_in(fleet).secondary.supply_setpoint.value == 31.0

    tell(fleet, at(1), a_reading(first, 32.0))
    assert seen_in(fleet).secondary.supply_setpoint.value == 32.0


def test_filter_is_the_worst_of_its_filters_and_no_pressure_of_the_loop() -> None:
    dp = "LiquidDifferentialPressure"
    one, two = a_sensor(dp, "Secondary", "Filter1"), a_sensor(dp, "Secondary", "Filter2")

    cdu = seen({one: 5.5, two: 9.0})

    assert cdu.secondary.filter_dp.value == 9.0
    assert cdu.secondary.dp.value is None


def test_pumps_show_their_speed_or_whether_they_are_on() -> None:
    state = replace(
        a_sensor("PumpSpeed", "Fill", tag="fill"), unit=None, states=((0, "Off"), (1, "On"))
    )
    cdu = seen({a_sensor("PumpSpeed", "Secondary", tag="pump-1"): 44.0, state: 0.0})

    assert [(pump.is_state, pump.shows.value, pump.shows.text) for pump in cdu.pumps] == [
        (True, 0.0, "Off"),
        (False, 44.0, None),
    ]
    assert [pump.area for pump in cdu.pumps] == [("Fill",), ("Secondary",)]


def test_state_of_a_valve_in_it_is_not_the_units_own() -> None:
    valve = replace(a_point("Valve/Available", UNIT), associated=True)
    own = replace(a_point("CDU/Available", UNIT), states=((1, "Available"),))

    assert seen({valve: 0.0, own: 1.0}).available.text == "Available"
    assert seen({valve: 0.0, a_sensor("LiquidFlow"): 1.0}).available.value is None


def test_racks_behind_a_unit_are_summed_with_their_completeness() -> None:
    cdu = seen(a_unit(UNIT, "R1", "R2", "R3") | a_cooled_rack("R1") | a_cooled_rack("R2"))

    assert (cdu.racks.flow.value, cdu.racks.flow.fresh, cdu.racks.flow.expected) == (300.0, 2, 3)
    heat = 2 * heat_kw(150.0, 32.0, 42.0, Coolant.PG25)
    assert cdu.racks.heat.value == pytest.approx(heat)
    assert cdu.flow_residual_pct is None


@pytest.mark.parametrize(("lpm", "residual"), [(300.0, 0.0), (330.0, 10.0), (0.0, -100.0)])
def test_flow_residual_is_what_the_unit_reads_more_than_its_racks(
    lpm: float, residual: float
) -> None:
    cdu = seen(a_unit(lpm=lpm) | a_cooled_rack("R1") | a_cooled_rack("R2"))

    assert cdu.flow_residual_pct == pytest.approx(residual)


def test_there_is_no_residual_of_racks_without_flow_or_units_without_sensor() -> None:
    still = a_unit() | a_cooled_rack("R1", lpm=0.0) | a_cooled_rack("R2", lpm=0.0)
    assert seen(still).flow_residual_pct is None

    blind = {a_sensor("LiquidPressure", "Secondary", serves=("R1",)): 1.0} | a_cooled_rack("R1")
    assert seen(blind).flow_residual_pct is None


def test_units_that_share_a_rack_have_no_residual_of_their_own() -> None:
    both = a_unit(UNIT, "R1") | a_unit("CDU-2", "R1") | a_cooled_rack("R1", lpm=600.0)
    cdu = seen(both)

    assert (cdu.racks.alone, cdu.flow_residual_pct) == (False, None)


def test_utilization_is_the_racks_heat_in_what_is_written_down() -> None:
    values = a_unit(UNIT, "R1") | a_cooled_rack("R1")
    heat = heat_kw(150.0, 32.0, 42.0, Coolant.WATER)

    rated = seen(values, Site(cdus={UNIT: CduPlate(200.0, Coolant.WATER)}))
    assert (rated.coolant, rated.capacity_kw) == (Coolant.WATER, 200.0)
    assert rated.utilization.value == pytest.approx(heat / 200.0)

    unrated = seen(values)
    assert (unrated.coolant, unrated.capacity_kw) == (Coolant.PG25, None)
    assert unrated.utilization.freshness is Freshness.UNHEARD


def test_rack_is_cooled_by_the_nearest_units_through_valves_and_unknown_things() -> None:
    fleet = a_fleet_showing(
        a_unit("CDU-0", UNIT)
        | a_unit(UNIT, "VALVE", "GHOST")
        | {a_point("Valve/ValvePosition", "VALVE", serves=("R1", "CDU-9")): 1.0}
        | a_unit("CDU-9", "R9")
        | a_cooled_rack("R1")
    )
    fleet.topology.connect(
        EntityId("VALVE"), Domain.LIQUID, map(EntityId, ("R1", "CDU-9", "VALVE-2"))
    )

    found = cdus_of(R1, fleet.topology, fleet.entity)
    assert [unit.id for unit in found] == [UNIT]
    assert racks_behind(UNIT, fleet.topology, fleet.entity) == ["GHOST", "R1", "VALVE-2"]
    assert racks_behind(EntityId("CDU-0"), fleet.topology, fleet.entity) == []


def test_circle_without_a_unit_ends() -> None:
    one = a_point("Valve/ValvePosition", "V1", serves=("V2", "R1"))
    two = a_point("Valve/ValvePosition", "V2", serves=("V1",))
    fleet = a_fleet_showing({one: 1.0, two: 1.0, a_point(): 1.0})

    assert cdus_of(R1, fleet.topology, fleet.entity) == []
    assert racks_behind(EntityId("V1"), fleet.topology, fleet.entity) == [R1]


def test_loop_of_several_units_has_their_mean_setpoint_and_the_sum_of_their_flows() -> None:
    fleet = a_fleet_showing(a_unit(UNIT, "R1", setpoint=30.0) | a_unit("CDU-2", "R1", lpm=100.0))
    units = cdus_of(R1, fleet.topology, fleet.entity)

    assert loop_of([]) == NO_LOOP
    one, both = loop_of(units[:1]), loop_of(units)
    assert (one.supply_setpoint.value, one.flow.value) == (30.0, 300.0)
    assert one.flow.derived_from is None
    assert (both.supply_setpoint.value, both.flow.value) == (31.0, 400.0)


def test_loop_of_several_units_can_carry_what_is_written_down_of_all_of_them() -> None:
    fleet = a_fleet_showing(a_unit(UNIT, "R1") | a_unit("CDU-2", "R1"))
    units = cdus_of(R1, fleet.topology, fleet.entity)
    one = Site(cdus={UNIT: CduPlate(capacity_kw=800.0)})
    both = Site(cdus={**one.cdus, EntityId("CDU-2"): CduPlate(capacity_kw=600.0)})

    assert loop_of(units[:1], one).capacity_kw == 800
    assert loop_of(units, one).capacity_kw is None
    assert loop_of(units, both).capacity_kw == 1400


def test_loop_is_no_more_to_be_trusted_than_its_units() -> None:
    fleet = a_fleet_showing(a_unit(UNIT, "R1") | a_unit("CDU-2", "R1"))
    flow = a_sensor("LiquidFlow", "Secondary", unit="CDU-2")
    tell(fleet, at(1), a_reading(flow, 1.0, at(1), quality=0))

    assert loop_of(cdus_of(R1, fleet.topology, fleet.entity)).flow.quality is Quality.BAD


def drawn(values: Values) -> tuple[float | None, int | None, int | None]:
    fleet = a_fleet_showing(values)
    found = cooling_power(fleet.topology, fleet.entity)
    return found.value, found.fresh, found.expected


def test_cooling_power_is_that_of_the_meters_of_units_and_pumps_alone() -> None:
    pump = {a_point("Pump/PumpSpeed", "PUMP", serves=(UNIT,)): 1.0}
    values = a_unit() | a_unit("CDU-2", "R2") | pump

    assert drawn(values) == (None, 0, 2)
    assert drawn(values | a_meter("M1", UNIT, kw=5.0)) == (5.0, 1, 2)
    both = a_meter("M1", UNIT, "CDU-2", kw=5.0) | a_meter("M2", UNIT, kw=4.0)
    assert drawn(values | both) == (9.0, 2, 2)
    assert drawn(values | both | a_meter("M3", "PUMP", kw=2.0)) == (11.0, 3, 3)
    shared = a_meter("M1", UNIT, "R1", kw=50.0) | a_meter("M2", "CDU-2", kw=4.0)
    assert drawn(values | shared) == (4.0, 1, 2)


def test_site_without_units_draws_nothing_for_them() -> None:
    assert drawn(a_cooled_rack()) == (None, 0, 0)
