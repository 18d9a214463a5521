import csv
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from build import START, at
from history_rows import a_point as a_power
from history_rows import a_row
from history_series import Store, a_series
from influx_server import BUCKET as BUCKET_NAME
from influx_server import ORG, TOKEN, influx_server
from live import a_client, a_live_fleet, an_app
from schemas.history import MOST_ENTITIES, MOST_METRICS, Bucket, Mode, Query, Sample
from services.api.context import Store as Port
from services.history.block import block_of
from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.settings import HistorySettings
from twin.points import EntityId, Point, PointId, PublisherId

pytestmark = pytest.mark.real  # answers are written in threads

POWER, OTHER = a_power(), a_power("R2")
BUCKET = Bucket(START, 1.0, 3.0, 2.0, 2.5, 4, 0.75)
SAMPLES = (Sample(START, 1.0, 1), Sample(at(1), None, 1), Sample(at(2), 2.0, 0, 'a "b",\nc'))


async def ask(store: Store, query: str = "") -> httpx.Response:
    live = a_live_fleet()
    async with a_client(an_app(live, store=store)) as client:
        return await client.get(f"history?entity=R1&metric=RackPower{query}")


async def test_range_is_the_last_quarter_of_an_hour_unless_said_otherwise() -> None:
    store = Store()
    answer = (await ask(store)).json()
    assert store.asked == [Query(("R1",), ("RackPower",), at(1 - 900), at(1), Mode.MINMAX, 2000)]
    assert answer["from"] == "2025-12-31T23:45:01.000Z"
    assert answer["series"] == []


@pytest.mark.parametrize(
    "moments",
    [
        "from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00%2B00:00",
        "from=1767225600000&to=1767229200000",
    ],
)
async def test_range_and_mode_can_be_said(moments: str) -> None:
    store = Store()
    answer = (await ask(store, f"&{moments}&mode=raw&points=10")).json()
    assert store.asked == [Query(("R1",), ("RackPower",), START, at(3600), Mode.RAW, 10)]
    assert answer["bucket_ms"] == 360_000


async def test_several_names_are_asked_for_once_each_and_in_their_order() -> None:
    store = Store()
    answer = (await ask(store, "&entity=R2&entity=R1&metric=heat_kw")).json()
    (asked,) = store.asked
    assert (asked.entities, asked.metrics) == (("R1", "R2"), ("RackPower", "heat_kw"))
    assert (answer["entity"], answer["entities"]) == (None, ["R1", "R2"])
    assert (answer["metric"], answer["metrics"]) == (None, ["RackPower", "heat_kw"])


async def test_many_names_can_be_posted() -> None:
    store = Store(a_series(samples=SAMPLES[:1]))
    names = [f"R{number}" for number in range(1, MOST_ENTITIES + 1)]
    body = {"entity": names, "metric": ["RackPower"], "from": START, "mode": "raw"}
    async with a_client(an_app(a_live_fleet(), store=store)) as client:
        answer = (await client.post("history/search", json=body)).json()
    assert store.asked == [Query(tuple(names), ("RackPower",), START, at(1), Mode.RAW, 100)]
    assert answer["series"][0]["samples"][0]["value"] == 1.0


async def test_answer_has_buckets_in_the_shape_that_there_was_for_one() -> None:
    answer = (await ask(Store(a_series(buckets=(BUCKET,))))).json()
    assert (answer["entity"], answer["metric"]) == ("R1", "RackPower")
    (shown,) = answer["series"]
    assert (shown["point"], shown["unit"], shown["samples"]) == ("Rack/RackPower/R1", "kW", [])
    assert shown["buckets"] == [
        {
            "start": "2026-01-01T00:00:00.000Z",
            "min": 1.0,
            "max": 3.0,
            "mean": 2.0,
            "last": 2.5,
            "n": 4,
            "good": 0.75,
        }
    ]


