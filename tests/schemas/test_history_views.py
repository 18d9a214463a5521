import json

import pytest

from build import START, at
from history_series import a_series, samples_of
from schemas.history import Bucket, Mode, Query, Sample, Series
from schemas.history_views import PART, HistoryView, history_json, is_good, parted, quality_of
from twin.points import Quality

QUERY = Query(("R1",), ("RackPower",), START, at(10), Mode.MINMAX, points=10)


def shown(query: Query, *series: Series) -> HistoryView:
    document = json.loads(b"".join(history_json(query, series)))
    return HistoryView.model_validate(
        {"start": document.pop("from"), "end": document.pop("to"), **document}
    )


def test_it_says_what_was_asked() -> None:
    view = shown(QUERY)
    assert (view.start, view.end) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:10.000Z")
    assert (view.entity, view.metric, view.mode, view.bucket_ms) == (
        "R1",
        "RackPower",
        "minmax",
        1000,
    )
    assert view.series == ()


def test_of_several_there_is_no_only_one() -> None:
    view = shown(Query(("R1", "R2"), ("a", "b"), START, at(10)))
    assert (view.entity, view.metric) == (None, None)
    assert (view.entities, view.metrics) == (("R1", "R2"), ("a", "b"))


def test_series_hold_what_was_answered() -> None:
    bucket = Bucket(START, 1.0, 2.0, 1.5, 2.0, 4, 0.5)
    samples = (Sample(START, 1.0, 1), Sample(START, None, 0, '{"id":"x"}'))
    first, second = shown(
        QUERY, a_series(samples=samples), a_series("R2", buckets=(bucket,))
    ).series
    assert (first.entity, first.object_type, second.entity) == ("R1", "Rack", "R2")
    assert [(each.value, each.text) for each in first.samples] == [
        (1.0, None),
        (None, '{"id":"x"}'),
    ]
    assert (second.buckets[0].start, second.buckets[0].good) == ("2026-01-01T00:00:00.000Z", 0.5)


@pytest.mark.parametrize("count", [PART - 1, PART, PART + 1, 2 * PART + 1])
def test_no_part_holds_many_and_none_is_lost(count: int) -> None:
    samples = samples_of([float(number) for number in range(count)], START, 1)
    parts = list(history_json(QUERY, [a_series(samples=samples)]))
    assert max(part.count(b"measured_at") for part in parts) <= PART
    (series,) = shown(QUERY, a_series(samples=samples)).series
    assert [each.value for each in series.samples] == list(range(count))


@pytest.mark.parametrize(
    ("value", "quality", "good"), [(1.0, 1, True), (None, 1, False), (1.0, 0, False)]
)
def test_a_reading_is_good_that_has_a_value_and_is_called_so(
    value: float | None, quality: int, *, good: bool
) -> None:
    sample = Sample(START, value, quality)
    assert is_good(sample) is good
    assert quality_of(sample) is (Quality.GOOD if good else Quality.BAD)


def test_parts_are_whole_but_for_the_last() -> None:
    assert [len(part) for part in parted(range(2 * PART + 1))] == [PART, PART, 1]
    assert list(parted(())) == []
