import httpx
import pytest

from build import START, at
from live import a_client, a_live_fleet, an_app
from schemas.history import Bucket, HistoryError, Mode, Query, Sample, Series


class Store:
    """A store that remembers what it was asked."""

    def __init__(self, *series: Series, broken: bool = False) -> None:
        self.asked: list[Query] = []
        self._series = list(series)
        self._broken = broken

    async def read(self, query: Query) -> list[Series]:
        """Answer with what was given."""
        self.asked.append(query)
        if self._broken:
            raise HistoryError("the disk is full")
        return self._series


async def ask(store: Store, query: str) -> httpx.Response:
    live = a_live_fleet()
    async with a_client(an_app(live, store=store)) as client:
        return await client.get(f"history?entity=R1&metric=RackPower{query}")


async def test_range_is_the_last_quarter_of_an_hour_unless_said_otherwise() -> None:
    store = Store()
    answer = (await ask(store, "")).json()
    assert store.asked == [Query("R1", "RackPower", at(1 - 900), at(1), Mode.MINMAX, 2000)]
    assert answer["from"] == "2025-12-31T23:45:01.000Z"
    assert answer["series"] == []


async def test_range_and_mode_can_be_said() -> None:
    store = Store()
    moments = "from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00%2B00:00"
    answer = (await ask(store, f"&{moments}&mode=raw&points=10")).json()
    assert store.asked == [Query("R1", "RackPower", START, at(3600), Mode.RAW, 10)]
    assert answer["bucket_ms"] == 360_000


async def test_answer_has_buckets_and_samples() -> None:
    series = Series(
        "Rack/RackPower/R1",
        "kW",
        (),
        is_setpoint=False,
        phase=None,
        samples=(Sample(START, 1.0, 1), Sample(START, None, 1), Sample(START, 2.0, 0)),
        buckets=(Bucket(START, 1.0, 3.0, 2.0, 2.5, 4, 0.75),),
    )
    (shown,) = (await ask(Store(series), "")).json()["series"]
    assert [sample["quality"] for sample in shown["samples"]] == ["GOOD", "BAD", "BAD"]
    assert shown["buckets"][0] == {
        "start": "2026-01-01T00:00:00.000Z",
        "min": 1.0,
        "max": 3.0,
        "mean": 2.0,
        "last": 2.5,
        "n": 4,
        "good": 0.75,
    }


@pytest.mark.parametrize(
    "query",
    [
        "&from=yesterday",
        "&from=2026-01-01",
        "&from=0001-01-01T00:00:00%2B23:00",
        "&to=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z",
        "&points=0",
        "&points=10001",
        "&mode=lttb",
    ],
)
async def test_wrong_query_is_refused_before_the_store_is_asked(query: str) -> None:
    store = Store()
    assert (await ask(store, query)).status_code == 422
    assert store.asked == []


async def test_store_that_cannot_answer_is_a_problem() -> None:
    response = await ask(Store(broken=True), "")
    assert response.status_code == 503
    assert response.json()["detail"] == "the disk is full"


async def test_range_never_begins_before_time_does() -> None:
    store = Store()
    await ask(store, "&to=1970-01-01T00:01:00Z")
    assert store.asked[0].start == 0
