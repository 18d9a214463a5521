import os
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from history_rows import a_point
from provisioning import provision, task_name
from schemas.lines import BAD, DOCUMENT, QUALITY, Lines
from services.history.flux import records
from twin.instants import Instant

REAL = {
    name: os.environ.get(f"RACKTWIN_TEST_INFLUX2_{name}", "") for name in ("URL", "TOKEN", "ORG")
}


@pytest.fixture
def script(deploy: Path) -> Path:
    return deploy / "influxdb/rollups.sh"


@pytest.mark.real
def test_a_first_start_makes_two_buckets_and_four_tasks(script: Path, tmp_path: Path) -> None:
    asked, tasks = provision(script, tmp_path / "bin")

    assert asked[:2] == [
        "bucket create --org racktwin --name racktwin-1m --retention 400d",
        "bucket create --org racktwin --name racktwin-1h --retention 3650d",
    ]
    assert asked[2:] == ["task create --org racktwin"] * 4
    assert [task_name(task) for task in tasks] == [
        "racktwin-1h",
        "racktwin-1h-late",
        "racktwin-1m",
        "racktwin-1m-late",
    ]
    assert [re.search(r"^width = (.*)$", task, re.MULTILINE)[1] for task in tasks] == [  # type: ignore[index]
        "1h",
        "1h",
        "1m",
        "1m",
    ]


@pytest.mark.real
def test_no_word_is_left_to_be_put_in(script: Path, tmp_path: Path) -> None:
    _, tasks = provision(script, tmp_path / "bin")

    for task in tasks:
        assert re.findall(r"\b[A-Z]{3,}\b", task) == []


@pytest.mark.real
def test_what_is_there_is_not_made_again(script: Path, tmp_path: Path) -> None:
    for name, left in (("racktwin-1m", 4), ("racktwin-1m-late", 5)):
        asked, tasks = provision(script, tmp_path / name, KNOWN=name)
        assert len(asked) == left
        assert name not in [task_name(task) for task in tasks]


@pytest.mark.real
def test_the_buckets_are_called_after_the_raw_one(script: Path, tmp_path: Path) -> None:
    given = {"INFLUX_ORG": "site", "DOCKER_INFLUXDB_INIT_BUCKET": "dsx"}
    asked, tasks = provision(script, tmp_path / "bin", **given)

    assert asked[0] == "bucket create --org site --name dsx-1m --retention 400d"
    assert all('from(bucket: "dsx")' in task for task in tasks)


def test_the_image_runs_it_at_its_first_start(services: dict[str, Any], script: Path) -> None:
    influxdb = services["influxdb"]

    assert "./deploy/influxdb:/docker-entrypoint-initdb.d:ro" in influxdb["volumes"]
    assert influxdb["environment"]["DOCKER_INFLUXDB_INIT_MODE"] == "setup"
    assert script.stat().st_mode & 0o111 == 0o111


def test_only_good_values_are_rolled_up(deploy: Path) -> None:
    flux = (deploy / "influxdb/rollup.flux").read_text()
    (good,) = re.findall(r"good = \(\) => data\(\)\n *\|> filter\(fn: \(r\) => (.*)\)\n", flux)

    assert set(re.findall(r'r\._field != "(\w+)"', good)) == {QUALITY, BAD, DOCUMENT}


@asynccontextmanager
async def a_server() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Token {REAL['TOKEN']}"}
    async with aiohttp.ClientSession(REAL["URL"], headers=headers) as session:
        yield session


async def make_buckets(session: aiohttp.ClientSession, *names: str) -> None:
    async with session.get("/api/v2/orgs", params={"org": REAL["ORG"]}) as response:
        org = (await response.json())["orgs"][0]["id"]
    for name in names:
        async with session.post("/api/v2/buckets", json={"orgID": org, "name": name}) as response:
            assert response.status == 201, await response.text()


async def ask(session: aiohttp.ClientSession, flux: str, now: str) -> Iterator[dict[str, str]]:
    body = {
        "query": flux,
        "type": "flux",
        "now": now,
        "dialect": {"header": True, "annotations": ["datatype", "group", "default"]},
    }
    async with session.post("/api/v2/query", params={"org": REAL["ORG"]}, json=body) as response:
        text = await response.text()
        assert response.status == 200, text
        return records(text)


@pytest.mark.real
@pytest.mark.influx2
@pytest.mark.skipif(not all(REAL.values()), reason="NO REAL INFLUXDB 2: the tasks are unproven")
async def test_a_real_server_rolls_up_as_is_said(script: Path, tmp_path: Path) -> None:
    raw = f"raw-{uuid.uuid4()}"
    _, tasks = provision(script, tmp_path / "bin", DOCKER_INFLUXDB_INIT_BUCKET=raw)
    begin, lines = 1_767_225_600_000, Lines()
    read = [(0, 1.0, 1), (59_999, 3.0, 1), (60_000, 5.0, 1), (61_000, 900.0, 0), (62_000, None, 0)]
    read += [(3_600_000 + 7, 8.0, 1)]
    body = "\n".join(lines.line(a_point(), v, q, Instant(begin + at), "x") for at, v, q in read)
    async with a_server() as session:
        await make_buckets(session, raw, f"{raw}-1m", f"{raw}-1h")
        where = {"org": REAL["ORG"], "bucket": raw, "precision": "ms"}
        async with session.post("/api/v2/write", params=where, data=body) as response:
            assert response.status == 204
        for task in (tasks[0], tasks[0], tasks[1]):
            await ask(session, task, "2026-01-01T02:00:30Z")
        for task in tasks[2:]:
            await ask(session, task, "2026-01-01T00:10:00Z")
        found = {}
        for name in ("1m", "1h"):
            flux = f'from(bucket: "{raw}-{name}") |> range(start: 2025-12-01T00:00:00Z)'
            found[name] = {
                (row["_time"][11:16], row["_field"]): (row["_value"], row["entity"])
                for row in await ask(session, flux, "2026-01-01T10:00:00Z")
            }

    def minute(at: str, name: str) -> str | None:
        return found["1m"].get((at, name), (None, ""))[0]

    assert {name: minute("00:00", name) for name in ("n", "good", "RackPower_min")} == {
        "n": "2",
        "good": "2",
        "RackPower_min": "1",
    }
    assert [minute("00:01", f"RackPower_{name}") for name in ("max", "mean", "last")] == ["5"] * 3
    assert (minute("00:01", "n"), minute("00:01", "good")) == ("3", "1")
    assert found["1h"]["00:00", "RackPower_mean"] == ("3", "R1")
    assert found["1h"]["01:00", "RackPower_last"] == ("8", "R1")
    assert {name for _, name in found["1h"]} == {
        "n",
        "good",
        *(f"RackPower_{each}" for each in ("min", "max", "mean", "last")),
    }
