import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from full_disk import full_disk
from history_rows import a_point, a_row
from history_stores import FakeStore, a_spool, at_once, put
from schemas.history import HistoryError
from services.history.block import Row
from services.history.refused import RefusedRows
from services.history.shipper import (
    ATTEMPT_S,
    HELD_S,
    LONGEST_AFTER_S,
    PATIENT_S,
    REMEMBER_S,
    Shipper,
)
from services.history.spool import Spool
from services.history.store import NotNowError

POINT = a_point()


def some(first: int, count: int) -> list[Row]:
    return [a_row(POINT, float(number)) for number in range(first, first + count)]


def a_shipper(store: FakeStore, spool: Spool, folder: Path) -> Shipper:
    letters = RefusedRows(folder / f"refused-{store.name}.ndjson")
    return Shipper(store, spool, letters, at_once, jitter=lambda _, most: most)


@asynccontextmanager
async def running(*shippers: Shipper) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(shipper.run()) for shipper in shippers]
        yield
        for task in tasks:
            task.cancel()


async def test_what_is_in_the_spool_comes_to_the_store(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))

    async with running(shipper):
        await asyncio.sleep(1)
        assert store.values == [0, 1, 2]
        put(spool, some(3, 2))
        shipper.notice()
        await asyncio.sleep(1)
        assert store.values == [0, 1, 2, 3, 4]
    assert (shipper.reader.shipped, shipper.retries, shipper.failed) == (5, 0, 0)
    spool.close()
    assert list((tmp_path / "spool").glob("*.spool")) == []


async def test_a_store_that_is_dead_at_the_start_is_waited_for(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    store.fails = HistoryError("no route")
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))

    async with running(shipper):
        await asyncio.sleep(3_600)
        assert shipper.last_error == "no route"
        assert 300 < shipper.retries < 400
        store.fails = None
        await asyncio.sleep(11)
        assert store.values == [0, 1, 2]
    assert (shipper.failed, shipper.reader.shipped) == (1, 3)
    spool.close()


@pytest.mark.parametrize("after_s", [40.0, LONGEST_AFTER_S, 1e9])
async def test_it_stays_away_for_as_long_as_it_is_told_within_reason(
    tmp_path: Path, after_s: float
) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    store.fails = NotNowError("too many", after_s=after_s)
    shipper = a_shipper(store, spool, tmp_path)

    async with running(shipper):
        await asyncio.sleep(2_000)
    first, second, *_ = store.attempts
    assert min(after_s, LONGEST_AFTER_S) <= second - first < min(after_s, LONGEST_AFTER_S) + 1
    spool.close()


async def test_what_somebody_must_mend_is_tried_now_and_then_and_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))
    store.fails = NotNowError("401 Unauthorized", held=True)

    async with running(shipper):
        await asyncio.sleep(600)
        assert shipper.held
        assert 600 / (HELD_S + 11) < shipper.retries <= 600 / HELD_S
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        store.fails = None
        await asyncio.sleep(HELD_S + 11)
        assert store.values == [0, 1, 2]
    assert not shipper.held
    spool.close()


async def test_a_store_that_takes_nothing_for_minutes_is_trouble(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))

    assert shipper.trouble is None
    store.fails = NotNowError("404 bucket not found", held=True)
    async with running(shipper):
        await asyncio.sleep(PATIENT_S - 1)
        assert shipper.trouble is None
        await asyncio.sleep(2)
        assert shipper.trouble == "fake takes no readings, they wait: 404 bucket not found"
        store.fails = None
        await asyncio.sleep(HELD_S + 11)
        assert shipper.trouble is None
    spool.close()


async def test_how_far_a_store_is_is_written_down_now_and_then_and_in_the_end(
    tmp_path: Path,
) -> None:
    store, spool = FakeStore(remembers=False), a_spool(tmp_path / "spool")
    shipper = a_shipper(store, spool, tmp_path)
    store.takes_s = REMEMBER_S / 4
    for first in range(0, 24, 3):
        put(spool, some(first, 3))

    found: set[int] = set()
    async with running(shipper):
        for _ in range(24):
            await asyncio.sleep(REMEMBER_S / 8)
            found |= set(shipper.reader.remembered().values())
    assert shipper.reader.shipped == 24
    assert max(found) == 24
    assert len(found) < 8
    spool.close()


