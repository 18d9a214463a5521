import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_core import Url

from history_rows import T0, a_point, a_row
from influx_server import BUCKET, ORG, TOKEN, InfluxServer, influx_server
from schemas.history import Bucket, HistoryError, Mode, Query, Sample, Series
from schemas.lines import LATEST
from schemas.rfc3339 import format_instant
from services.history.influx import InfluxStore
from services.history.store import RefusedError, Row, Store
from services.settings import HistorySettings
from twin.instants import Instant
from twin.points import PointId

pytestmark = pytest.mark.real

POINT = a_point()
MINUTE = 60_000


def a_settings(
    url: str, *, token: str | None = TOKEN, org: str = ORG, bucket: str = BUCKET
) -> HistorySettings:
    secret = None if token is None else SecretStr(token)
    return HistorySettings(store="influx2", url=Url(url), org=org, bucket=bucket, token=secret)


@asynccontextmanager
async def a_store(settings: HistorySettings, timeout_ms: int = 30_000) -> AsyncIterator[Store]:
    store = InfluxStore(settings, timeout_ms)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def server() -> AsyncIterator[InfluxServer]:
    async with influx_server() as serving:
        yield serving


@pytest.fixture
async def store(server: InfluxServer) -> AsyncIterator[Store]:
    async with a_store(a_settings(server.url)) as store:
        yield store


def ask(entity: str = "R1", *, mode: Mode = Mode.MINMAX) -> Query:
    return Query(entity, "RackPower", T0, Instant(T0 + MINUTE), mode, 60)


async def test_a_batch_is_one_request_and_is_read_back_exactly(
    store: Store, server: InfluxServer
) -> None:
    values = [0.1, None, -3.0, 1.7976931348623157e308, 5e-324]
    await store.write([a_row(POINT, value, n, n) for n, value in enumerate(values)])

    assert server.statuses == {204: 1}
    assert await store.read(ask(mode=Mode.RAW)) == [
        Series(
            POINT.id,
            "kW",
            (),
            is_setpoint=False,
            phase=None,
            samples=tuple(Sample(Instant(T0 + n), value, n) for n, value in enumerate(values)),
        )
    ]


async def test_buckets_keep_extremes_count_the_bad_and_leave_gaps(store: Store) -> None:
    rows = [a_row(POINT, v, ms) for ms, v in [(0, 1.0), (400, 9.0), (900, 2.0)]]
    rows += [a_row(POINT, 800.0, 950, 0), a_row(POINT, None, 20_000, 0), a_row(POINT, 5.0, 30_999)]
    await store.write(rows)

    (series,) = await store.read(ask())

    assert series.buckets == (
        Bucket(T0, 1.0, 9.0, 4.0, 2.0, 4, 0.75),
        Bucket(Instant(T0 + 20_000), None, None, None, None, 1, 0.0),
        Bucket(Instant(T0 + 30_000), 5.0, 5.0, 5.0, 5.0, 1, 1.0),
    )


async def test_buckets_begin_where_the_range_does(store: Store) -> None:
    await store.write([a_row(POINT, float(n), n * 7) for n in range(100)])
    start = Instant(T0 + 3)

    (series,) = await store.read(
        Query("R1", "RackPower", start, Instant(start + 130), Mode.MINMAX, 10)
    )

    assert [bucket.start - start for bucket in series.buckets] == list(range(0, 130, 13))


async def test_an_entity_has_a_series_for_each_point_unit_and_target(store: Store) -> None:
    supply = a_point("b", entity="R1", area=("Supply", "Row 1"), phase="A")
    target = a_point("a", entity="R1", setpoint=True)
    bare = a_point("c", entity="R1", unit=None)
    rows = [a_row(point, 1.0) for point in (supply, target, bare, a_point("R2"))]
    await store.write([*rows, a_row(a_point("b", entity="R1", unit="W"), 1_000.0, 1)])

    for mode in Mode:
        found = await store.read(ask(mode=mode))
        assert [(s.point[-7], s.unit, s.process_area, s.phase, s.is_setpoint) for s in found] == [
            ("a", "kW", (), None, True),
            ("b", "W", (), None, False),
            ("b", "kW", ("Supply", "Row 1"), "A", False),
            ("c", None, (), None, False),
        ]


