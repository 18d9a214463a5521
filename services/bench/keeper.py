"""Takes in and keeps what a broker says: ``... -m services.bench.keeper URL RACKS STORE FOLDER``.

As the history process keeps it, from the intake by way of the spool to a store that speaks
InfluxDB, but for what it judges: no balance and no fault. It is asked as the taker is, and tells
once the store has all.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from pydantic_core import Url

from services.bench.pipeline import AHEAD, writing
from services.bench.running import orders
from services.bench.taker import Taker, What, take
from services.history.influx import InfluxStore
from services.history.writer import Writer
from services.processes import Twin
from services.settings import BrokerSettings, HistorySettings, Settings
from services.simulate.plant import Plant

_SOON_S: Final = 0.005


async def keep(
    broker: BrokerSettings, settings: Settings, racks: int, asked: AsyncIterator[bytes]
) -> None:
    """Take in and keep until nobody asks any more.

    What was heard once beforehand is kept before it begins.
    """
    taker = Taker(broker, What.FOLD)
    async with AsyncExitStack() as stack:
        store = InfluxStore(settings.history)
        stack.push_async_callback(store.close)
        writer = await stack.enter_async_context(writing([store], settings))
        taker.emit = Twin(taker.intake, writer=writer, watched=False).emit
        for changes in taker.hear(Plant(racks, seed=1)):
            taker.emit(changes)
            await _fewer(writer, AHEAD)

        async def settled() -> None:
            await writer.kept(whatever_comes=True)
            await _fewer(writer, 0)
            if any(each.reader.shipped < writer.accepted for each in writer.shippers):
                raise RuntimeError("the store has not all of it")

        taker.settled = settled
        await take(taker, asked)


async def _fewer(writer: Writer, most: int) -> None:
    """Wait until no more rows than that are on their way to the store."""
    (shipper,) = writer.shippers
    while writer.waiting(shipper) > most:  # noqa: ASYNC110  # nobody is told
        await asyncio.sleep(_SOON_S)


async def _main(url: str, racks: str, store: str, folder: str) -> None:
    history = HistorySettings(store=("influx2",), url=Url(store))
    settings = Settings(data=Path(folder), history=history)
    await keep(BrokerSettings(url=Url(url)), settings, int(racks), await orders())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
