"""What every store owes the writer and the API, whichever it is."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_core import Url

from history_rows import T0, a_point, a_row
from influx_server import TOKEN, influx_server
from schemas.history import Bucket, Mode, Query, Sample
from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.history.rows import Rows
from services.history.store import Row, Store
from services.settings import HistorySettings
from twin.changes import Derived, FindingChanged
from twin.finding import Finding
from twin.instants import Instant
from twin.points import EntityId

pytestmark = pytest.mark.real

POINTS = [a_point("a", entity="R1"), a_point("b", entity="R1", unit=None), a_point("R2")]


@pytest.fixture(params=["duckdb", "influx2"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "duckdb":
        store: Store = await DuckStore.open(tmp_path)
        yield store
        await store.close()
        return
    async with influx_server() as server:
        store = InfluxStore(
            HistorySettings(store="influx2", url=Url(server.url), token=SecretStr(TOKEN))
        )
        yield store
        await store.close()


def any_rows(chance: random.Random) -> list[Row]:
    """Readings of a few seconds: bad ones, absent ones, late ones, some of one millisecond."""
    rows = [
        a_row(
            chance.choice(POINTS),
            chance.choice([None, 0.1, -3.0, chance.uniform(-1e3, 1e3)]),
            chance.randrange(-1_000, 6_000),
            chance.choice([0, 1, 1, 1, 192]),
        )
        for _ in range(400)
    ]
    taken = {(row.point.id, row.measured_at): row for row in rows}
    again = [row for row in taken.values() if row.value is not None][:50]
    return [*taken.values(), *(row._replace(value=7.0) for row in again), *again[:25]]


def kept(rows: list[Row], query: Query) -> dict[str, list[Row]]:
    """The readings of each point that stand, in order of source time."""
    standing = {(row.point.id, row.measured_at): row for row in rows}
    found: dict[str, list[Row]] = {}
    for _, row in sorted(standing.items(), key=lambda item: item[0]):
        if row.point.entity == query.entity and query.start <= row.measured_at < query.end:
            found.setdefault(row.point.id, []).append(row)
    return found


def reduced(rows: list[Row], query: Query) -> list[Bucket]:
    """Buckets counted one by one; the mean to within rounding."""
    held: dict[int, list[Row]] = {}
    for row in rows:
        held.setdefault((row.measured_at - query.start) // query.bucket_ms, []).append(row)
    buckets = []
    for number, inside in held.items():
        good = [row.value for row in inside if row.value is not None and row.quality == 1]
        start = Instant(query.start + number * query.bucket_ms)
        n, share = len(inside), len(good) / len(inside)
        if good:
            mean: Any = pytest.approx(sum(good) / len(good))
            buckets.append(Bucket(start, min(good), max(good), mean, good[-1], n, share))
        else:
            buckets.append(Bucket(start, None, None, None, None, n, share))
    return buckets


@pytest.mark.parametrize("seed", range(5))
async def test_a_store_answers_as_a_plain_count_of_its_rows_does(store: Store, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # for tests, not for secrets
    rows = any_rows(chance)
    start = Instant(T0 + chance.randrange(1_000))
    for place in range(0, len(rows), 100):
        await store.write(rows[place : place + 100])

    for entity in ("R1", "R2", "R3"):
        raw = Query(entity, "RackPower", start, Instant(start + 3_000), Mode.RAW)
        asked = Query(
            entity,
            "RackPower",
            start,
            Instant(start + 3_000),
            points=chance.choice([1, 7, 97, 3_000]),
        )
        expected = kept(rows, raw)
        assert {s.point: list(s.samples) for s in await store.read(raw)} == {
            point: [Sample(row.measured_at, row.value, row.quality) for row in inside]
            for point, inside in expected.items()
        }
        assert {s.point: list(s.buckets) for s in await store.read(asked)} == {
            point: reduced(inside, asked) for point, inside in expected.items()
        }


async def test_a_mean_lies_between_its_values_however_they_round(store: Store) -> None:
    largest = 1.7e308
    rows = [a_row(POINTS[2], 0.1, n) for n in range(3)]
    await store.write([*rows, *(a_row(POINTS[2], largest, 1_000 + n) for n in range(3))])

    (series,) = await store.read(Query("R2", "RackPower", T0, Instant(T0 + 2_000), points=2))

    assert [bucket.mean for bucket in series.buckets] == [0.1, largest]


async def test_nothing_to_write_is_written(store: Store) -> None:
    await store.write([])

    assert await store.read(Query("R1", "RackPower", T0, Instant(T0 + 1))) == []


@pytest.mark.parametrize("metric", ["heat_kw", "balance.heat", "sensor.implausible"])
async def test_what_the_twin_says_is_asked_for_like_any_metric(store: Store, metric: str) -> None:
    said = Rows()
    like = metric.replace(".", "_") + "x"  # what a name with dots would match as a pattern
    changes = [
        Derived(EntityId("R1"), metric, value, Instant(T0 + n))
        for n, value in enumerate((1.0, 0.0))
    ]
    changes.append(Derived(EntityId("R1"), like, 7.0, T0))
    await store.write([row for change in changes if (row := said.of(change)) is not None])

    for mode in Mode:
        (series,) = await store.read(Query("R1", metric, T0, Instant(T0 + 10), mode, 1))
        assert series.point == f"Twin/{metric}/R1"
        if mode is Mode.RAW:
            assert series.samples == (Sample(T0, 1.0, 1), Sample(Instant(T0 + 1), 0.0, 1))
        else:
            assert series.buckets == (Bucket(T0, 0.0, 1.0, 0.5, 0.0, 2, 1.0),)


async def test_a_finding_is_a_series_for_each_sensor_in_doubt(store: Store) -> None:
    said = Rows()
    code, unit = "sensor.implausible", EntityId("CDU-1")
    found = [Finding(code, unit, suspect, "so") for suspect in ("LiquidFlow", "LiquidTemperature")]
    changes = [FindingChanged(each, standing=True, at=T0) for each in found]
    changes.append(FindingChanged(found[0], standing=False, at=Instant(T0 + 5)))
    await store.write([row for change in changes if (row := said.of(change)) is not None])

    series = await store.read(Query(unit, code, T0, Instant(T0 + 10), Mode.RAW))

    assert {each.point.rpartition("/")[2]: [s.value for s in each.samples] for each in series} == {
        "LiquidFlow": [1.0, 0.0],
        "LiquidTemperature": [1.0],
    }
