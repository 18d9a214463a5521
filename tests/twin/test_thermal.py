from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_cooled_rack, a_fleet_showing, a_fleet_with, a_measured, an_entity
from twin.measured import Measured, nothing
from twin.points import EntityId, Freshness, PointState, Quality
from twin.thermal import (
    NO_LOOP,
    NVL72,
    Coolant,
    Loop,
    Thermal,
    at_temperature,
    heat_kw,
    heat_ratios,
    ride_through_s,
    thermal_of,
    time_to_limit_s,
    warmed_c,
)

LOAD = a_measured(100.0)


def _thermal(kw: float = 100.0, lpm: float = 150.0, rise: float = 10.0) -> Thermal:
    fleet = a_fleet_showing(a_cooled_rack(kw=kw, lpm=lpm, rise=rise))
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    return rack.thermal


def _on(loop: Loop) -> Thermal:
    rack = a_fleet_showing(a_cooled_rack()).entity(EntityId("R1"))
    assert rack is not None
    return thermal_of(rack, LOAD, Coolant.PG25, loop)


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
        (LOAD._replace(freshness=Freshness.STALE), Freshness.STALE),
        (LOAD._replace(freshness=Freshness.UNHEARD), Freshness.UNHEARD),
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


def test_approach_is_the_supply_above_the_setpoint_of_the_unit() -> None:
    thermal = _on(Loop(a_measured(31.0, "C"), a_measured(600.0, "LPM")))

    assert (thermal.approach.value, thermal.approach.unit) == (1.0, "K")
    assert (thermal.flow_share.value, thermal.flow_share.unit) == (0.25, "")


def test_share_of_capacity_is_heat_in_parts_of_what_is_written_down() -> None:
    thermal = _on(Loop(nothing("C"), nothing("LPM"), capacity_kw=400.0))

    assert thermal.heat.value is not None
    assert thermal.capacity_share.value == thermal.heat.value / 400
    assert thermal.capacity_share.unit == ""


def test_rack_without_a_unit_has_neither_approach_nor_share_of_it() -> None:
    thermal = _on(NO_LOOP)

    for each in (thermal.approach, thermal.flow_share, thermal.capacity_share):
        assert (each.value, each.freshness) == (None, Freshness.UNHEARD)


def test_share_of_no_flow_is_unknown() -> None:
    share = _on(Loop(nothing("C"), a_measured(0.0, "LPM"))).flow_share

    assert (share.value, share.quality) == (None, Quality.BAD)


@pytest.mark.parametrize(("rise", "share"), [(5.0, 0.5), (10.5, 1.0), (-1.0, 0.0)])
def test_liquid_share_is_the_heat_ratio_within_reason(rise: float, share: float) -> None:
    assert _thermal(rise=rise).liquid_share.value == pytest.approx(share, abs=0.005)


def test_heat_ratios_are_told_for_every_coolant() -> None:
    thermal = _thermal()
    ratios = heat_ratios(thermal)

    assert ratios[Coolant.PG25] == thermal.heat_ratio
    assert ratios[Coolant.WATER].value == heat_kw(150.0, 32.0, 42.0, Coolant.WATER) / 100


@pytest.mark.parametrize(
    ("capacity", "kelvin_a_second", "seconds"), [(300.0, 4.67, 3.86), (600.0, 2.33, 7.71)]
)
def test_full_package_on_coolant_of_30_degrees_loses_its_18_kelvin_in_4_to_8_s(
    capacity: float, kelvin_a_second: float, seconds: float
) -> None:
    design = replace(NVL72, package_j_per_k=capacity)

    lasts = ride_through_s(132.0, 30.0, 40.0, Coolant.PG25, design)

    assert lasts == pytest.approx(seconds, abs=0.01)
    assert lasts * kelvin_a_second == pytest.approx(18.0, abs=0.05)


def test_little_coolant_that_is_hot_already_is_what_ends_first() -> None:
    design = replace(NVL72, coolant_l=20.0)

    lasts = ride_through_s(66.0, 30.0, 60.0, Coolant.WATER, design)

    assert lasts == pytest.approx(5 * 20 * 0.9902 * 4.18 / 66, rel=1e-6)
    assert lasts < ride_through_s(66.0, 30.0, 60.0, Coolant.WATER)


@given(st.floats(1.0, 140.0), st.floats(1.0, 140.0), st.floats(15.0, 50.0), st.floats(0.0, 20.0))
def test_more_load_or_warmer_coolant_never_lasts_longer(
    one: float, other: float, supply: float, rise: float
) -> None:
    less, more = sorted((one, other))

    lasts = ride_through_s(less, supply, supply + rise, Coolant.PG25)

    assert lasts >= ride_through_s(more, supply, supply + rise, Coolant.PG25) >= 0
    assert lasts >= ride_through_s(less, supply + 1, supply + rise + 1, Coolant.PG25)


def test_rack_shows_how_long_it_would_last() -> None:
    thermal = _thermal(kw=132.0)

    assert (thermal.ride_through.unit, thermal.ride_through.derived_from) == ("s", 3)
    assert thermal.ride_through.value == pytest.approx(16 * 450 / 1400)


def test_rack_that_draws_nothing_lasts_forever_which_is_no_number() -> None:
    assert ride_through_s(0.0, 32.0, 32.0, Coolant.PG25) == inf
    assert _thermal(kw=0.0).ride_through.value is None


@pytest.mark.parametrize(
    ("margin", "closing", "seconds"),
    [(18.0, 4.5, 4.0), (18.0, 0.0, inf), (18.0, -1.0, inf), (0.0, 1.0, 0.0), (-1.0, -1.0, 0.0)],
)
def test_time_to_limit_is_the_margin_over_how_fast_it_goes(
    margin: float, closing: float, seconds: float
) -> None:
    assert time_to_limit_s(margin, closing) == seconds


@given(st.floats(1, 200), st.floats(10, 300), st.floats(15, 50), st.sampled_from(list(Coolant)))
def test_a_flow_comes_back_as_warm_as_its_heat_says(
    heat: float, flow: float, supply: float, coolant: Coolant
) -> None:
    warm = warmed_c(heat, flow, supply, coolant)

    assert warm is not None
    assert heat_kw(flow, supply, warm, coolant) == pytest.approx(heat)


def test_what_does_not_flow_does_not_come_back() -> None:
    assert warmed_c(10.0, 0.0, 30.0, Coolant.WATER) is None
