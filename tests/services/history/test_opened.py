import asyncio
from pathlib import Path

import pytest

from full_disk import full_disk
from history_rows import T0, a_point, taken
from history_stores import FakeStore
from processes import until
from schemas.history import HistoryError, Mode, Query
from services.history.duck import DuckStore
from services.history.opened import opened, show_writer
from services.history.writer import Writer
from services.metrics import Metrics
from services.settings import HistorySettings, Settings
from services.way import Way
from twin.fleet import Fleet
from twin.instants import Instant

pytestmark = pytest.mark.real

POINT = a_point("R1")


def settings_for(folder: Path) -> Settings:
    return Settings(data=folder, history=HistorySettings(batch=10, flush_ms=20, queue=1_000))


async def has(writer: Writer, place: int, rows: int) -> bool:
    return writer.shippers[place].reader.shipped == rows


async def test_two_stores_are_served_and_one_that_is_stuck_holds_up_none(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    stuck = FakeStore("stuck")
    stuck.fails = HistoryError("no")
    duck = await DuckStore.open(tmp_path)
    with opened([duck, stuck], settings, "serve", Fleet()) as writer:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            for number in range(100):
                writer.take([taken(POINT, float(number), number)])
                await asyncio.sleep(0)
            await until(lambda: has(writer, 0, 100))
            told = await metrics_of(writer)
            assert told["racktwin_history_accepted_total"] == 100
            assert told['racktwin_history_shipped_total{store="duckdb"}'] == 100
            assert told['racktwin_history_waiting{store="stuck"}'] == 100
            assert told["racktwin_history_unsynced"] == 0
            task.cancel()
    query = Query(("R1",), ("RackPower",), T0, Instant(T0 + 1_000), Mode.RAW)
    (series,) = await duck.read(query)
    assert [sample.value for sample in series.samples] == [float(n) for n in range(100)]

    stuck.fails = None
    with opened([duck, stuck], settings, "serve", Fleet()) as writer:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            await until(lambda: has(writer, 1, 100))
            assert await has(writer, 0, 0)
            task.cancel()
    await duck.close()
    assert stuck.values == [float(n) for n in range(100)]
    assert list((tmp_path / "serve-spool").glob("*.spool")) == []


async def test_a_full_disk_is_in_the_metrics_until_there_is_room(tmp_path: Path) -> None:
    store = FakeStore("stuck")
    store.fails = HistoryError("no")
    with opened([store], settings_for(tmp_path), "serve", Fleet()) as writer:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            with full_disk(10):
                writer.take([taken(POINT, 1.0)])
                await until(lambda: fails(writer))
                assert (await metrics_of(writer))["racktwin_history_unsynced"] == 1
            await until(lambda: synced(writer))
            assert (await metrics_of(writer))["racktwin_history_spool_bytes"] > 0
            task.cancel()


async def fails(writer: Writer) -> bool:
    return writer.spool.failed > 0


async def synced(writer: Writer) -> bool:
    return writer.unsynced == 0


async def metrics_of(writer: Writer) -> dict[str, float]:
    """Every figure by its name."""
    metrics = Metrics()
    show_writer(metrics, writer)
    lines = (await metrics.told(Way())).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "serve-spool").touch()

    with (
        pytest.raises(FileExistsError),
        opened([FakeStore()], settings_for(tmp_path), "serve", Fleet()),
    ):
        pass
