from typing import Any

import pytest

from build import START, at
from history_series import Store, a_series, samples_of
from live import a_live_fleet
from schemas.history import Bucket, HistoryError, Mode, Query
from services.api.context import Context, Deps, create_context
from services.api.past import SPAN, Range, failed, series_of, truncated
from services.api.replies import ProblemError

QUERY = Query(("R1",), ("RackPower",), START, at(1000), Mode.LTTB, points=10)


def here(store: Store | None) -> Context:
    live = a_live_fleet()
    return create_context(Deps(live.intake, live.hub, live.clock, store))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ({}, at(5000) - SPAN, at(5000)),
        ({"from": at(1)}, at(1), at(5000)),
        ({"to": "2026-01-01T01:00:00Z"}, at(3600) - SPAN, at(3600)),
        ({"from": 5, "to": 10}, 5, 10),
    ],
)
def test_a_range_ends_now_and_is_a_quarter_of_an_hour(
    asked: dict[str, Any], start: int, end: int
) -> None:
    assert Range.model_validate(asked).between(at(5000)) == (start, end)


def test_an_empty_range_is_a_problem() -> None:
    with pytest.raises(ProblemError, match="from is not before to"):
        Range.model_validate({"from": 5, "to": 5}).between(START)


async def test_without_a_store_there_is_no_history() -> None:
    with pytest.raises(ProblemError) as refused:
        await series_of(here(None), QUERY)
    assert refused.value.problem.status == 503


def test_problems_say_what_it_was() -> None:
    assert failed(HistoryError("disk full")).problem.detail == "disk full"
    assert truncated().problem.status == 422


@pytest.mark.real
async def test_the_shape_is_made_of_readings_where_they_are_few_enough() -> None:
    store = Store(a_series(samples=samples_of([float(n % 7) for n in range(1000)], START, 1_000)))
    (found,) = await series_of(here(store), QUERY)
    assert [query.mode for query in store.asked] == [Mode.RAW]
    assert len(found.samples) == 10
    assert not found.estimated


@pytest.mark.real
async def test_the_shape_of_a_great_many_is_made_of_the_extremes_of_short_spans() -> None:
    raw = a_series(samples=samples_of([1.0], START, 1), truncated=True)
    buckets = tuple(Bucket(at(50 * n), 1.0, 50.0 + n, 9.0, 1.0, 60, 1.0) for n in range(20))
    store = Store(raw, a_series(buckets=buckets))
    (found,) = await series_of(here(store), QUERY)
    assert [(query.mode, query.points) for query in store.asked] == [
        (Mode.RAW, 10),
        (Mode.MINMAX, 20),
    ]
    assert found.estimated
    assert len(found.samples) == 10
    assert found.samples[-1].value == 1.0