async def test_answer_has_samples_with_what_they_are_worth() -> None:
    answer = await ask(Store(a_series(samples=SAMPLES, truncated=True)), "&mode=raw")
    (shown,) = answer.json()["series"]
    assert [sample["quality"] for sample in shown["samples"]] == ["GOOD", "BAD", "BAD"]
    assert shown["truncated"]


async def test_rows_are_one_flat_list_by_time() -> None:
    one = a_series(buckets=(BUCKET, replace(BUCKET, start=at(2))))
    other = a_series("R2", buckets=(replace(BUCKET, start=at(1)),))
    rows = (await ask(Store(one, other), "&shape=rows")).json()
    assert [(row["time"], row["entity"]) for row in rows] == [
        ("2026-01-01T00:00:00.000Z", "R1"),
        ("2026-01-01T00:00:01.000Z", "R2"),
        ("2026-01-01T00:00:02.000Z", "R1"),
    ]
    assert not any(isinstance(cell, dict | list) for row in rows for cell in row.values())


async def test_csv_has_one_header_and_quotes_what_needs_it() -> None:
    response = await ask(Store(a_series(samples=SAMPLES)), "&mode=raw&format=csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == 'attachment; filename="history.csv"'
    header, first, *_ = response.content.split(b"\r\n")
    assert header.startswith(b"time,entity,metric,")
    assert (
        first
        == b"2026-01-01T00:00:00.000Z,R1,RackPower,Rack,Rack/RackPower/R1,kW,,false,,1.0,GOOD,"
    )
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["value"] for row in rows] == ["1.0", "", "2.0"]
    assert rows[2]["text"] == 'a "b",\nc'


async def test_arrow_and_parquet_hold_the_same_rows() -> None:
    store = Store(a_series(samples=SAMPLES))
    arrow = await ask(store, "&mode=raw&format=arrow")
    parquet = await ask(store, "&mode=raw&format=parquet")
    assert arrow.headers["content-type"] == "application/vnd.apache.arrow.stream"
    assert parquet.headers["content-disposition"] == 'attachment; filename="history.parquet"'
    with pa.ipc.open_stream(arrow.content) as reader:
        table = reader.read_all()
    assert pq.read_table(io.BytesIO(parquet.content)).equals(table)
    assert table.column("value").to_pylist() == [1.0, None, 2.0]
    assert table.schema.field("time").type == pa.timestamp("ms", "UTC")


@pytest.mark.parametrize("form", ["&shape=rows", "&format=csv", "&format=arrow", "&format=parquet"])
async def test_what_could_not_say_that_it_is_cut_short_is_refused(form: str) -> None:
    response = await ask(Store(a_series(samples=SAMPLES, truncated=True)), f"&mode=raw{form}")
    assert response.status_code == 422
    assert response.json()["type"] == "urn:racktwin:problem:too-many-readings"


@pytest.mark.parametrize(
    "query",
    [
        "&from=yesterday",
        "&from=2026-01-01",
        "&from=0001-01-01T00:00:00%2B23:00",
        "&from=9999999999999999",
        "&to=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z",
        "&points=0",
        "&points=10001",
        "&mode=average",
        "&format=xml",
        "&shape=cube",
        "&metric=x" * MOST_METRICS,
        "&entity=x" * MOST_ENTITIES,
        "&metric=heat_kw&points=10000" + "".join(f"&entity={n}" for n in range(10)),
    ],
)
async def test_wrong_query_is_refused_before_the_store_is_asked(query: str) -> None:
    store = Store()
    response = await ask(store, query)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert store.asked == []


async def test_as_many_spans_are_made_as_all_names_together_may_have() -> None:
    store = Store()
    await ask(store, "".join(f"&entity=x{n}" for n in range(99)))
    assert store.asked[0].points == 1_000


async def test_store_that_cannot_answer_is_a_problem() -> None:
    response = await ask(Store(broken=True))
    assert response.status_code == 503
    assert response.json()["detail"] == "the disk is full"


