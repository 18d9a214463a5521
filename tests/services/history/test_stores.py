from pathlib import Path

import pytest

from history_rows import T0
from schemas.history import HistoryError
from services.history.duck import FILE, DuckStore
from services.history.influx import InfluxStore
from services.history.store import NotNowError
from services.history.stores import backups_of, open_store
from services.metrics import Metrics
from services.settings import HistorySettings, Settings
from services.way import Way

pytestmark = pytest.mark.real


async def test_the_embedded_store_stands_in_the_data_folder(tmp_path: Path) -> None:
    store = await open_store("duckdb", Settings(data=tmp_path / "deep" / "data"))

    assert isinstance(store, DuckStore)
    assert (tmp_path / "deep" / "data" / FILE).exists()
    await store.close()


async def test_a_server_that_is_down_opens_all_the_same() -> None:
    store = await open_store("influx2", Settings())

    assert isinstance(store, InfluxStore)
    await store.close()


async def test_only_the_embedded_store_has_backups(tmp_path: Path) -> None:
    settings, metrics = Settings(data=tmp_path), Metrics()
    far = await open_store("influx2", settings)
    assert backups_of([far], settings, metrics) is None
    near = await open_store("duckdb", settings)

    assert backups_of([far, near], settings, metrics) is not None
    assert "history_dropped" in (await metrics.told(Way())).decode()
    await near.close()
    await far.close()


async def test_a_file_that_cannot_be_opened_is_fatal_where_it_is_the_only_store(
    tmp_path: Path,
) -> None:
    (tmp_path / FILE).write_bytes(b"no history" * 1_000)

    with pytest.raises(HistoryError, match=FILE):
        await open_store("duckdb", Settings(data=tmp_path))


async def test_beside_another_store_it_is_shouted_and_opened_once_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / FILE
    file.write_bytes(b"no history" * 1_000)
    both = HistorySettings(store=("duckdb", "influx2"))

    store = await open_store("duckdb", Settings(data=tmp_path, history=both))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    with pytest.raises(NotNowError, match=FILE):
        await store.upto("a")
    with pytest.raises(HistoryError, match="not open"):
        await store.latest(T0)

    file.unlink()
    assert await store.upto("a") == 0
    await store.close()
