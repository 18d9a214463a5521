"""The very bytes we send, taken by a real VictoriaMetrics (Debian's), and what it makes of them."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from pydantic import SecretStr
from pydantic_core import Url

from history_rows import T0, a_point, a_row
from schemas.lines import carried
from servers import a_server
from services.broker.embedded import free_port
from services.history.block import block_of
from services.history.influx import InfluxStore
from services.settings import HistorySettings
from twin.points import Point, PublisherId

pytestmark = pytest.mark.real

Found = dict[tuple[str, str, int], float]
"""Values by metric, entity and millisecond."""


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server of our own."""
    program = shutil.which("victoria-metrics")
    if program is None:
        assert not os.environ.get("CI"), "victoria-metrics is missing: apt-get install it"
        pytest.skip("NO VICTORIAMETRICS: nobody there reads our lines (apt-get install it)")
    folder = tmp_path_factory.mktemp("victoria")
    port = free_port()
    command = [
        program,
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
    ]
    with a_server(command, port, folder / "log") as address:
        yield address


@asynccontextmanager
async def a_store(url: str) -> AsyncIterator[InfluxStore]:
    settings = HistorySettings(store=("influx2",), url=Url(url), token=SecretStr("any"))
    store = InfluxStore(settings, 30_000)
    try:
        yield store
    finally:
        await store.close()


async def found_in(url: str, publisher: str) -> Found:
    found: Found = {}
    async with aiohttp.ClientSession(url) as session:
        await (await session.get("/internal/force_flush")).read()
        match = {"match[]": f'{{publisher="{publisher}"}}', "start": "0"}
        async with session.get("/api/v1/export", params=match) as response:
            assert response.status == 200, await response.text()
            lines = (await response.text()).splitlines()
    for line in lines:
        series = json.loads(line)
        name, entity = series["metric"]["__name__"], series["metric"]["entity"]
        for at, value in zip(series["timestamps"], series["values"], strict=True):
            found[name, entity, at] = value
    return found


def of(publisher: str, name: str) -> Point:
    return replace(a_point(name), publisher=PublisherId(publisher))


async def test_it_takes_the_very_bytes_and_gives_them_back(victoria: str) -> None:
    names = ["R1", "a b,c=d", 'say "x"', "Größe", "back\\slash"]
    values = [0.1, 35.25, -3.0, 1e9, None, 12.5]
    rows = [
        a_row(of("exact", name), value, n * 10, 1 if n < 5 else 0)
        for name in names
        for n, value in enumerate(values)
    ]
    async with a_store(victoria) as store:
        await store.write("spool", block_of(rows, 0))
        await store.write("spool", block_of(rows, 0))

    expected: Found = {}
    for row in rows:
        entity = carried(row.point.entity)
        expected["Rack_quality", entity, row.measured_at] = row.quality
        field = "RackPower" if row.quality == 1 else "bad"
        if row.value is not None:
            expected[f"Rack_{field}", entity, row.measured_at] = row.value
    assert await found_in(victoria, "exact") == expected


async def test_of_a_document_it_keeps_a_nought(victoria: str) -> None:
    row = a_row(of("documents", "R1"), 3.0)._replace(text='{"a": "b c"}')
    async with a_store(victoria) as store:
        await store.write("spool", block_of([row], 0))

    found = await found_in(victoria, "documents")
    assert {name: value for (name, _, _), value in found.items()} == {
        "Rack_RackPower": 3.0,
        "Rack_quality": 1.0,
        "Rack_document": 0.0,
    }


async def test_it_says_yes_to_a_line_that_it_does_not_keep(victoria: str) -> None:
    line = "Rack,entity=R1,publisher=poison"
    body = f"{line} x=1 {T0}\n{line} {T0 + 1}\n{line} x=3 {T0 + 2}"
    async with aiohttp.ClientSession(victoria) as session:
        where = {"precision": "ms"}
        async with session.post("/api/v2/write", params=where, data=body) as response:
            assert response.status == 204

    assert [at - T0 for _, _, at in sorted(await found_in(victoria, "poison"))] == [0, 2]
