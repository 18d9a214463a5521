"""The store that the settings ask for."""

from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.history.store import Store
from services.settings import Settings


async def open_store(settings: Settings) -> Store | None:
    """An open store, to be closed by whoever asked; None where no history is wanted.

    Raises:
        HistoryError: It cannot be opened. A server that is down is no such case: it may come.
    """
    if settings.history.store == "duckdb":
        return await DuckStore.open(settings.data)
    if settings.history.store == "influx2":
        return InfluxStore(settings.history)
    return None
