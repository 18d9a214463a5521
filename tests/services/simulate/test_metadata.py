from collections import Counter

import pytest

from schemas import bms
from schemas.drift import Drift
from services.simulate.columns import Columns
from services.simulate.metadata import metadata_of
from services.simulate.noise import Noise
from services.simulate.site import site_of
from twin.points import Point

POINTS = {p.point_type: p for p in Columns(site_of(2), Noise(1)).points}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_metadata_is_read_back_as_the_same_point(point: Point) -> None:
    drift: Counter[Drift] = Counter()
    assert bms.decode(bms.metadata_topic(point), metadata_of(point), drift) == point
    assert not drift
