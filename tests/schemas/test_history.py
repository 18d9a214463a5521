import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.history import MOST_POINTS, POINTS, Mode, Query
from twin.instants import Instant


def a_query(span: int, points: int) -> Query:
    return Query(("R1",), ("RackPower",), Instant(1_000), Instant(1_000 + span), points=points)


def test_a_query_reduces_unless_it_asks_for_every_reading() -> None:
    query = Query(("R1",), ("RackPower",), Instant(0), Instant(1))

    assert (query.mode, query.points) == (Mode.MINMAX, POINTS)


@pytest.mark.parametrize(
    ("span", "points", "width"), [(2_000, 2_000, 1), (2_001, 2_000, 2), (10, 2_000, 1), (7, 2, 4)]
)
def test_a_bucket_is_whole_milliseconds_wide(span: int, points: int, width: int) -> None:
    assert a_query(span, points).bucket_ms == width


@given(st.integers(0, 10**12), st.integers(1, MOST_POINTS))
def test_buckets_cover_the_range_and_are_no_more_than_asked_for(span: int, points: int) -> None:
    query = a_query(span, points)

    assert query.bucket_ms * points >= span
    assert -(-span // query.bucket_ms) <= points
