import math
import re
import time
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
from services.history.block import Row, block_of
from services.history.influx import InfluxStore
from services.history.influxql import EVENTS_BACK_MS, READINGS_BACK_MS
from services.history.store import NotNowError, RefusedError
from services.settings import HistorySettings
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PublisherId

pytestmark = pytest.mark.real

POINT = a_point()
FAULT = Point(
    PointId("Fault/rack.power/R1"), "Fault", "rack.power", EntityId("R1"), PublisherId("racktwin")
)
FRESH = Point(
    PointId(f"Freshness/{POINT.id}"),
    "Freshness",
    "freshness",
    EntityId("R1"),
    PublisherId("racktwin"),
)
MINUTE = 60_000


def a_settings(
    url: str, *, token: str | None = TOKEN, org: str = ORG, bucket: str = BUCKET
) -> HistorySettings:
    secret = None if token is None else SecretStr(token)
    return HistorySettings.model_validate(
        {"store": "influx2", "url": Url(url), "org": org, "bucket": bucket, "token": secret}
    )


@asynccontextmanager
async def a_store(
    settings: HistorySettings, timeout_ms: int = 30_000
) -> AsyncIterator[InfluxStore]:
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
async def store(server: InfluxServer) -> AsyncIterator[InfluxStore]:
    async with a_store(a_settings(server.url)) as store:
        yield store


async def write(store: InfluxStore, rows: list[Row]) -> None:
    await store.write("spool", block_of(rows, 0))


async def refusal(store: InfluxStore, rows: list[Row]) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        await write(store, rows)
    return refused.value


def ask(
    *entities: str, mode: Mode = Mode.MINMAX, metrics: tuple[str, ...] = ("RackPower",)
) -> Query:
    return Query(entities, metrics, T0, Instant(T0 + MINUTE), mode, 60)


async def test_it_remembers_no_spool(store: InfluxStore) -> None:
    assert store.name == "influx2"
    assert await store.upto("spool") is None


async def test_a_block_is_one_request_and_is_read_back_exactly(
    store: InfluxStore, server: InfluxServer
) -> None:
    values = [0.1, None, -3.0, 1.7976931348623157e308, 5e-324]
    await write(store, [a_row(POINT, value, n, n) for n, value in enumerate(values)])

    assert server.statuses == {204: 1}
    assert await store.read(ask("R1", mode=Mode.RAW)) == [
        Series(
            "R1",
            "RackPower",
            "Rack",
            POINT.id,
            "kW",
            (),
            is_setpoint=False,
            phase=None,
            samples=tuple(Sample(Instant(T0 + n), value, n) for n, value in enumerate(values)),
        )
    ]


async def test_a_large_block_goes_in_requests_of_five_thousand_lines(
    store: InfluxStore, server: InfluxServer
) -> None:
    await write(store, [a_row(POINT, float(n), n) for n in range(11_000)])

    assert [body.count(b"\n") + 1 for body in server.bodies] == [5_000, 5_000, 1_000]
    assert len(server.points) == 11_000


async def test_an_empty_block_is_no_request(store: InfluxStore, server: InfluxServer) -> None:
    await write(store, [])

    assert not server.statuses


async def test_buckets_keep_extremes_count_the_bad_and_leave_gaps(store: InfluxStore) -> None:
    rows = [a_row(POINT, v, ms) for ms, v in [(0, 1.0), (400, 9.0), (900, 2.0)]]
    rows += [a_row(POINT, 800.0, 950, 0), a_row(POINT, None, 20_000, 0), a_row(POINT, 5.0, 30_999)]
    await write(store, rows)

    (series,) = await store.read(ask("R1"))

    assert series.buckets == (
        Bucket(T0, 1.0, 9.0, 4.0, 2.0, 4, 0.75),
        Bucket(Instant(T0 + 20_000), None, None, None, None, 1, 0.0),
        Bucket(Instant(T0 + 30_000), 5.0, 5.0, 5.0, 5.0, 1, 1.0),
    )


async def test_buckets_begin_where_the_range_does(store: InfluxStore) -> None:
    await write(store, [a_row(POINT, float(n), n * 7) for n in range(100)])
    start = Instant(T0 + 3)

    (series,) = await store.read(
        Query(("R1",), ("RackPower",), start, Instant(start + 130), Mode.MINMAX, 10)
    )

    assert [bucket.start - start for bucket in series.buckets] == list(range(0, 130, 13))


