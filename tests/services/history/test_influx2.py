"""The same store against a real InfluxDB 2: the last word on the Flux that we send."""

import math
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import aiohttp
import pytest
from pydantic import SecretStr
from pydantic_core import Url

from history_rows import T0, a_point, a_row
from schemas.history import Bucket, Mode, Query, Sample
from services.history.block import Row, block_of
from services.history.influx import InfluxStore
from services.history.rows import Rows
from services.history.store import NotNowError, RefusedError
from services.settings import HistorySettings
from twin.changes import Derived
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId, PointId, PublisherId

NAMES: Final = ("URL", "TOKEN", "ORG", "BUCKET")
GIVEN: Final = {name: os.environ.get(f"RACKTWIN_TEST_INFLUX2_{name}", "") for name in NAMES}

pytestmark = [
    pytest.mark.real,
    pytest.mark.influx2,
    pytest.mark.skipif(
        not all(GIVEN.values()),
        reason="NO REAL INFLUXDB 2: our Flux is unproven; set RACKTWIN_TEST_INFLUX2_URL, _TOKEN, …",
    ),
]


@asynccontextmanager
async def a_store(token: str = GIVEN["TOKEN"]) -> AsyncIterator[InfluxStore]:
    store = InfluxStore(
        HistorySettings.model_validate(
            {
                "store": "influx2",
                "url": Url(GIVEN["URL"]),
                "org": GIVEN["ORG"],
                "bucket": GIVEN["BUCKET"],
                "token": SecretStr(token),
            }
        )
    )
    try:
        yield store
    finally:
        await store.close()


def ask(entity: str, mode: Mode, metric: str = "RackPower") -> Query:
    return Query((entity,), (metric,), T0, Instant(T0 + 60_000), mode, 60)


async def write(store: InfluxStore, rows: list[Row]) -> None:
    await store.write("spool", block_of(rows, 0))


@pytest.mark.parametrize("name", ["R1", "a, b=c", 'say "x"', "${r}", "back\\slash"])
async def test_readings_come_back_as_they_were_written(name: str) -> None:
    entity = f"{name} {uuid.uuid4()}"
    point = a_point("x", entity=entity, area=("Supply", "Row 1"), phase="A")
    bare = a_point("y", entity=entity, unit=None, setpoint=True)
    rows = [a_row(point, value, ms) for ms, value in [(0, 1.0), (400, 9.0), (900, 2.0)]]
    rows += [a_row(point, 800.0, 950, 0), a_row(point, None, 20_000, 0), a_row(bare, 5.0, 30_999)]
    async with a_store() as store:
        await write(store, rows)
        await write(store, rows)
        raw = await store.read(ask(entity, Mode.RAW))
        reduced = await store.read(ask(entity, Mode.MINMAX))

    for found in (raw, reduced):
        assert [(s.unit, s.process_area, s.phase, s.is_setpoint) for s in found] == [
            ("kW", ("Supply", "Row 1"), "A", False),
            (None, (), None, True),
        ]
    assert raw[0].samples == tuple(
        Sample(row.measured_at, row.value, row.quality) for row in rows if row.point is point
    )
    assert reduced[0].buckets == (
        Bucket(T0, 1.0, 9.0, 4.0, 2.0, 4, 0.75),
        Bucket(Instant(T0 + 20_000), None, None, None, None, 1, 0.0),
    )
    assert reduced[1].buckets == (Bucket(Instant(T0 + 30_000), 5.0, 5.0, 5.0, 5.0, 1, 1.0),)


@pytest.mark.parametrize("metric", ["heat_kw", "balance.heat"])
async def test_what_the_twin_says_is_asked_for_like_any_metric(metric: str) -> None:
    rack, said = EntityId(f"R {uuid.uuid4()}"), Rows(Fleet())
    changes = [Derived(rack, metric, value, Instant(T0 + n)) for n, value in enumerate((1.0, 0.0))]
    changes.append(Derived(rack, metric.replace(".", "_") + "x", 7.0, T0))
    async with a_store() as store:
        await write(store, [row for change in changes for row in said.of(change)])
        (raw,) = await store.read(ask(rack, Mode.RAW, metric))
        (reduced,) = await store.read(replace(ask(rack, Mode.MINMAX, metric), points=1))

    assert raw.samples == (Sample(T0, 1.0, 1), Sample(Instant(T0 + 1), 0.0, 1))
    assert reduced.buckets == (Bucket(T0, 0.0, 1.0, 0.5, 0.0, 2, 1.0),)


async def test_what_nobody_wrote_is_no_series() -> None:
    async with a_store() as store:
        for mode in (Mode.RAW, Mode.MINMAX):
            assert await store.read(ask(str(uuid.uuid4()), mode)) == []


async def test_a_wrong_token_is_for_trying_again() -> None:
    async with a_store("wrong") as store:
        with pytest.raises(NotNowError, match="401") as error:
            await write(store, [a_row(a_point(), 1.0)])
    assert error.value.held


