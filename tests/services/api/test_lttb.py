from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import START, at
from history_series import a_series, samples_of
from schemas.history import Bucket, Sample, Series
from services.api.lttb import RATIO, extremes, thinned
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis


def a_line(*values: float | None, every_ms: int = 1_000) -> Series:
    return a_series(samples=samples_of(list(values), START, every_ms))


def values_of(series: Series) -> list[float | None]:
    return [sample.value for sample in series.samples]


def seconds_of(series: Series) -> list[float]:
    return [(sample.measured_at - START) / 1000 for sample in series.samples]


def test_few_readings_are_left_as_they_are() -> None:
    series = a_line(1.0, 5.0, 2.0)
    assert thinned(series, 3, STALE_AFTER) is series


def test_the_largest_triangle_is_kept() -> None:
    # by hand: with the first and the mean of the part behind, 9 makes twice 10.75 and 1 twice 0.75;
    # with 9 and the last, 8 makes twice 7.5 and 2 twice 6
    assert values_of(thinned(a_line(0.0, 1.0, 9.0, 2.0, 8.0, 0.0), 4, STALE_AFTER)) == [
        0.0,
        9.0,
        8.0,
        0.0,
    ]


@pytest.mark.parametrize("count", [200, 20 * RATIO * 20])
def test_a_spike_stays_and_so_do_the_ends(count: int) -> None:
    values: list[float | None] = [10.0 + np.sin(n / 30) for n in range(count)]
    values[count // 3] = 80.0
    found = thinned(a_line(*values), 20, STALE_AFTER)
    assert len(found.samples) == 20
    assert 80.0 in values_of(found)
    assert (seconds_of(found)[0], seconds_of(found)[-1]) == (0, count - 1)


def test_a_silence_stays_a_gap_and_a_bad_reading_is_shown_once() -> None:
    first = samples_of([1.0] * 50, START, 1_000)
    bad = samples_of([None] * 50, at(50), 1_000)
    second = samples_of([2.0] * 50, at(100), 1_000)
    third = samples_of([3.0] * 50, at(1_000), 1_000)
    found = thinned(a_series(samples=first + bad + second + third), 20, STALE_AFTER)
    assert len(found.samples) <= 20
    seconds = seconds_of(found)
    assert {0, 49, 50, 100, 149, 1_000, 1_049} <= set(seconds)
    assert [each for each in seconds if 49 < each < 100] == [50]
    assert values_of(found).count(None) == 1


def test_where_there_are_more_breaks_than_points_the_breaks_stay() -> None:
    found = thinned(a_line(*[1.0, None] * 10), 4, STALE_AFTER)
    assert len(found.samples) == 20


@given(
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=300),
    st.integers(1, 60),
)
def test_whatever_is_kept_was_read_in_its_order(values: list[float | None], points: int) -> None:
    series = a_line(*values)
    found = thinned(series, points, STALE_AFTER)
    places = [series.samples.index(sample) for sample in found.samples]
    assert places == sorted(set(places))
    breaks = sum((a is None) != (b is None) for a, b in pairwise(values)) + 1
    assert len(found.samples) <= max(points, 2 * breaks)


def test_extremes_stand_in_for_readings_and_say_so() -> None:
    series = a_series(
        buckets=(
            Bucket(START, 1.0, 9.0, 5.0, 9.0, 60, 1.0),
            Bucket(at(60), 1.0, 9.0, 5.0, 1.0, 60, 1.0),
            Bucket(at(120), 4.0, 4.0, 4.0, 4.0, 1, 1.0),
            Bucket(at(180), None, None, None, None, 3, 0.0),
        )
    )
    found = extremes(series, Millis(60_000))
    assert found.estimated
    assert found.buckets == ()
    assert found.samples == (
        Sample(START, 1.0, 1),
        Sample(at(30), 9.0, 1),
        Sample(at(60), 9.0, 1),
        Sample(at(90), 1.0, 1),
        Sample(at(120), 4.0, 1),
        Sample(at(180), None, 1),
    )


def test_facts_of_the_series_stay() -> None:
    series = replace(a_line(*[1.0] * 10), process_area=("Supply",), phase="A")
    found = thinned(series, 2, STALE_AFTER)
    assert replace(found, samples=()) == replace(series, samples=())
    assert found.samples == (series.samples[0], series.samples[-1])
    assert found.samples[1].measured_at == Instant(START + 9_000)
