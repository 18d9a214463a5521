import pytest

from build import PUB, START, a_point, a_reading
from twin.changes import (
    Change,
    PointDescribed,
    PointRetracted,
    PointStale,
    PublisherChanged,
    ReadingLate,
    ReadingTaken,
    touched,
)
from twin.points import Freshness

POINT = a_point(entity="R7")
READING = a_reading(POINT)


@pytest.mark.parametrize(
    "change",
    [
        ReadingTaken(POINT, READING, START, changed=True),
        PointDescribed(POINT, START),
        PointRetracted(POINT, START),
        PointStale(POINT, START),
    ],
)
def test_news_of_a_point_touches_its_entity(change: Change) -> None:
    assert touched(change) == "R7"


@pytest.mark.parametrize(
    "change",
    [
        ReadingTaken(POINT, READING, START, changed=False),
        ReadingLate(POINT, READING, START),
        PublisherChanged(PUB, Freshness.STALE, START),
    ],
)
def test_what_alters_no_view_touches_nothing(change: Change) -> None:
    assert touched(change) is None
