"""History, opened: the stores that the settings ask for, the spool before them, and the writer."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from services.disk.off import InThreads
from services.history.losses import Losses
from services.history.refused import RefusedRows
from services.history.rows import Rows
from services.history.shipper import Shipper
from services.history.spool import Spool
from services.history.store import Store
from services.history.writer import Writer
from services.metrics import Metrics, Read, show_history, show_rows, show_spool, show_stores
from services.settings import Settings
from twin.fleet import Fleet

WORST: Final = 20
"""Points that are named in the metrics."""


@contextmanager
def opened(
    stores: Sequence[Store], settings: Settings, role: str, fleet: Fleet
) -> Iterator[Writer]:
    """A writer of what becomes of a fleet, with the spool of a role in the data folder.

    Raises:
        OSError: The folder cannot be used, or another process does.
    """
    history, losses = settings.history, Losses()
    folder = settings.data / f"{role}-spool"
    spool = Spool(folder, history.spool_mb * 1_000_000, history.queue, losses)
    with ThreadPoolExecutor(1 + len(stores), "history-spool") as threads:
        off = InThreads(threads)
        shippers = [
            Shipper(
                store,
                spool,
                RefusedRows(settings.data / f"{role}-refused-{store.name}.ndjson"),
                off,
            )
            for store in stores
        ]
        try:
            rows = Rows(fleet, history.deadband)
            yield Writer(spool, shippers, history, losses, off, rows)
        finally:
            spool.close()


def show_writer(metrics: Metrics, writer: Writer) -> None:
    """All that is to be told of history."""
    spool = writer.spool

    def each(of: Callable[[Shipper], float]) -> Read:
        return lambda: {shipper.name: of(shipper) for shipper in writer.shippers}

    show_history(
        metrics,
        lambda: writer.accepted,
        lambda: writer.rows.withheld,
        lambda: writer.unsynced,
        lambda: writer.losses.worst(WORST),
    )
    show_spool(
        metrics,
        lambda: spool.bytes,
        lambda: spool.dropped,
        lambda: spool.failed,
        lambda: spool.damaged,
    )
    show_rows(
        metrics,
        each(lambda shipper: shipper.reader.shipped),
        each(lambda shipper: shipper.reader.refused),
        each(lambda shipper: shipper.reader.lost + writer.lost),
        each(writer.waiting),
    )
    show_stores(
        metrics,
        each(lambda shipper: shipper.reader.found),
        each(lambda shipper: shipper.retries),
        each(lambda shipper: shipper.failed),
        each(lambda shipper: shipper.held),
    )