async def test_several_entities_and_metrics_are_one_question(
    store: InfluxStore, server: InfluxServer
) -> None:
    flow = replace(POINT, id=PointId("Rack/RackLiquidFlow/a/b"), point_type="RackLiquidFlow")
    points = [POINT, flow, a_point("R2"), a_point("R3")]
    await write(store, [a_row(point, float(n), n) for n, point in enumerate(points)])
    server.queries.clear()

    for mode in (Mode.RAW, Mode.MINMAX):
        some = ask("R2", "R1", mode=mode, metrics=("RackPower", "RackLiquidFlow", "no name"))
        every = ask(mode=mode)
        assert [(s.entity, s.metric, s.object_type) for s in await store.read(some)] == [
            ("R1", "RackLiquidFlow", "Rack"),
            ("R1", "RackPower", "Rack"),
            ("R2", "RackPower", "Rack"),
        ]
        assert [series.entity for series in await store.read(every)] == ["R1", "R2", "R3"]
    assert len(server.queries) == 4


async def test_an_entity_has_a_series_for_each_point_unit_and_target(store: InfluxStore) -> None:
    supply = a_point("b", entity="R1", area=("Supply", "Row 1"), phase="A")
    target = a_point("a", entity="R1", setpoint=True)
    bare = a_point("c", entity="R1", unit=None)
    rows = [a_row(point, 1.0) for point in (supply, target, bare, a_point("R2"))]
    await write(store, [*rows, a_row(a_point("b", entity="R1", unit="W"), 1_000.0, 1)])

    for mode in (Mode.RAW, Mode.MINMAX):
        found = await store.read(ask("R1", mode=mode))
        assert [(s.point[-7], s.unit, s.process_area, s.phase, s.is_setpoint) for s in found] == [
            ("a", "kW", (), None, True),
            ("b", "W", (), None, False),
            ("b", "kW", ("Supply", "Row 1"), "A", False),
            ("c", None, (), None, False),
        ]


async def test_described_anew_a_series_goes_on_under_its_new_details(store: InfluxStore) -> None:
    anew = a_point(area=("Return",))
    await write(store, [a_row(POINT, 1.0), a_row(POINT, 4.0, 1), a_row(anew, 2.0, 2)])
    await write(store, [a_row(anew, 3.0, 3, 0)])

    (raw,) = await store.read(ask("R1", mode=Mode.RAW))
    (bucketed,) = await store.read(ask("R1"))

    assert [sample.value for sample in raw.samples] == [1.0, 4.0, 2.0, 3.0]
    assert raw.process_area == bucketed.process_area == ("Return",)
    (bucket,) = bucketed.buckets
    assert (bucket.min, bucket.max, bucket.last, bucket.n, bucket.good) == (1.0, 4.0, 2.0, 4, 0.75)
    assert bucket.mean == pytest.approx(7 / 3)


async def test_another_metric_of_the_entity_is_left_alone(store: InfluxStore) -> None:
    flow = replace(POINT, id=PointId("Rack/RackLiquidFlow/a/b"), point_type="RackLiquidFlow")
    federated = replace(POINT, id=PointId(f"cpc/a/{POINT.id}"))
    await write(store, [a_row(POINT, 1.0), a_row(flow, 2.0), a_row(federated, 3.0)])

    found = await store.read(ask("R1", mode=Mode.RAW))

    assert {series.point for series in found} == {POINT.id, federated.id}


async def test_faults_and_freshness_are_series_like_any(store: InfluxStore) -> None:
    document = '{"title": "a \\"b\\" \\\\ ü"}'
    raised = Row(FAULT, 3.0, 1, T0, T0, document)
    await write(store, [raised, a_row(FRESH, 2.0, 5), a_row(POINT, 1.0)])
    await write(store, [Row(FAULT, 0.0, 1, Instant(T0 + 9), T0, "{}")])

    asked = ask("R1", mode=Mode.RAW, metrics=("rack.power", "freshness"))
    fresh, fault = await store.read(asked)

    assert (fault.object_type, fault.metric) == ("Fault", "rack.power")
    assert [(s.value, s.text) for s in fault.samples] == [(3.0, document), (0.0, "{}")]
    assert (fresh.point, fresh.metric) == (FRESH.id, "freshness")
    assert [series.metric for series in await store.read(ask("R1", metrics=("freshness",)))] == [
        "freshness"
    ]