async def test_described_anew_a_series_goes_on_under_its_new_details(store: Store) -> None:
    await store.write([a_row(POINT, 1.0), a_row(a_point(area=("Return",)), 2.0, 1)])

    (raw,) = await store.read(ask(mode=Mode.RAW))
    (reduced,) = await store.read(ask())

    assert [sample.value for sample in raw.samples] == [1.0, 2.0]
    assert raw.process_area == reduced.process_area == ("Return",)
    assert [bucket.n for bucket in reduced.buckets] == [2]


async def test_another_metric_of_the_entity_is_left_alone(store: Store) -> None:
    flow = replace(POINT, id=PointId("Rack/RackLiquidFlow/a/b"), point_type="RackLiquidFlow")
    federated = replace(POINT, id=PointId(f"cpc/a/{POINT.id}"))
    await store.write([a_row(POINT, 1.0), a_row(flow, 2.0), a_row(federated, 3.0)])

    found = await store.read(ask(mode=Mode.RAW))

    assert {series.point for series in found} == {POINT.id, federated.id}


async def test_what_nobody_wrote_is_no_series(store: Store, server: InfluxServer) -> None:
    assert await store.read(ask("R9")) == []
    assert await store.read(ask(mode=Mode.RAW)) == []
    server.queries.clear()

    assert await store.read(Query("R1", "RackPower", T0, T0)) == []
    assert await store.read(Query("R1", 'x" or true', T0, Instant(T0 + 1))) == []
    assert server.queries == []


@pytest.mark.parametrize("entity", ['a"b', "a\\b", "${r}", "a\\${b", 'x") |> drop() //', "Größe 5"])
async def test_no_entity_is_read_as_flux(store: Store, entity: str) -> None:
    await store.write([a_row(a_point("x", entity=entity), 1.0), a_row(POINT, 2.0)])

    (series,) = await store.read(ask(entity, mode=Mode.RAW))

    assert [sample.value for sample in series.samples] == [1.0]


async def test_more_samples_than_an_answer_holds_are_cut_and_said_so(
    store: Store, server: InfluxServer
) -> None:
    head = "#datatype,string,long,dateTime:RFC3339,double,long,string,string\r\n"
    head += "#group,false,false,false,false,false,false,false\r\n#default,samples,,,,,,\r\n"
    head += ",result,table,_time,RackPower,quality,point,setpoint\r\n"
    rows = (f",,0,{format_instant(Instant(T0 + n))},{n},1,p,false\r\n" for n in range(100_001))
    server.canned = head + "".join(rows)

    (series,) = await store.read(Query("R1", "RackPower", T0, Instant(T0 + 10**6), Mode.RAW))

    assert "limit(n: 100001)" in server.queries[0]
    assert series.truncated
    assert series.samples[-1] == Sample(Instant(T0 + 99_999), 99_999.0, 1)
    assert len(series.samples) == 100_000


async def test_writing_a_batch_again_changes_nothing(store: Store, server: InfluxServer) -> None:
    rows = [a_row(POINT, float(n), n) for n in range(10)]
    await store.write(rows)
    before = dict(server.points)

    await store.write(rows)

    assert server.points == before


async def test_rows_of_another_type_or_too_old_are_refused_and_the_rest_kept(
    store: Store, server: InfluxServer
) -> None:
    server.kinds["Rack", "RackPower"] = int
    with pytest.raises(RefusedError, match="conflict") as conflict:
        await store.write([a_row(POINT, 1.0), a_row(POINT, None, 1), a_row(POINT, 2.0, 2)])
    server.keeps_from = T0 + 100
    with pytest.raises(RefusedError) as old:
        await store.write([a_row(POINT, None, 99), a_row(POINT, None, 100)])

    assert (conflict.value.rows, old.value.rows) == (2, 1)
    assert [at for _, _, at in server.points] == [T0 + 1, T0 + 100]