async def test_a_store_that_hangs_is_given_up_and_asked_again(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    store.takes_s = 1e9
    shipper = a_shipper(store, spool, tmp_path)

    async with running(shipper):
        await asyncio.sleep(ATTEMPT_S * 2.5)
        assert shipper.last_error == "it does not answer"
        assert len(store.attempts) == 3
    spool.close()


async def test_one_store_that_is_stuck_holds_up_no_other(tmp_path: Path) -> None:
    stuck, well = FakeStore("stuck"), FakeStore("well")
    stuck.takes_s = 1e9
    spool = a_spool(tmp_path / "spool")
    shippers = [a_shipper(store, spool, tmp_path) for store in (stuck, well)]

    async with running(*shippers):
        for number in range(100):
            put(spool, some(number, 1))
            shippers[1].notice()
            await asyncio.sleep(1)
        assert len(well.values) == 100
    assert shippers[0].reader.shipped == 0
    spool.close()
    assert len(list((tmp_path / "spool").glob("*.spool"))) == 1


async def test_refused_rows_are_put_aside_and_hold_nobody_up(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    store.refuses = frozenset({1.0, 4.0})
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))
    put(spool, some(3, 3))

    async with running(shipper):
        await asyncio.sleep(1)
    assert store.values == [0, 2, 3, 5]
    assert (shipper.reader.shipped, shipper.reader.refused, shipper.retries) == (4, 2, 0)
    assert shipper.letters.kept == 2
    spool.close()


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_restart_goes_on_where_it_was(tmp_path: Path, *, remembers: bool) -> None:
    store, spool = FakeStore(remembers=remembers), a_spool(tmp_path / "spool")
    other = FakeStore("other")  # keeps the files there
    other.takes_s = 1e9
    put(spool, some(0, 3))
    async with running(*(a_shipper(each, spool, tmp_path) for each in (store, other))):
        await asyncio.sleep(1)
    put(spool, some(3, 2))
    spool.close()
    again = a_spool(tmp_path / "spool")
    shippers = [a_shipper(each, again, tmp_path) for each in (store, other)]
    async with running(*shippers):
        await asyncio.sleep(1)
        put(again, some(5, 2))
        shippers[0].notice()
        await asyncio.sleep(1)

    assert store.sizes == [3, 2, 2]
    assert store.values == [float(number) for number in range(7)]
    reader = shippers[0].reader
    assert (reader.found, reader.shipped, reader.lost) == (2, 4, 0)
    again.close()


async def test_a_store_that_forgets_is_told_all_again_where_it_cannot_be_written_down(
    tmp_path: Path,
) -> None:
    store, spool = FakeStore(remembers=False), a_spool(tmp_path / "spool")
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))

    with full_disk(0):
        async with running(shipper):
            await asyncio.sleep(1)
    assert (store.values, shipper.reader.shipped) == ([0, 1, 2], 3)
    assert shipper.reader.remembered() == {}
    spool.close()


async def test_a_disk_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool", most=1)
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))
    put(spool, some(3, 3))
    (file,) = (tmp_path / "spool").glob("*.spool")
    file.rename(tmp_path / "aside")
    file.mkdir()

    async with running(shipper):
        await asyncio.sleep(100)
        assert shipper.last_error is not None
        assert "Is a directory" in shipper.last_error
        file.rmdir()
        (tmp_path / "aside").rename(file)
        await asyncio.sleep(11)
        assert store.values == [0, 1, 2, 3, 4, 5]
    spool.close()


async def test_a_block_that_comes_twice_is_there_once(tmp_path: Path) -> None:
    store, spool = FakeStore(), a_spool(tmp_path / "spool")
    store.takes_s = 5
    shipper = a_shipper(store, spool, tmp_path)
    put(spool, some(0, 3))

    async with running(shipper):
        await asyncio.sleep(7)  # cut short in the write
    await shipper.drain()
    await shipper.drain()
    assert (store.sizes, store.values, shipper.reader.shipped) == ([3], [0, 1, 2], 3)
    spool.close()