async def test_what_nobody_wrote_is_no_series(store: InfluxStore, server: InfluxServer) -> None:
    assert await store.read(ask("R9")) == []
    assert await store.read(ask("R1", mode=Mode.RAW)) == []
    server.queries.clear()

    assert await store.read(Query(("R1",), ("RackPower",), T0, T0)) == []
    assert await store.read(ask("R1", metrics=('x" or true',))) == []
    assert server.queries == []


@pytest.mark.parametrize("entity", ['a"b', "a\\b", "${r}", "a\\${b", 'x") |> drop() //', "Größe 5"])
async def test_no_entity_is_read_as_flux(store: InfluxStore, entity: str) -> None:
    await write(store, [a_row(a_point("x", entity=entity), 1.0), a_row(POINT, 2.0)])

    (series,) = await store.read(ask(entity, mode=Mode.RAW))

    assert series.entity == entity
    assert [sample.value for sample in series.samples] == [1.0]


async def test_more_samples_than_an_answer_holds_are_cut_and_said_so(
    store: InfluxStore, server: InfluxServer
) -> None:
    head = "#datatype,string,long,dateTime:RFC3339,double,long,string,string,string,string\r\n"
    head += "#group,false,false,false,false,false,false,false,false,false\r\n"
    head += "#default,samples,,,,,,,,\r\n"
    head += ",result,table,_time,RackPower,quality,point,setpoint,entity,_measurement\r\n"
    times = (format_instant(Instant(T0 + n)) for n in range(100_001))
    rows = (f",,0,{at},{n},1,p,false,R1,Rack\r\n" for n, at in enumerate(times))
    server.canned = head + "".join(rows).replace(",p,", ",Rack/RackPower/x,")

    (series,) = await store.read(ask("R1", mode=Mode.RAW))

    assert "limit(n: 100001)" in server.queries[0]
    assert series.truncated
    assert series.samples[-1] == Sample(Instant(T0 + 99_999), 99_999.0, 1)
    assert len(series.samples) == 100_000


async def test_the_latest_of_every_series_is_as_it_was_at_that_instant(store: InfluxStore) -> None:
    other = replace(a_point("R2", area=("Supply",), phase="A", setpoint=True), unit=None)
    rows = [a_row(POINT, 1.0, 0), a_row(POINT, 2.0, 10), a_row(POINT, 3.0, 20)]
    rows += [a_row(other, 7.0, 3, 0), a_row(FRESH, 1.0, 1), a_row(FRESH, 2.0, 12)]
    rows += [Row(FAULT, 3.0, 1, T0, T0, '{"a": 1}'), a_row(a_point("R3"), 1.0, 4)]
    await write(store, [*rows, a_row(a_point("R3"), None, 5, 0)])

    block = await store.latest(Instant(T0 + 11))

    assert [block.points[place] for place in block.point] == [
        FAULT,
        FRESH,
        other,
        a_point("R3"),
        POINT,
    ]
    assert block.value.tolist() == pytest.approx([3.0, 1.0, 7.0, math.nan, 2.0], nan_ok=True)
    assert block.quality.tolist() == [1, 1, 0, 0, 1]
    assert block.measured_at.tolist() == [T0, T0 + 1, T0 + 3, T0 + 5, T0 + 10]
    assert block.received_at.tolist() == block.measured_at.tolist()
    assert block.texts == {0: '{"a": 1}'}


async def test_the_latest_of_a_point_described_anew_is_the_later(store: InfluxStore) -> None:
    anew = a_point(unit="W", area=("Return",))
    await write(store, [a_row(anew, 1_000.0, 5), a_row(POINT, 1.0, 0)])

    for at, value in ((T0 + 5, 1_000.0), (T0 + 4, 1.0)):
        assert (await store.latest(Instant(at))).value.tolist() == [value]


async def test_the_latest_are_looked_for_as_far_back_as_is_said(store: InfluxStore) -> None:
    await write(store, [a_row(POINT, 1.0), Row(FAULT, 3.0, 1, T0, T0, "{}")])

    async def found(after: int) -> int:
        return (await store.latest(Instant(T0 + after))).rows

    assert [await found(READINGS_BACK_MS), await found(READINGS_BACK_MS + 1)] == [2, 1]
    assert [await found(EVENTS_BACK_MS), await found(EVENTS_BACK_MS + 1)] == [1, 0]


