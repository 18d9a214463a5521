import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from brokers import until
from schemas.envelope import Envelope
from services.broker.embedded import embedded_broker
from services.broker.listen import listen
from services.broker.publish import publisher
from services.broker.status import Status
from services.clock import wall_clock
from services.replay.files import Recorder, read, recorder
from services.replay.record import record
from services.settings import BrokerSettings
from twin.instants import Instant


def envelope(number: int) -> Envelope:
    return Envelope("a", b"%d" % number, Instant(number))


async def every_second(*numbers: int) -> AsyncIterator[Sequence[Envelope]]:
    for number in numbers:
        yield [envelope(number)]
        await asyncio.sleep(1)


async def test_everything_is_taken_down_and_counted() -> None:
    kept: list[Envelope] = []
    assert await record(every_second(1, 2, 3), Recorder(kept.extend)) == 3
    assert kept == [envelope(1), envelope(2), envelope(3)]


async def test_recording_ends_when_its_time_is_over() -> None:
    kept: list[Envelope] = []
    assert await record(every_second(*range(100)), Recorder(kept.extend), 4.5) == 5
    assert len(kept) == 5


async def test_what_is_older_than_a_second_is_in_the_file_though_nothing_follows() -> None:
    kept: list[Envelope] = []
    async with asyncio.TaskGroup() as tasks:
        recording = tasks.create_task(record(every_second(1), Recorder(kept.extend)))
        await asyncio.sleep(0.9)
        assert kept == [envelope(1)]
        await recording


async def test_cancelled_recording_keeps_what_it_has() -> None:
    kept: list[Envelope] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await record(every_second(1, 2), Recorder(kept.extend))
    assert kept == [envelope(1)]


async def test_a_source_that_gives_up_is_not_taken_for_the_end() -> None:
    async def broken() -> AsyncIterator[Sequence[Envelope]]:
        raise TimeoutError("no answer")
        yield []

    with pytest.raises(ExceptionGroup) as caught:
        await record(broken(), Recorder(lambda _: None), 60)
    assert caught.group_contains(TimeoutError, match="no answer")


@pytest.mark.real
@pytest.mark.parametrize("name", ["a.arrows", "a.csv"])
async def test_what_the_broker_says_is_read_back(name: str, tmp_path: Path) -> None:
    async with embedded_broker() as url, asyncio.TaskGroup() as tasks:
        settings, status = BrokerSettings(url=url), Status()
        recording = tasks.create_task(_record(settings, status, tmp_path / name))
        await until(lambda: status.connected)
        async with publisher(settings, "says") as publish:
            for number in range(100):
                await publish("BMS/v1/PUB/Value/a", b"%d" % number)
            await until(lambda: _recorded(tmp_path / name) == 100)
        recording.cancel()
    said = list(read(tmp_path / name))
    assert [each.payload for each in said] == [b"%d" % number for number in range(100)]


async def _record(settings: BrokerSettings, status: Status, file: Path) -> None:
    with recorder(file, wall_clock()) as taking:
        async with aclosing(listen(settings, "record", status)) as batches:
            await record(batches, taking)


def _recorded(file: Path) -> int:
    return sum(1 for _ in read(file))