async def test_each_line_that_can_never_be_kept_is_named_and_the_others_are_kept() -> None:
    entity = f"R {uuid.uuid4()}"
    rows = [a_row(a_point("x", entity=entity), float(n), n) for n in range(5_000)]
    for n in (123, 4_000):
        rows[n] = rows[n]._replace(value=math.inf)
    async with a_store() as store:
        with pytest.raises(RefusedError, match="unable to parse") as error:
            await write(store, rows)
        (found,) = await store.read(ask(entity, Mode.RAW))

    assert [refused.row for refused in error.value.refused] == [123, 4_000]
    assert len(found.samples) == 4_998


async def test_rows_of_another_type_are_named_and_the_others_are_kept() -> None:
    odd = f"Odd{uuid.uuid4().hex}"
    number = replace(a_point("x"), point_type=odd)
    other = a_point("y", entity=f"R {uuid.uuid4()}")
    async with a_store() as store:
        async with aiohttp.ClientSession(GIVEN["URL"]) as session:
            where = {"org": GIVEN["ORG"], "bucket": GIVEN["BUCKET"], "precision": "ms"}
            token, line = f"Token {GIVEN['TOKEN']}", f"Rack,entity=x {odd}=1i {T0}"
            async with session.post(
                "/api/v2/write", params=where, data=line, headers={"Authorization": token}
            ) as response:
                assert response.status == 204
        with pytest.raises(RefusedError, match="conflict") as error:
            await write(store, [a_row((other, number)[n % 2], 1.0, n) for n in range(1_000)])
        (found,) = await store.read(ask(other.entity, Mode.RAW))

    assert [refused.row for refused in error.value.refused] == list(range(1, 1_000, 2))
    assert len(found.samples) == 500


async def test_documents_and_the_latest_of_all_come_back() -> None:
    name, fault = f"R {uuid.uuid4()}", "Fault/rack.power/x"
    raised = replace(a_point("x", entity=name), id=PointId(fault), object_type="Fault")
    raised = replace(raised, point_type="rack.power", unit=None)
    point, anew = a_point("x", entity=name), a_point("x", entity=name, unit="W")
    at, document = Instant(uuid.uuid4().int % 10**12), '{"title": "a \\"b\\"\\n, ü"}'
    rows = [Row(raised, 3.0, 1, at, at, document), Row(point, 1.0, 1, at, at)]
    rows += [Row(anew, 7.0, 0, Instant(at + 1), at), Row(point, 9.0, 1, Instant(at + 3), at)]
    async with a_store() as store:
        await write(store, rows)
        block = await store.latest(Instant(at + 2))

    assert block.points == (replace(raised, publisher=PublisherId("PUB")), anew)
    assert block.value.tolist() == [3.0, 7.0]
    assert block.quality.tolist() == [1, 0]
    assert block.texts == {0: document}


async def test_the_latest_are_found_page_by_page_whatever_they_are_called() -> None:
    mark, at = uuid.uuid4(), Instant(uuid.uuid4().int % 10**12 + 10**11)
    flow = replace(a_point("x", entity=f"a, b=c {mark}"), point_type="RackLiquidFlow")
    flow = replace(flow, id=PointId(f"cpc/x/Rack/RackLiquidFlow/{mark}"))
    never = replace(a_point("x", entity=f'say "x" {mark}'), id=PointId(f"Rack/Never/{mark}"))
    heard = [(f"Freshness/{flow.id}", 2.0), (f"Freshness/PUB/{mark}", 1.0)]
    rows = [Row(flow, 1.0, 1, Instant(at - 9), at), Row(flow, 2.5, 1, at, at)]
    rows += [
        Row(never, None, 1, at, at),
        Row(replace(never, unit="W"), 7.0, 0, Instant(at - 1), at),
    ]
    said = replace(flow, object_type="Freshness", point_type="freshness", unit=None)
    rows += [Row(replace(said, id=PointId(name)), value, 1, at, at) for name, value in heard]
    async with a_store() as store:
        await write(store, [*rows, Row(flow, 9.0, 1, Instant(at + 1), at)])
        block = await store.latest(at)

    found = {
        block.points[place].id: (value, quality)
        for place, value, quality in zip(block.point, block.value, block.quality, strict=True)
    }
    assert found.pop(never.id)[1] == 1
    assert found == {flow.id: (2.5, 1)} | {PointId(name): (value, 1) for name, value in heard}


async def test_five_hundred_entities_are_one_question() -> None:
    mark = uuid.uuid4()
    points = [a_point(f"{n} {mark}") for n in range(500)]
    async with a_store() as store:
        await write(store, [a_row(point, float(n), n) for n, point in enumerate(points)])
        for mode in (Mode.RAW, Mode.MINMAX):
            query = replace(ask("", mode), entities=tuple(point.entity for point in points))
            assert len(await store.read(query)) == 500