async def test_writing_a_block_again_changes_nothing(
    store: InfluxStore, server: InfluxServer
) -> None:
    rows = [a_row(POINT, float(n), n) for n in range(10)]
    await write(store, rows)
    before = dict(server.points)

    await write(store, rows)

    assert server.points == before


async def test_a_reading_that_turned_bad_is_so_when_read_again(store: InfluxStore) -> None:
    await write(store, [a_row(POINT, 5.0), a_row(POINT, 6.0, 1)])

    await write(store, [a_row(POINT, 5.5, 0, 0), a_row(POINT, None, 1, 0)])

    (series,) = await store.read(ask("R1", mode=Mode.RAW))
    assert series.samples == (Sample(T0, 5.5, 0), Sample(Instant(T0 + 1), None, 0))


async def test_rows_of_another_type_or_too_old_are_named_and_the_rest_kept(
    store: InfluxStore, server: InfluxServer
) -> None:
    server.kinds["Rack", "RackPower"] = int
    conflict = await refusal(
        store, [a_row(POINT, 1.0), a_row(POINT, None, 1), a_row(POINT, 2.0, 2)]
    )
    server.keeps_from = T0 + 100
    old = await refusal(store, [a_row(POINT, None, 99), a_row(POINT, None, 100)])

    assert [refused.row for refused in conflict.refused] == [0, 2]
    assert conflict.refused[0].why.endswith("partial write: field type conflict")
    assert [refused.row for refused in old.refused] == [0]
    assert [at for _, _, at in server.points] == [T0 + 1, T0 + 100]


async def test_a_line_the_server_cannot_read_costs_no_other(
    store: InfluxStore, server: InfluxServer
) -> None:
    rows = [a_row(POINT, float(n), n) for n in range(1_000)]
    rows[123] = a_row(POINT, float("inf"), 123)
    rows[777] = a_row(POINT, float("inf"), 777)

    error = await refusal(store, rows)

    assert [refused.row for refused in error.refused] == [123, 777]
    assert "unable to parse" in error.refused[1].why
    assert len(server.points) == 998
    assert sum(server.statuses.values()) < 50


async def test_readings_past_the_retention_are_found_in_few_requests(
    store: InfluxStore, server: InfluxServer
) -> None:
    points = [a_point(f"R{n}") for n in range(7)]
    rows = [a_row(points[n % 7], 1.0, (n * 37) % 5_000) for n in range(5_000)]
    server.keeps_from = T0 + 1_234

    error = await refusal(store, rows)

    assert len(error.refused) == 1_234
    assert all(rows[refused.row].measured_at < T0 + 1_234 for refused in error.refused)
    assert sum(server.statuses.values()) < 30


async def test_fields_of_another_type_are_found_in_few_requests(
    store: InfluxStore, server: InfluxServer
) -> None:
    other = replace(POINT, id=PointId("Rack/Odd/x"), point_type="Odd")
    server.kinds["Rack", "Odd"] = int
    rows = [a_row((POINT, POINT, other)[n % 3], 1.0, n) for n in range(3_000)]

    error = await refusal(store, rows)

    assert [refused.row for refused in error.refused] == list(range(2, 3_000, 3))
    assert sum(server.statuses.values()) < 30


async def test_a_block_that_is_too_large_goes_in_parts(
    store: InfluxStore, server: InfluxServer
) -> None:
    server.most_bytes = 1_000
    long = a_point("x" * 2_000)

    error = await refusal(store, [a_row(POINT, 1.0, n) for n in range(100)] + [a_row(long, 1.0)])

    assert [refused.row for refused in error.refused] == [100]
    assert len(server.points) == 100


async def test_what_no_server_could_keep_is_refused_here(
    store: InfluxStore, server: InfluxServer
) -> None:
    late = Row(POINT, 1.0, 1, Instant(LATEST + 1), T0)
    taken = replace(POINT, id=PointId("Rack/quality/x"), point_type="quality")

    error = await refusal(
        store, [a_row(POINT, 1.0), late, a_row(taken, 1.0), late._replace(point=taken)]
    )
    assert (await refusal(store, [late])).refused[0].row == 0

    assert [refused.row for refused in error.refused] == [1, 2, 3]
    assert "later" in error.refused[0].why
    assert "quality" in error.refused[1].why
    assert server.statuses == {204: 1}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("internal", "500 engine: timeout"),
        ("unavailable", "503 not now"),
        ("throttled", "429"),
        ("cut", "isconnected|reset"),
        ("half-close", "isconnected|reset"),
    ],
)
async def test_a_server_in_trouble_is_for_trying_again(
    store: InfluxStore, server: InfluxServer, fault: str, says: str
) -> None:
    server.fault = fault
    with pytest.raises(NotNowError, match=says) as writing:
        await write(store, [a_row(POINT, 1.0)])
    with pytest.raises(HistoryError, match=says):
        await store.read(ask("R1"))
    server.fault = None

    assert (writing.value.held, writing.value.after_s) == (False, None)
    await write(store, [a_row(POINT, 1.0)])
    assert len(await store.read(ask("R1"))) == 1


