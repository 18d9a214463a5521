import numpy as np

from services.simulate.columns import Columns
from services.simulate.noise import Noise
from services.simulate.physics import Physics
from services.simulate.site import site_of

SITE = site_of(20)
COLUMNS = Columns(SITE, Noise(1))


def test_each_point_has_one_column() -> None:
    ids = [point.id for point in COLUMNS.points]
    assert len(set(ids)) == len(ids) == 2 + 20 * 14 + 2 * 20 * 10 + 2 * 2 * 10 + 2 * 17


def test_points_speak_one_after_the_other_through_the_second() -> None:
    assert (np.diff(COLUMNS.offsets) >= 0).all()
    in_tenths = np.bincount(COLUMNS.offsets // 100)
    assert len(in_tenths) == 10
    assert in_tenths.max() - in_tenths.min() <= 2 + 1


def test_heartbeats_come_on_the_second() -> None:
    assert [p.entity for p in COLUMNS.points[:2]] == ["BMS", "NICO"]
    assert COLUMNS.offsets[:2].tolist() == [0, 0]


def test_kinds_are_mixed() -> None:
    power = [n for n, p in enumerate(COLUMNS.points) if p.point_type == "ActivePower"]
    assert max(np.diff(power)) < len(COLUMNS.points) / 5


def test_gauges_are_counted_in_their_steps_at_their_points() -> None:
    shown = Physics(SITE, Noise(1)).shown(1_767_225_600, 3)
    counted = COLUMNS.steps_of(shown)
    for column, point in enumerate(COLUMNS.points):
        if point.point_type == "RackPower":
            rack = [rack.id for rack in SITE.racks].index(point.entity)
            assert counted[2, column] == round(shown["rack"]["power"][2, rack] / 0.1)
        if point.point_type == "Available":
            assert counted[2, column] == 1
