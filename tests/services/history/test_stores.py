from pathlib import Path

import pytest

from services.history.duck import FILE, DuckStore
from services.history.influx import InfluxStore
from services.history.stores import backups_of, open_store
from services.metrics import Metrics
from services.settings import Settings

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
    assert "history_dropped" in metrics.exposition().decode()
    await near.close()
    await far.close()