class Poisonous(float):
    """A value whose line no server can read."""

    def __repr__(self) -> str:
        return "1.2.3"


async def test_a_line_the_server_cannot_read_costs_no_other(
    store: Store, server: InfluxServer
) -> None:
    rows = [a_row(POINT, float(n), n) for n in range(1_000)]
    rows[123] = a_row(POINT, Poisonous(1.0), 123)
    rows[777] = a_row(POINT, Poisonous(1.0), 777)

    with pytest.raises(RefusedError, match="unable to parse") as refused:
        await store.write(rows)

    assert refused.value.rows == 2
    assert len(server.points) == 998
    assert sum(server.statuses.values()) < 50


async def test_a_reading_from_after_the_server_s_end_of_time_is_refused_here(
    store: Store, server: InfluxServer
) -> None:
    late = Row(POINT, 1.0, 1, Instant(LATEST + 1), T0)

    with pytest.raises(RefusedError, match="later") as refused:
        await store.write([a_row(POINT, 1.0), late])
    with pytest.raises(RefusedError):
        await store.write([late])

    assert refused.value.rows == 1
    assert server.statuses == {204: 1}


@pytest.mark.parametrize(
    ("fault", "says"),
    [("internal", "500 engine: timeout"), ("proxy", "503"), ("cut", "isconnected|reset")],
)
async def test_a_server_in_trouble_is_for_trying_again(
    store: Store, server: InfluxServer, fault: str, says: str
) -> None:
    server.fault = fault
    with pytest.raises(HistoryError, match=says) as writing:
        await store.write([a_row(POINT, 1.0)])
    with pytest.raises(HistoryError, match=says):
        await store.read(ask())
    server.fault = None

    assert not isinstance(writing.value, RefusedError)
    await store.write([a_row(POINT, 1.0)])
    assert len(await store.read(ask())) == 1


async def test_a_slow_server_is_given_up_in_time(server: InfluxServer) -> None:
    server.fault = "slow"
    async with a_store(a_settings(server.url), timeout_ms=100) as store:
        with pytest.raises(HistoryError, match="Timeout"):
            await store.write([a_row(POINT, 1.0)])
        with pytest.raises(HistoryError, match="Timeout"):
            await store.read(ask())


async def test_a_dead_server_is_named(server: InfluxServer) -> None:
    dead = server.url[: server.url.rindex(":")] + ":1"
    async with a_store(a_settings(dead)) as store:
        with pytest.raises(HistoryError, match=re.escape(f"{dead}: ")):
            await store.write([a_row(POINT, 1.0)])


@pytest.mark.parametrize(
    ("token", "org", "bucket", "says"),
    [
        ("wrong", ORG, BUCKET, "401 unauthorized"),
        (None, ORG, BUCKET, "401 unauthorized"),
        (TOKEN, "nobody", BUCKET, "404 organization"),
        (TOKEN, ORG, "nothing", "404 bucket"),
    ],
)
async def test_wrong_settings_keep_readings_waiting(
    server: InfluxServer, token: str | None, org: str, bucket: str, says: str
) -> None:
    settings = a_settings(server.url, token=token, org=org, bucket=bucket)
    async with a_store(settings) as store:
        with pytest.raises(HistoryError, match=says) as error:
            await store.write([a_row(POINT, 1.0)])
    assert not isinstance(error.value, RefusedError)


async def test_a_query_that_fails_halfway_is_no_answer(store: Store, server: InfluxServer) -> None:
    server.fault = "halfway"

    with pytest.raises(HistoryError, match="panic, halfway"):
        await store.read(ask())


async def test_the_token_may_stand_in_a_file(server: InfluxServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    settings = a_settings(server.url, token=None)
    async with a_store(settings.model_copy(update={"token_file": file})) as store:
        await store.write([a_row(POINT, 1.0)])

    with pytest.raises(HistoryError, match="No such file"):
        InfluxStore(settings.model_copy(update={"token_file": tmp_path / "none"}))
