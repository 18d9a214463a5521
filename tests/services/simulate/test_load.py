import numpy as np

from services.simulate.load import demand_kw
from services.simulate.noise import Noise

DAY = np.arange(1_767_225_600, 1_767_225_600 + 86_400, 7)[:, None]


def test_load_stays_between_idle_and_full() -> None:
    demand = demand_kw(Noise(1), 24, DAY)
    assert demand.min() > 60
    assert demand.max() < 132


def test_racks_idle_and_train_over_a_day() -> None:
    demand = demand_kw(Noise(1), 24, DAY)
    assert (demand.min(axis=0) < 70).all()
    assert (demand.max(axis=0) > 115).all()


def test_racks_of_one_job_go_together_and_others_do_not() -> None:
    first, last, other = demand_kw(Noise(1), 16, DAY).T[[0, 7, 8]]
    assert np.corrcoef(first, last)[0, 1] > 0.95
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.5


def test_load_never_jumps() -> None:
    second_by_second = demand_kw(Noise(1), 8, np.arange(1_767_225_600, 1_767_232_800)[:, None])
    assert np.abs(np.diff(second_by_second, axis=0)).max() < 0.7