async def test_the_server_says_when_to_come_again(store: InfluxStore, server: InfluxServer) -> None:
    server.fault, server.retry_after = "unavailable", "7"

    with pytest.raises(NotNowError) as error:
        await write(store, [a_row(POINT, 1.0)])

    assert error.value.after_s == 7.0


async def test_a_hanging_server_is_given_up_in_time(server: InfluxServer) -> None:
    server.fault = "hang"
    async with a_store(a_settings(server.url), timeout_ms=100) as store:
        begin = time.monotonic()
        with pytest.raises(NotNowError, match="Timeout"):
            await write(store, [a_row(POINT, 1.0)])
        with pytest.raises(HistoryError, match="Timeout"):
            await store.read(ask("R1"))
        assert time.monotonic() - begin < 5


async def test_a_slow_server_is_waited_for(store: InfluxStore, server: InfluxServer) -> None:
    server.delay_s = 0.2

    await write(store, [a_row(POINT, 1.0)])

    assert len(server.points) == 1


async def test_a_dead_server_is_named(server: InfluxServer) -> None:
    dead = server.url[: server.url.rindex(":")] + ":1"
    async with a_store(a_settings(dead)) as store:
        with pytest.raises(NotNowError, match=re.escape(f"{dead}: ")):
            await write(store, [a_row(POINT, 1.0)])


@pytest.mark.parametrize(
    ("token", "org", "bucket", "says"),
    [
        ("wrong", ORG, BUCKET, "401 unauthorized"),
        (None, ORG, BUCKET, "401 unauthorized"),
        (TOKEN, "nobody", BUCKET, "404 organization"),
        (TOKEN, ORG, "nothing", "404 bucket"),
    ],
)
async def test_wrong_settings_hold_until_somebody_mends_them(
    server: InfluxServer, token: str | None, org: str, bucket: str, says: str
) -> None:
    settings = a_settings(server.url, token=token, org=org, bucket=bucket)
    async with a_store(settings) as store:
        with pytest.raises(NotNowError, match=says) as error:
            await write(store, [a_row(POINT, 1.0)])
    assert error.value.held


@pytest.mark.parametrize(
    ("fault", "says"), [("forbidden", "403 insufficient"), ("page", "200 is no answer")]
)
async def test_somebody_between_who_does_not_let_it_pass_holds(
    store: InfluxStore, server: InfluxServer, fault: str, says: str
) -> None:
    server.fault = fault

    with pytest.raises(NotNowError, match=says) as error:
        await write(store, [a_row(POINT, 1.0)])

    assert error.value.held


async def test_a_query_that_fails_halfway_is_no_answer(
    store: InfluxStore, server: InfluxServer
) -> None:
    server.fault = "halfway"

    with pytest.raises(HistoryError, match="panic, halfway"):
        await store.read(ask("R1"))


async def test_a_token_file_is_read_anew_when_the_token_was_refused(
    server: InfluxServer, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    settings = a_settings(server.url, token=None).model_copy(update={"token_file": file})
    async with a_store(settings) as store:
        with pytest.raises(NotNowError, match="No such file") as missing:
            await write(store, [a_row(POINT, 1.0)])
        file.write_text(f"{TOKEN}\n")
        await write(store, [a_row(POINT, 1.0)])
        server.token = "changed"  # noqa: S105  # for a server of our own
        for _ in range(2):
            with pytest.raises(NotNowError, match="401"):
                await write(store, [a_row(POINT, 2.0, 1)])
        with pytest.raises(HistoryError, match="401"):
            await store.read(ask("R1"))
        file.write_text("changed")
        await write(store, [a_row(POINT, 2.0, 1)])

    assert missing.value.held
    assert len(server.points) == 2
