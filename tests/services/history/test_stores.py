from pathlib import Path

import pytest

from services.history.duck import FILE, DuckStore
from services.history.influx import InfluxStore
from services.history.stores import open_store
from services.settings import HistorySettings, Settings

pytestmark = pytest.mark.real


async def test_the_embedded_store_stands_in_the_data_folder(tmp_path: Path) -> None:
    store = await open_store(Settings(data=tmp_path / "deep" / "data"))

    assert isinstance(store, DuckStore)
    assert (tmp_path / "deep" / "data" / FILE).exists()
    await store.close()


async def test_a_server_that_is_down_opens_all_the_same() -> None:
    store = await open_store(Settings(history=HistorySettings(store="influx2")))

    assert isinstance(store, InfluxStore)
    await store.close()


async def test_no_history_is_no_store() -> None:
    assert await open_store(Settings(history=HistorySettings(store="none"))) is None
