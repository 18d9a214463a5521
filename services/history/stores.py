"""The stores that the settings ask for."""

from collections.abc import Iterable
from typing import Final

from services.history.backup import Backups
from services.history.cold import Keep
from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.history.store import Store
from services.metrics import Metrics, show_files
from services.settings import Settings, StoreName


async def open_store(name: StoreName, settings: Settings) -> Store:
    """An open store, to be closed by whoever asked.

    Raises:
        HistoryError: It cannot be opened, and is the only one. A server that is down is no such
            case: it may come.
    """
    if name == "duckdb":
        kept = Keep(settings.history.keep_days, settings.history.keep_gb)
        alone = len(settings.history.store) == 1
        return await DuckStore.open(settings.data, kept, must=alone)
    return InfluxStore(settings.history)


BACKUPS: Final = "backups"
"""Folder of the backups, in the data folder."""


def backups_of(stores: Iterable[Store], settings: Settings, metrics: Metrics) -> Backups | None:
    """Who makes backups of the embedded one of ``stores``, which is told of; None where none is."""
    store = next((each for each in stores if isinstance(each, DuckStore)), None)
    if store is None:
        return None
    tally = store.tally
    show_files(metrics, lambda: tally.exported, lambda: tally.dropped, lambda: tally.missing)
    return Backups(store, settings.data / BACKUPS)
