"""The same store against a real InfluxDB 2: the last word on the Flux that we send."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from pydantic import SecretStr
from pydantic_core import Url

from history_rows import T0, a_point, a_row
from schemas.history import Bucket, HistoryError, Mode, Query, Sample
from services.history.influx import InfluxStore
from services.history.rows import Rows
from services.settings import HistorySettings
from twin.changes import Derived
from twin.instants import Instant
from twin.points import EntityId

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
        HistorySettings(
            store="influx2",
            url=Url(GIVEN["URL"]),
            org=GIVEN["ORG"],
            bucket=GIVEN["BUCKET"],
            token=SecretStr(token),
        )
    )
    try:
        yield store
    finally:
        await store.close()


def ask(entity: str, mode: Mode) -> Query:
    return Query(entity, "RackPower", T0, Instant(T0 + 60_000), mode, 60)


@pytest.mark.parametrize("name", ["R1", "a, b=c", 'say "x"', "${r}", "back\\slash"])
async def test_readings_come_back_as_they_were_written(name: str) -> None:
    entity = f"{name} {uuid.uuid4()}"
    point = a_point("x", entity=entity, area=("Supply", "Row 1"), phase="A")
    bare = a_point("y", entity=entity, unit=None, setpoint=True)
    rows = [a_row(point, value, ms) for ms, value in [(0, 1.0), (400, 9.0), (900, 2.0)]]
    rows += [a_row(point, 800.0, 950, 0), a_row(point, None, 20_000, 0), a_row(bare, 5.0, 30_999)]
    async with a_store() as store:
        await store.write(rows)
        await store.write(rows)
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
    rack, said = EntityId(f"R {uuid.uuid4()}"), Rows()
    changes = [Derived(rack, metric, value, Instant(T0 + n)) for n, value in enumerate((1.0, 0.0))]
    changes.append(Derived(rack, metric.replace(".", "_") + "x", 7.0, T0))
    async with a_store() as store:
        await store.write([row for change in changes if (row := said.of(change)) is not None])
        (raw,) = await store.read(Query(rack, metric, T0, Instant(T0 + 10), Mode.RAW))
        (reduced,) = await store.read(Query(rack, metric, T0, Instant(T0 + 10), points=1))

    assert raw.samples == (Sample(T0, 1.0, 1), Sample(Instant(T0 + 1), 0.0, 1))
    assert reduced.buckets == (Bucket(T0, 0.0, 1.0, 0.5, 0.0, 2, 1.0),)


async def test_what_nobody_wrote_is_no_series() -> None:
    async with a_store() as store:
        for mode in Mode:
            assert await store.read(ask(str(uuid.uuid4()), mode)) == []


async def test_a_wrong_token_is_for_trying_again() -> None:
    async with a_store("wrong") as store:
        with pytest.raises(HistoryError, match="401"):
            await store.write([a_row(a_point(), 1.0)])
