import numpy as np
import pytest

from services.simulate.liquid import LIQUID_SHARE, SETTLING, Liquid, circulate, conductance
from services.simulate.noise import Noise
from twin.thermal import Coolant, heat_kw

ROWS = (2, 1)
SECONDS = np.arange(1_767_225_600, 1_767_225_600 + SETTLING + 120)[:, None]


def circulated(load_kw: float, left: float = 1.0) -> Liquid:
    demand = np.full((len(SECONDS), sum(ROWS)), load_kw)
    pumps = np.ones((len(SECONDS), len(ROWS)))
    pumps[SETTLING:, 0] = left
    return circulate(Noise(1), ROWS, demand, pumps, SECONDS)


@pytest.mark.parametrize("load_kw", [62.0, 100.0, 131.0])
def test_heat_leaves_with_the_coolant_as_the_twin_reckons_it(load_kw: float) -> None:
    liquid = circulated(load_kw)
    for rack in range(sum(ROWS)):
        inlet, outlet = liquid.inlet_c[-1, rack], liquid.outlet_c[-1, rack]
        taken = heat_kw(liquid.flow_lpm[-1, rack], inlet, outlet, Coolant.PG25)
        assert taken == pytest.approx(LIQUID_SHARE * load_kw, rel=0.01)


def test_valves_hold_the_flow_for_each_kilowatt() -> None:
    liquid = circulated(100.0)
    assert liquid.flow_lpm[-1] == pytest.approx(150.0)


def test_idle_racks_keep_a_least_flow() -> None:
    assert circulated(10.0).flow_lpm[-1] == pytest.approx(60.0)


def test_without_pumps_coolant_gets_hot_and_racks_throttle() -> None:
    liquid = circulated(120.0, left=0.1)
    assert liquid.power_kw[SETTLING + 3, 0] == pytest.approx(120.0)
    assert liquid.power_kw[-1, 0] < 60
    assert 65 < liquid.outlet_c[-1, 0] < 75
    assert liquid.heat_kw[-1, 0] == pytest.approx(LIQUID_SHARE * liquid.power_kw[-1, 0])


def test_other_rows_do_not_notice() -> None:
    assert circulated(120.0, left=0.1).outlet_c[-1, 2] == circulated(120.0).outlet_c[-1, 2]


def test_conductance_is_that_of_the_twin() -> None:
    there = np.array([22.0, 37.0, 60.0])
    wanted = [heat_kw(1.0, mean - 0.5, mean + 0.5, Coolant.PG25) for mean in there]
    assert conductance(there) == pytest.approx(wanted, rel=1e-3)