async def test_range_never_begins_before_time_does() -> None:
    store = Store()
    await ask(store, "&to=1970-01-01T00:01:00Z")
    assert store.asked[0].start == 0


async def test_late_reading_lands_at_its_own_time(tmp_path: Path) -> None:
    query = f"entity=R1&metric=RackPower&mode=raw&shape=rows&from={START}&to={at(9)}"
    async with both_stores(tmp_path) as stores:
        for store in stores:
            await store.write("spool", block_of([a_row(POWER, 1.0), a_row(POWER, 3.0, 2_000)], 0))
            before = await told(store, query)
            await store.write("spool", block_of([a_row(POWER, 2.0, 1_000)], 2))
            after = await told(store, query)
            assert [row["value"] for row in before] == [1.0, 3.0]
            assert [(row["time"][17:], row["value"]) for row in after] == [
                ("00.000Z", 1.0),
                ("01.000Z", 2.0),
                ("02.000Z", 3.0),
            ]


async def test_both_stores_answer_the_same_in_every_mode_and_shape(tmp_path: Path) -> None:
    fault = Point(
        PointId("Fault/leak.detected/R1"),
        "Fault",
        "leak.detected",
        EntityId("R1"),
        PublisherId("racktwin"),
    )
    rows = [a_row(POWER, float(n % 17), 250 * n, int(n % 13 > 0)) for n in range(400)]
    rows += [a_row(OTHER, float(n), 1_000 * n) for n in range(50) if not 10 < n < 30]
    rows.append(a_row(fault, 2.0, 500)._replace(text='{"id":"x","text":"a, \\"b\\""}'))
    names = f"entity=R1&entity=R2&metric=RackPower&metric=leak.detected&from={START}&to={at(100)}"
    async with both_stores(tmp_path) as stores:
        for store in stores:
            await store.write("spool", block_of(rows, 0))
        for asked in ("mode=raw", "points=40", "mode=lttb&points=40"):
            for shape in ("series", "rows"):
                query = f"{names}&{asked}&shape={shape}"
                duck, influx = [await told(store, query) for store in stores]
                assert duck == influx, query
                assert len(duck) > 1


async def test_a_spike_of_a_second_is_never_lost_and_a_gap_shows(tmp_path: Path) -> None:
    hours = [n for n in range(0, 4 * 3_600, 10) if not 3_600 <= n < 7_200]
    rows = [a_row(POWER, 40.0, 1_000 * n) for n in hours]
    rows += [a_row(POWER, 99.0, 8_001_000), a_row(POWER, 40.0, 8_002_000)]
    query = f"entity=R1&metric=RackPower&points=48&shape=rows&from={START}&to={at(4 * 3_600)}"
    async with both_stores(tmp_path) as stores:
        for store in stores:
            await store.write("spool", block_of(rows, 0))
            found = await told(store, query)
            assert max(row["max"] for row in found) == 99.0
            assert len(found) == 36
            assert not [row for row in found if "01:00" <= row["time"][11:16] < "02:00"]


@asynccontextmanager
async def both_stores(folder: Path) -> AsyncIterator[tuple[DuckStore, InfluxStore]]:
    async with influx_server() as server, AsyncExitStack() as stack:
        settings = {"url": server.url, "org": ORG, "bucket": BUCKET_NAME, "token": TOKEN}
        influx = InfluxStore(HistorySettings.model_validate(settings))
        stack.push_async_callback(influx.close)
        duck = await DuckStore.open(folder)
        stack.push_async_callback(duck.close)
        yield duck, influx


async def told(store: Port, query: str) -> Any:  # noqa: ANN401  # a document
    async with a_client(an_app(a_live_fleet(), store=store)) as client:
        response = await client.get(f"history?{query}")
    assert response.status_code == 200, response.text
    return response.json()
