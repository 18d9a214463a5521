import numpy as np
import pytest

from services.simulate.cooling import Shown, cdu_gauges, rack_gauges
from services.simulate.liquid import SETTLING, circulate
from services.simulate.noise import Noise
from twin.thermal import Coolant, heat_kw

ROWS = (3, 2)
SECONDS = np.arange(1_767_225_600, 1_767_225_600 + SETTLING + 60)[:, None]


def shown(left: float = 1.0) -> tuple[Shown, Shown]:
    demand = np.full((len(SECONDS), sum(ROWS)), 100.0)
    pumps = np.full((len(SECONDS), len(ROWS)), left)
    noise = Noise(5)
    liquid = circulate(noise, ROWS, demand, pumps, SECONDS)
    return rack_gauges(noise, liquid, SECONDS), cdu_gauges(noise, liquid, ROWS, SECONDS)


def test_cdu_flow_is_the_sum_of_its_racks() -> None:
    rack, cdu = shown()
    assert cdu["flow"][-1, 0] == pytest.approx(rack["flow"][-1, :3].sum(), rel=0.003)
    assert cdu["flow"][-1, 1] == pytest.approx(rack["flow"][-1, 3:].sum(), rel=0.003)


def test_cdu_return_is_the_mix_of_its_racks() -> None:
    rack, cdu = shown()
    assert cdu["return"][-1, 0] == pytest.approx(rack["return"][-1, :3].mean(), abs=0.05)


def test_primary_side_carries_the_heat_away() -> None:
    rack, cdu = shown()
    carried = heat_kw(
        cdu["primary flow"][-1, 0], cdu["inlet"][-1, 0], cdu["outlet"][-1, 0], Coolant.WATER
    )
    assert carried == pytest.approx(0.97 * rack["power"][-1, :3].sum(), rel=0.01)


def test_pressures_of_a_cdu_differ_by_its_differential_pressure() -> None:
    _, cdu = shown()
    apart = cdu["supply pressure"] - cdu["return pressure"]
    assert apart == pytest.approx(cdu["dp"], abs=0.25)


def test_racks_hold_their_set_point_with_valves_in_range() -> None:
    rack, _ = shown()
    assert rack["dp"][-1] == pytest.approx(rack["dp setpoint"][-1], abs=0.2)
    assert (rack["valve"][-1] > 20).all()
    assert (rack["valve"][-1] < 100).all()


def test_standing_pumps_leave_little_pressure_and_open_valves() -> None:
    rack, cdu = shown(left=0.1)
    assert (cdu["pump 1"][-1] == 0).all()
    assert (rack["dp"][-1] < 2).all()
    assert (rack["valve"][-1] == 100).all()


def test_one_pump_runs_and_one_stands_by() -> None:
    _, cdu = shown()
    assert (cdu["pump 1"][-1] > 40).all()
    assert (cdu["pump 2"] == 0).all()
