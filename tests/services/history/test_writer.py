import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from full_disk import full_disk
from held_disk import Gate
from history_rows import a_point, taken
from history_stores import FakeStore, a_spool, at_once
from schemas.history import HistoryError
from services.history.losses import Losses
from services.history.refused import RefusedRows
from services.history.rows import Rows
from services.history.shipper import PATIENT_S, Shipper
from services.history.spool import Spool
from services.history.writer import LAST_FLUSH_S, TELL_S, Writer
from services.settings import HistorySettings
from twin.changes import Derived, PointDescribed, ReadingLate, ReadingTaken
from twin.fleet import Fleet
from twin.instants import Instant

POINT = a_point()
SETTINGS = HistorySettings(batch=3, flush_ms=1_000, queue=10)


class Begun(NamedTuple):
    """What a test works with."""

    writer: Writer
    spool: Spool
    task: asyncio.Task[None]


@asynccontextmanager
async def running(
    folder: Path, *stores: FakeStore, settings: HistorySettings = SETTINGS, limit: int = 64_000_000
) -> AsyncIterator[Begun]:
    losses = Losses()
    spool = Spool(folder / "spool", limit, settings.queue, losses)
    shippers = [
        Shipper(store, spool, RefusedRows(folder / store.name), at_once) for store in stores
    ]
    writer = Writer(spool, shippers, settings, losses, at_once, Rows(Fleet()))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(writer.run())
        await asyncio.sleep(0)  # let it begin
        yield Begun(writer, spool, task)
        task.cancel()
    spool.close()


def the_sum_holds(writer: Writer) -> bool:
    return all(
        writer.accepted + shipper.reader.found
        == shipper.reader.shipped
        + shipper.reader.refused
        + shipper.reader.lost
        + writer.lost
        + writer.waiting(shipper)
        and writer.waiting(shipper) >= shipper.reader.in_hand
        for shipper in writer.shippers
    )


def some(first: int, count: int) -> list[ReadingTaken]:
    return [taken(POINT, float(n)) for n in range(first, first + count)]


async def test_a_whole_batch_is_written_at_once(tmp_path: Path) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, spool, _):
        writer.take(some(0, 3))
        assert writer.unsynced == 3
        await asyncio.sleep(0.01)
        assert store.values == [0, 1, 2]
        assert (writer.unsynced, spool.synced) == (0, 3)
        assert writer.waiting(writer.shippers[0]) == 0


async def test_a_part_of_a_batch_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, _, _):
        writer.take(some(0, 1))
        await asyncio.sleep(0.9)
        assert store.values == []
        await asyncio.sleep(0.2)
        assert store.values == [0]


async def test_what_is_kept_goes_through_one_door_and_the_rest_not_at_all(tmp_path: Path) -> None:
    store = FakeStore()
    late = ReadingLate(POINT, 7.0, 1, Instant(8), Instant(9))
    async with running(tmp_path, store) as (writer, _, _):
        writer.take([PointDescribed(POINT, Instant(1)), late])
        writer.take([Derived(POINT.entity, "heat_kw", 8.0, Instant(9))])

    assert writer.accepted == 2
    assert store.values == [7.0, 8.0]


async def test_a_burst_is_written_in_batches(tmp_path: Path) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, _, _):
        writer.take(some(0, 8))
        await asyncio.sleep(2)
        assert store.sizes == [3, 3, 2]


async def test_overflow_of_memory_loses_the_oldest_and_names_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, _, _):
        writer.take(some(0, 25))
        assert (writer.accepted, writer.lost) == (25, 15)
        await asyncio.sleep(1)
        assert the_sum_holds(writer)

    assert store.values == [float(n) for n in range(15, 25)]
    assert writer.losses.worst(1) == {POINT.id: 15}
    (record,) = caplog.records
    assert vars(record)["by"] == {POINT.id: 15}


async def test_losses_are_told_once_a_minute_at_the_most(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, FakeStore()) as (writer, _, _):
        for _ in range(int(5 * TELL_S)):
            writer.take(some(0, 25))
            await asyncio.sleep(1)

    assert 5 <= len(caplog.records) <= 6


async def test_an_hour_without_the_store_leaves_memory_flat_and_loses_nothing(
    tmp_path: Path,
) -> None:
    store = FakeStore()
    store.fails = HistoryError("down")
    settings = HistorySettings(batch=50, flush_ms=1_000, queue=200)
    async with running(tmp_path, store, settings=settings) as (writer, spool, _):
        for second in range(3_600):
            writer.take(some(10 * second, 10))
            await asyncio.sleep(1)
            assert writer.unsynced <= 20
            assert spool.remembered <= 200 + 10
        assert writer.waiting(writer.shippers[0]) == 36_000
        store.fails = None
        await asyncio.sleep(11)
        assert store.values == [float(n) for n in range(36_000)]
        assert the_sum_holds(writer)
    assert writer.losses.total == 0


async def test_a_slow_store_never_delays_who_takes(tmp_path: Path) -> None:
    store = FakeStore()
    store.takes_s = 30
    loop = asyncio.get_running_loop()
    async with running(tmp_path, store) as (writer, _, _):
        for n in range(100):
            before = loop.time()
            writer.take(some(n, 1))
            assert loop.time() == before
            assert the_sum_holds(writer)
            await asyncio.sleep(1)
    assert writer.lost == 0


async def test_the_end_writes_what_is_queued(tmp_path: Path) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, _, _):
        writer.take(some(0, 8))

    assert store.values == [float(n) for n in range(8)]
    assert list((tmp_path / "spool").glob("*.spool")) == []


