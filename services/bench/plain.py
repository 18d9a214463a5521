"""The stack that anybody would write first: ``... -m services.bench.plain URL SINK``.

aiomqtt, a pydantic model, points of the InfluxDB client, a write of each 5,000. It tells when it
listens; asked for a number of messages, it tells once it has taken so many. Here to be compared
with, and for nothing else.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from time import process_time
from typing import Any

import aiomqtt
import msgspec
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.client.write.point import Point
from influxdb_client.domain.write_precision import WritePrecision
from pydantic import BaseModel
from pydantic_core import Url

from services.bench.running import orders
from services.bench.taker import Taken

BATCH = 5_000
_SOON_S = 0.005


class Value(BaseModel):
    """What a point says."""

    value: float | None
    timestamp: int
    quality: int


class Plain:
    """Takes in, and writes."""

    def __init__(self, url: str, sink: str) -> None:
        self._url = Url(url)
        self._sink = sink
        self._messages = 0
        self.subscribed = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        points: list[Point] = []
        async with (
            aiomqtt.Client(self._url.host or "", self._url.port or 1883) as client,
            InfluxDBClientAsync(self._sink, "token", "org") as influx,
        ):
            await client.subscribe("BMS/v1/#")
            self.subscribed.set()
            async for message in client.messages:
                points.append(point_of(str(message.topic), bytes(message.payload)))
                self._messages += 1
                if len(points) == BATCH:
                    await influx.write_api().write("bucket", record=points)
                    points = []

    async def taken(self, messages: int) -> Taken:
        """What was done, once that many were taken."""
        while self._messages < messages:  # noqa: ASYNC110  # as the other one does
            await asyncio.sleep(_SOON_S)
        return Taken(self._messages, process_time())


def point_of(topic: str, payload: bytes) -> Point:
    """A value as a point of InfluxDB."""
    value = Value.model_validate_json(payload)
    *_, kind, point_type, path = topic.split("/", 6)
    point: Any = Point  # its methods have no types
    made: Point = (
        point(point_type)
        .tag("object_type", kind)
        .tag("path", path)
        .field("value", value.value)
        .field("quality", value.quality)
        .time(value.timestamp, WritePrecision.MS)
    )
    return made


async def plain(url: str, sink: str, asked: AsyncIterator[bytes]) -> None:
    """Take in until nobody asks any more."""
    stack = Plain(url, sink)
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(stack.run())
        await stack.subscribed.wait()
        _tell(await stack.taken(0))
        async for order in asked:
            _tell(await stack.taken(int(order)))
        work.cancel()


def _tell(taken: Taken) -> None:
    print(msgspec.json.encode(taken).decode(), flush=True)  # noqa: T201  # to whoever asks


async def _main(url: str, sink: str) -> None:
    await plain(url, sink, await orders())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
