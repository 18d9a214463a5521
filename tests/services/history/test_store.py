"""What every store owes the writer and the API, whichever it is."""

import math
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
from services.history.block import Row, block_of
from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.history.rows import Rows
from services.history.store import Store
from services.settings import HistorySettings
from twin.changes import Derived, FindingChanged
from twin.finding import Finding
from twin.fleet import Fleet
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
            HistorySettings(store=("influx2",), url=Url(server.url), token=SecretStr(TOKEN))
        )
        yield store
        await store.close()


class Blocks:
    """The rows of one test, in blocks that follow each other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._upto = 0

    async def write(self, rows: list[Row]) -> None:
        block = block_of(rows, self._upto)
        self._upto = block.upto
        await self._store.write("spool", block)


@pytest.fixture
def blocks(store: Store) -> Blocks:
    return Blocks(store)


def ask(
    entity: str,
    metric: str = "RackPower",
    *,
    span: int = 10,
    mode: Mode = Mode.MINMAX,
    points: int = 1,
) -> Query:
    return Query((entity,), (metric,), T0, Instant(T0 + span), mode, points)


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
        if row.point.entity in query.entities and query.start <= row.measured_at < query.end:
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
async def test_a_store_answers_as_a_plain_count_of_its_rows_does(
    store: Store, blocks: Blocks, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # for tests, not for secrets
    rows = any_rows(chance)
    start = Instant(T0 + chance.randrange(1_000))
    for place in range(0, len(rows), 100):
        await blocks.write(rows[place : place + 100])

    for entities in (("R1",), ("R2",), ("R3",), ("R2", "R1")):
        raw = Query(entities, ("RackPower",), start, Instant(start + 3_000), Mode.RAW)
        asked = Query(
            entities,
            ("RackPower",),
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


async def test_a_mean_lies_between_its_values_however_they_round(
    store: Store, blocks: Blocks
) -> None:
    largest = 1.7e308
    rows = [a_row(POINTS[2], 0.1, n) for n in range(3)]
    await blocks.write([*rows, *(a_row(POINTS[2], largest, 1_000 + n) for n in range(3))])

    (series,) = await store.read(ask("R2", span=2_000, points=2))

    assert [bucket.mean for bucket in series.buckets] == [0.1, largest]


async def test_nothing_to_write_is_written(store: Store, blocks: Blocks) -> None:
    await blocks.write([])

    assert await store.read(ask("R1")) == []


@pytest.mark.parametrize("metric", ["heat_kw", "balance.heat", "sensor.implausible"])
async def test_what_the_twin_says_is_asked_for_like_any_metric(
    store: Store, blocks: Blocks, metric: str
) -> None:
    said = Rows(Fleet())
    like = metric.replace(".", "_") + "x"  # what a name with dots would match as a pattern
    changes = [
        Derived(EntityId("R1"), metric, value, Instant(T0 + n))
        for n, value in enumerate((1.0, 0.0))
    ]
    changes.append(Derived(EntityId("R1"), like, 7.0, T0))
    await blocks.write([row for change in changes for row in said.of(change)])

    for mode in (Mode.RAW, Mode.MINMAX):
        (series,) = await store.read(ask("R1", metric, mode=mode))
        assert series.point == f"Twin/{metric}/R1"
        if mode is Mode.RAW:
            assert series.samples == (Sample(T0, 1.0, 1), Sample(Instant(T0 + 1), 0.0, 1))
        else:
            assert series.buckets == (Bucket(T0, 0.0, 1.0, 0.5, 0.0, 2, 1.0),)


async def test_a_finding_is_a_series_for_each_sensor_in_doubt(store: Store, blocks: Blocks) -> None:
    said = Rows(Fleet())
    code, unit = "sensor.implausible", EntityId("CDU-1")
    found = [Finding(code, unit, suspect, "so") for suspect in ("LiquidFlow", "LiquidTemperature")]
    changes = [FindingChanged(each, standing=True, at=T0) for each in found]
    changes.append(FindingChanged(found[0], standing=False, at=Instant(T0 + 5)))
    await blocks.write([row for change in changes for row in said.of(change)])

    series = await store.read(ask(unit, code, mode=Mode.RAW))

    assert {each.point.rpartition("/")[2]: [s.value for s in each.samples] for each in series} == {
        "LiquidFlow": [1.0, 0.0],
        "LiquidTemperature": [1.0],
    }


async def test_a_document_comes_back_with_its_reading(store: Store, blocks: Blocks) -> None:
    document = '{"title": "a \\"b\\"\\n", "ü": [1, null]}'
    await blocks.write([a_row(POINTS[2], 3.0)._replace(text=document), a_row(POINTS[2], 0.0, 1)])

    (series,) = await store.read(ask("R2", mode=Mode.RAW))

    assert [sample.text for sample in series.samples] == [document, ""]


async def test_the_latest_of_each_series_is_what_was_known(store: Store, blocks: Blocks) -> None:
    rows = [a_row(POINTS[0], 1.0, 0), a_row(POINTS[1], 2.0, 5), a_row(POINTS[0], None, 10, 0)]
    rows += [a_row(POINTS[2], 4.0, 500)]
    await blocks.write(rows)

    block = await store.latest(Instant(T0 + 200))

    found = [
        (block.points[place].id, int(at))
        for place, at in zip(block.point, block.measured_at, strict=True)
    ]
    assert found == [(POINTS[1].id, T0 + 5), (POINTS[0].id, T0 + 10)]
    assert block.value.tolist() == pytest.approx([2.0, math.nan], nan_ok=True)
    assert block.quality.tolist() == [1, 0]
