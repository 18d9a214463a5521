"""The very bytes we send, read by the line protocol parser of a real InfluxDB (Debian's 1.6)."""

import math
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from pydantic_core import Url

from history_rows import T0, a_point, a_row
from schemas.lines import LATEST, carried
from servers import a_server, serving
from services.broker.embedded import free_port
from services.history.block import Row, block_of
from services.history.influx import InfluxStore
from services.history.rows import Rows
from services.history.store import RefusedError
from services.settings import HistorySettings
from twin.changes import Change, Derived, FindingChanged
from twin.finding import Finding
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId, Point, PublisherId

pytestmark = pytest.mark.real

CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
"""

AWKWARD = ["a b", "a,b", "a=b", 'say "x"', "Größe 5 %", "back\\slash", "end\\", "two\nlines", "#1"]

Stored = dict[tuple[str, int], tuple[float | None, int]]


@pytest.fixture(scope="module")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server of our own."""
    program = shutil.which("influxd")
    if program is None:
        assert not os.environ.get("CI"), "influxd is missing: apt-get install influxdb"
        pytest.skip("NO REAL INFLUXDB: nobody but ourselves reads our lines (apt install influxdb)")
    folder = tmp_path_factory.mktemp("influxd")
    port = free_port()
    config = folder / "influxdb.conf"
    config.write_text(CONFIG.format(folder=folder, port=port))
    with a_server([program, "-config", config], port, folder / "log") as address:
        yield address


class RealParser:
    """Hands what is sent to ``/api/v2/write`` on, byte for byte, to the ``/write`` of 1.x."""

    def __init__(self, influxd: str, database: str, session: aiohttp.ClientSession) -> None:
        self.influxd = influxd
        self.database = database
        self.session = session

    async def write(self, request: web.Request) -> web.Response:
        assert request.query["precision"] == "ms"
        assert request.headers["Content-Encoding"] == "gzip"
        async with self.session.post(
            f"{self.influxd}/write",
            params={"db": self.database, "precision": "ms"},
            headers={"Content-Encoding": "gzip"},
            data=await request.read(),
        ) as response:
            return web.Response(status=response.status, body=await response.read())

    async def ask(self, query: str) -> list[dict[str, object]]:
        parameters = {"db": self.database, "epoch": "ms", "q": query}
        async with self.session.post(f"{self.influxd}/query", params=parameters) as response:
            assert response.status == 200, await response.text()
            (result,) = (await response.json())["results"]
            series: list[dict[str, object]] = result.get("series", [])
            return series


@asynccontextmanager
async def a_store(influxd: str, database: str) -> AsyncIterator[tuple[InfluxStore, RealParser]]:
    async with aiohttp.ClientSession() as session:
        real = RealParser(influxd, database, session)
        await real.ask(f'CREATE DATABASE "{database}"')
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/api/v2/write", real.write)
        async with serving(app, auto_decompress=False) as url:
            settings = HistorySettings.model_validate(
                {"store": "influx2", "url": Url(url), "token": SecretStr("any")}
            )
            store = InfluxStore(settings, 30_000)
            try:
                yield store, real
            finally:
                await store.close()


def awkward_points() -> list[Point]:
    plain = [
        a_point(),
        a_point("R2", unit=None, area=("Supply", "Row, 1"), phase="A", setpoint=True),
    ]
    return plain + [
        replace(
            a_point(f"n{n}"),
            entity=EntityId(text),
            publisher=PublisherId(text),
            unit=text,
            process_area=(text, text),
        )
        for n, text in enumerate(AWKWARD)
    ]


