from dataclasses import replace

import pytest

from build import a_cooled_rack, a_fleet_showing, a_fleet_with, a_measured, an_entity
from twin.measured import Measured
from twin.points import EntityId, Freshness, PointState, Quality
from twin.thermal import Coolant, Thermal, at_temperature, heat_kw, thermal_of

LOAD = a_measured(100.0)


def _thermal(kw: float = 100.0, lpm: float = 150.0, rise: float = 10.0) -> Thermal:
    fleet = a_fleet_showing(a_cooled_rack(kw=kw, lpm=lpm, rise=rise))
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    return rack.thermal


@pytest.mark.parametrize(("coolant", "kw"), [(Coolant.WATER, 0.0692), (Coolant.PG25, 0.0670)])
def test_one_litre_per_minute_and_kelvin_carries_the_known_heat(
    coolant: Coolant, kw: float
) -> None:
    assert heat_kw(1.0, 36.5, 37.5, coolant) == pytest.approx(kw, abs=0.00006)


def test_132_kw_warm_198_lpm_of_pg25_by_9_95_kelvin() -> None:
    assert heat_kw(198.0, 32.0, 41.95, Coolant.PG25) == pytest.approx(132.0, rel=0.001)


def test_no_rise_or_no_flow_is_no_heat() -> None:
    assert heat_kw(198.0, 32.0, 32.0, Coolant.WATER) == 0.0
    assert heat_kw(0.0, 32.0, 42.0, Coolant.WATER) == 0.0


def test_return_colder_than_supply_is_negative_heat() -> None:
    assert heat_kw(100.0, 42.0, 32.0, Coolant.WATER) == -heat_kw(100.0, 32.0, 42.0, Coolant.WATER)


@pytest.mark.parametrize(
    ("celsius", "expected"),
    [(-5, 1.0), (20, 1.0), (22.5, 1.5), (25, 2.0), (44, 5.8), (45, 6.0), (99, 6.0)],
)
def test_table_is_linear_inside_and_ends_at_its_ends(celsius: float, expected: float) -> None:
    table = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)

    assert at_temperature(table, celsius) == pytest.approx(expected)


def test_rack_shows_its_liquid_side() -> None:
    thermal = _thermal()

    assert (thermal.supply.value, thermal.return_.value, thermal.flow.value) == (32.0, 42.0, 150.0)
    assert (thermal.delta_t.value, thermal.delta_t.unit) == (10.0, "K")
    assert (thermal.flow_per_kw.value, thermal.flow_per_kw.unit) == (1.5, "LPM/kW")
    assert thermal.heat.value == heat_kw(150.0, 32.0, 42.0, Coolant.PG25)
    assert thermal.heat_ratio.value == pytest.approx(1.005, abs=0.001)
    assert thermal.dp.freshness is Freshness.UNHEARD


def test_rack_that_draws_nothing_has_no_ratios() -> None:
    thermal = _thermal(kw=0.0)

    assert (thermal.flow_per_kw.value, thermal.flow_per_kw.quality) == (None, Quality.BAD)
    assert thermal.heat_ratio.value is None


@pytest.mark.parametrize(
    ("load", "freshness"),
    [
        (replace(LOAD, freshness=Freshness.STALE), Freshness.STALE),
        (replace(LOAD, freshness=Freshness.UNHEARD), Freshness.UNHEARD),
    ],
)
def test_ratio_is_no_fresher_than_the_load(load: Measured, freshness: Freshness) -> None:
    fleet = a_fleet_showing(a_cooled_rack())
    rack = fleet.entity(EntityId("R1"))
    assert rack is not None

    thermal = thermal_of(rack, load, Coolant.PG25)

    assert thermal.heat_ratio.freshness is freshness
    assert thermal.heat.freshness is Freshness.LIVE


def test_rack_is_cooled_where_it_has_the_points_for_it_heard_or_not() -> None:
    points = [point for point in a_cooled_rack() if point.point_type != "RackPower"]
    whole = a_fleet_with(*points).entity(EntityId("R1"))
    assert whole is not None

    assert thermal_of(whole, LOAD, Coolant.PG25).cooled
    for missing in points:
        part = an_entity("R1", *(PointState(each) for each in points if each is not missing))
        assert not thermal_of(part, LOAD, Coolant.PG25).cooled
