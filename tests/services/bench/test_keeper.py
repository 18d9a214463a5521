from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from brokers import nats
from influx_server import TOKEN, influx_server
from services.bench.keeper import keep
from services.bench.load import START
from services.bench.sweep import stamped
from services.bench.taker import Taken
from services.broker.publish import publisher
from services.clock import wall_clock
from services.settings import Settings
from services.simulate.plant import Plant
from twin.instants import Millis, after

pytestmark = pytest.mark.real

LATER = Millis(60_000)


async def test_it_tells_once_the_store_has_all_of_so_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [each for each in Plant(1, seed=1).values(START) if "/System/" not in each.topic]
    kept = []
    async with (
        nats(tmp_path) as broker,
        influx_server() as server,
        publisher(broker.settings, "x") as say,
    ):
        settings = Settings.model_validate(
            {
                "data": tmp_path,
                "history": {"store": "influx2", "url": server.url, "token": TOKEN},
            }
        )

        async def asked() -> AsyncIterator[bytes]:
            kept.append(len(server.points))
            later = after(wall_clock(), LATER)
            for topic, payload, *_ in said:
                await say(topic, stamped(payload, later))
            yield b"%d" % len(said)
            kept.append(len(server.points))

        await keep(broker.settings, settings, 1, asked())

    told = [msgspec.json.decode(line, type=Taken) for line in capsys.readouterr().out.split()]
    assert [each.messages for each in told] == [0, len(said)]
    assert kept[0] > len(said)  # what was heard before, and that it was
    assert kept[1] == kept[0] + len(said)


async def test_what_is_lost_is_no_result(tmp_path: Path) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b"0"

    async with nats(tmp_path) as broker, influx_server() as server:
        settings = Settings.model_validate(
            {
                "data": tmp_path,
                "history": {"store": "influx2", "url": server.url, "token": TOKEN, "queue": 4},
            }
        )
        with pytest.raises(ExceptionGroup, match="unhandled") as raised:
            await keep(broker.settings, settings, 1, nothing())

    assert raised.group_contains(RuntimeError, match="has not all of it")
