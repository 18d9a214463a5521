import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from history_rows import T0, a_point, a_row
from processes import done, racktwin
from schemas.history import Mode, Query
from services.broker.embedded import embedded_broker
from services.cli.app import app_of
from services.history.block import block_of
from services.history.duck import FILE, DuckStore
from twin.instants import Instant

pytestmark = pytest.mark.real


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app_of(()), ["history", *arguments])
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RACKTWIN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RACKTWIN_API__PORT", "1")
    monkeypatch.setenv("RACKTWIN_HISTORY__PORT", "1")
    return tmp_path / "data"


async def fill(folder: Path) -> None:
    store = await DuckStore.open(folder)
    await store.write("spool", block_of([a_row(a_point(), float(n), n) for n in range(5)], 0))
    await store.close()


async def held(folder: Path) -> int:
    store = await DuckStore.open(folder)
    query = Query((), ("RackPower",), T0, Instant(T0 + 10), Mode.RAW)
    found = await store.read(query)
    await store.close()
    return sum(len(series.samples) for series in found)


def test_a_backup_of_a_history_that_nobody_has_open(tmp_path: Path, data: Path) -> None:
    asyncio.run(fill(data))

    code, said = run("backup", str(tmp_path / "deep" / "copy"))

    assert (code, said.strip()) == (0, str(tmp_path / "deep" / "copy"))
    assert asyncio.run(held(tmp_path / "deep" / "copy")) == 5
    assert run("backup", str(tmp_path / "deep" / "copy"))[0] == 1


def test_readings_are_written_into_a_file(tmp_path: Path, data: Path) -> None:
    asyncio.run(fill(data))
    out = tmp_path / "power.csv"

    code, said = run(
        "export", "--metric", "RackPower", "--entity", "R1", "--format", "csv", "--out", str(out),
        "--from", "2026-01-01T00:00:00.001Z", "--to", "2026-01-01T00:00:00.004Z",
    )  # fmt: skip

    assert (code, said.split()[0]) == (0, "3")
    assert len(out.read_text().splitlines()) == 4
    assert run("export", "--out", str(out))[0] == 2


def test_where_no_history_is_it_is_said(data: Path) -> None:
    code, said = run("export", "--metric", "RackPower")

    assert code == 1
    assert str(data / FILE) in said


async def test_the_process_that_has_the_file_makes_the_copy(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await fill(folder)
    async with embedded_broker() as url:
        settings = {"RACKTWIN_BROKER__URL": str(url), "RACKTWIN_HISTORY__PORT": "0"}
        async with racktwin("history", data=folder, **settings) as process:
            port = process.address.rstrip("/").rpartition(":")[2]
            told = {
                "RACKTWIN_DATA": str(folder),
                "RACKTWIN_API__PORT": "1",
                "RACKTWIN_HISTORY__PORT": port,
            }
            copy, out = tmp_path / "copy", tmp_path / "out.parquet"
            assert (await done("history", "backup", str(copy), **told))[0] == 0
            export = ("history", "export", "--metric", "RackPower", "--out", str(out))
            assert (await done(*export, **told))[0] == 0
            assert list((folder / "backups").iterdir()) == []
            nobody = told | {"RACKTWIN_HISTORY__PORT": "1"}
            assert (await done("history", "backup", str(copy) + "2", **nobody))[0] == 1
    assert await held(copy) == 5
    assert out.stat().st_size > 0