async def test_a_write_cut_short_by_the_end_is_done_again(tmp_path: Path) -> None:
    store = FakeStore()
    store.takes_s = 0.5
    async with running(tmp_path, store) as (writer, _, _):
        writer.take(some(0, 3))
        await asyncio.sleep(0.6)

    assert store.values == [0, 1, 2]
    assert writer.shippers[0].reader.shipped == 3


@pytest.mark.parametrize("why", ["hangs", "fails"])
async def test_the_end_waits_for_a_bad_store_only_so_long_and_the_next_start_goes_on(
    tmp_path: Path, why: str
) -> None:
    store = FakeStore()
    loop = asyncio.get_running_loop()
    async with running(tmp_path, store) as (writer, _, _):
        await asyncio.sleep(1)
        store.takes_s = 1e6 if why == "hangs" else 0
        store.fails = HistoryError("no") if why == "fails" else None
        writer.take(some(0, 8))
        await asyncio.sleep(2)
        before = loop.time()
    assert loop.time() - before <= LAST_FLUSH_S + 0.01
    assert store.values == []
    store.takes_s, store.fails = 0, None

    async with running(tmp_path, store) as (writer, _, _):
        await asyncio.sleep(1)
        assert store.values == [float(n) for n in range(8)]
        assert writer.shippers[0].reader.found == 8
        assert the_sum_holds(writer)


async def test_a_full_disk_is_shouted_once_and_the_store_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, spool, _):
        with full_disk(10):
            for n in range(30):
                writer.take(some(n, 1))
                await asyncio.sleep(2)
            assert spool.trouble is not None
            assert len(store.values) >= 24
        writer.take(some(30, 1))  # what the store has already is not written any more
        await asyncio.sleep(20)
        assert spool.trouble is None
        assert writer.unsynced == 0
    assert store.values == [float(n) for n in range(31)]
    assert [record.levelname for record in caplog.records if record.levelname == "ERROR"] == [
        "ERROR"
    ]
    assert writer.losses.total == 0


async def test_whoever_waits_for_the_disk_waits_for_no_batch_and_no_time(tmp_path: Path) -> None:
    async with running(tmp_path) as (writer, spool, _):
        await writer.kept(whatever_comes=True)
        writer.take(some(0, 1))
        async with asyncio.timeout(0.01):
            await writer.kept(whatever_comes=True)
        assert (spool.synced, writer.unsynced) == (1, 0)


async def test_on_a_full_disk_one_may_wait_whatever_comes_or_not(tmp_path: Path) -> None:
    async with running(tmp_path) as (writer, spool, _), asyncio.TaskGroup() as tasks:
        with full_disk(10):
            writer.take(some(0, 1))
            await writer.kept(whatever_comes=False)
            assert (spool.synced, writer.unsynced) == (0, 1)
            waiting = tasks.create_task(writer.kept(whatever_comes=True))
            await asyncio.sleep(60)
            assert not waiting.done()
        async with asyncio.timeout(20):
            await waiting
        assert (spool.synced, writer.unsynced) == (1, 0)


async def test_without_any_store_there_is_still_the_spool(tmp_path: Path) -> None:
    async with running(tmp_path) as (writer, spool, _):
        writer.take(some(0, 3))
        await asyncio.sleep(1)
        assert spool.synced == 3
    again = a_spool(tmp_path / "spool")
    assert again.upto == 3
    again.close()


async def test_the_end_has_time_for_all_that_is_queued(tmp_path: Path) -> None:
    store = FakeStore()
    settings = HistorySettings(batch=3, flush_ms=1_000, queue=1_000)
    async with running(tmp_path, store, settings=settings) as (writer, _, _):
        writer.take(some(0, 500))

    assert store.values == [float(n) for n in range(500)]


async def test_a_disk_and_a_store_that_take_nothing_are_trouble(tmp_path: Path) -> None:
    store = FakeStore()
    store.fails = HistoryError("no route")
    async with running(tmp_path, store) as (writer, _, _):
        with full_disk(0):
            writer.take([taken(POINT, 1.0)])
            await asyncio.sleep(PATIENT_S + 11)
            disk, _, shop = (writer.trouble or "").partition("; ")
        assert disk.startswith("history is not on the disk: ")
        assert shop == "fake takes no readings, they wait: no route"
        store.fails = None
        await asyncio.sleep(60)
        assert (writer.trouble, store.values) == (None, [1])
        writer.take([taken(POINT, 2.0, 1)])
        await asyncio.sleep(60)
        assert (writer.trouble, store.values) == (None, [1, 2])


async def test_a_batch_is_no_more_than_half_of_what_may_wait(tmp_path: Path) -> None:
    store = FakeStore()
    settings = HistorySettings(batch=100, flush_ms=60_000, queue=10)
    async with running(tmp_path, store, settings=settings) as (writer, _, _):
        for number in range(5):
            writer.take([taken(POINT, float(number), number)])
        await asyncio.sleep(1)
        assert store.values == [0, 1, 2, 3, 4]


async def test_what_is_said_of_faults_goes_to_the_disk_once_it_may_be_shown(tmp_path: Path) -> None:
    store = FakeStore()
    async with running(tmp_path, store) as (writer, spool, _):
        gate = Gate()
        writer.settled = gate
        writer.take(some(0, 3))
        await asyncio.sleep(2)
        assert (gate.asked, writer.unsynced, spool.synced) == (1, 3, 0)
        writer.take(some(3, 3))  # comes after it was asked
        writer.settled = later = Gate()
        gate.open()
        await asyncio.sleep(2)
        assert (later.asked, spool.synced) == (1, 3)
        later.open()
        await asyncio.sleep(2)
        assert store.values == [0, 1, 2, 3, 4, 5]
        assert the_sum_holds(writer)