async def test_a_real_parser_reads_back_exactly_what_we_wrote(influxd: str) -> None:
    values = [0.1, -0.0, 35.0, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, None]
    rows = [
        a_row(point, value, n * 7, n % 2)
        for point in awkward_points()
        for n, value in enumerate(values)
    ]
    rows.append(Row(a_point(), 1.0, 1, LATEST, T0))
    rows.append(Row(a_point(), 1.0, 2**31 - 1, Instant(0), T0))
    rows.append(Row(a_point(), 5.5, -(2**31), Instant(1), T0))
    async with a_store(influxd, "exact") as (store, real):
        await store.write("spool", block_of(rows, 0))
        found = await real.ask('SELECT "RackPower", "bad", "quality" FROM "Rack" GROUP BY *')

    stored: Stored = {}
    for series in found:
        tags, lines = series["tags"], series["values"]
        assert isinstance(tags, dict)
        assert isinstance(lines, list)
        for at, good, bad, quality in lines:
            assert quality == 1 or good is None
            stored[tags["point"], at] = good if quality == 1 else bad, quality
    assert stored == {(row.point.id, row.measured_at): (row.value, row.quality) for row in rows}
    entities = {series["tags"]["entity"] for series in found}  # type: ignore[index]  # checked above
    assert entities == {carried(row.point.entity) for row in rows}


async def test_a_real_parser_reads_what_the_twin_says_by_its_name(influxd: str) -> None:
    said, rack = Rows(Fleet()), EntityId("R 1,a=b")
    finding = Finding("balance.heat", rack, "RackPower", "so")
    changes: list[Change] = [
        Derived(rack, "heat_kw", 95.5, T0),
        FindingChanged(finding, standing=True, at=Instant(T0 + 1)),
        FindingChanged(finding, standing=False, at=Instant(T0 + 2)),
    ]
    async with a_store(influxd, "said") as (store, real):
        rows = [row for change in changes for row in said.of(change)]
        await store.write("spool", block_of(rows, 0))
        heat = await real.ask('SELECT "heat_kw" FROM "Twin" GROUP BY "entity"')
        found = await real.ask('SELECT "balance.heat", "quality" FROM "Twin"')
        kinds = await real.ask('SHOW FIELD KEYS FROM "Twin"')

    assert (heat[0]["tags"], heat[0]["values"]) == ({"entity": rack}, [[T0, 95.5]])
    assert found[0]["values"] == [[T0, None, 1], [T0 + 1, 1, 1], [T0 + 2, 0, 1]]
    assert kinds[0]["values"] == [
        ["balance.heat", "float"],
        ["document", "string"],
        ["heat_kw", "float"],
        ["quality", "integer"],
    ]


async def test_a_real_parser_reads_a_document_to_the_letter(influxd: str) -> None:
    document = '{"title": "a \\"b\\", c=d\\n", "ü": [1, null]}'
    async with a_store(influxd, "documents") as (store, real):
        rows = [a_row(a_point(), 3.0)._replace(text=document), a_row(a_point(), 0.0, 1)]
        await store.write("spool", block_of(rows, 0))
        found = await real.ask('SELECT "document", "quality" FROM "Rack"')

    assert found[0]["values"] == [[T0, document, 1], [T0 + 1, None, 1]]


async def test_a_real_server_refuses_another_type_and_keeps_the_rest(influxd: str) -> None:
    async with a_store(influxd, "conflict") as (store, real):
        line = f"Rack RackPower=1i {T0}"
        async with real.session.post(
            f"{influxd}/write", params={"db": "conflict", "precision": "ms"}, data=line
        ) as response:
            assert response.status == 204
        block = block_of([a_row(a_point(), 1.0), a_row(a_point(), None, 1)], 0)
        with pytest.raises(RefusedError, match="conflict"):
            await store.write("spool", block)
        found = await real.ask('SELECT count("quality") FROM "Rack"')

    assert found[0]["values"] == [[0, 1]]


async def test_a_real_server_s_parse_error_costs_no_other_line(influxd: str) -> None:
    rows = [a_row(a_point(), float(n), n) for n in range(100)]
    rows[42] = a_row(a_point(), math.inf, 42)
    async with a_store(influxd, "poison") as (store, real):
        with pytest.raises(RefusedError, match="unable to parse") as refused:
            await store.write("spool", block_of(rows, 0))
        found = await real.ask('SELECT count("RackPower") FROM "Rack"')

    assert [each.row for each in refused.value.refused] == [42]
    assert found[0]["values"] == [[0, 99]]
