import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from history_rows import a_point, a_row, taken
from schemas.history import HistoryError, Query, Series
from services.history.store import RefusedError, Row, Store
from services.history.writer import LAST_FLUSH_S, Writer
from services.settings import HistorySettings
from twin.changes import Derived, PointDescribed, ReadingLate
from twin.instants import Instant

POINT = a_point()
SETTINGS = HistorySettings(batch=3, flush_ms=1_000, queue=10)


class FakeStore:
    """Keeps batches; fails and waits as a test says."""

    def __init__(self, *, takes_s: float = 0.0, fails: int = 0, refuses: int = 0) -> None:
        self.batches: list[list[float | None]] = []
        self.attempts: list[float] = []
        self.takes_s = takes_s
        self.fails = fails
        self.refuses = refuses

    async def write(self, rows: Sequence[Row]) -> None:
        self.attempts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes_s)
        if self.fails:
            self.fails -= 1
            raise HistoryError("out of order")
        self.batches.append([row.value for row in rows])
        if self.refuses:
            raise RefusedError(self.refuses, "too old")

    async def read(self, query: Query) -> list[Series]:
        raise HistoryError(f"only written to: {query}")

    async def close(self) -> None:
        pass


@asynccontextmanager
async def running(writer: Writer) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(writer.run())
        await asyncio.sleep(0)  # let it begin
        yield task
        task.cancel()


def the_sum_holds(writer: Writer) -> bool:
    return writer.accepted == writer.written + writer.lost + writer.queued


async def test_a_whole_batch_is_written_at_once() -> None:
    store = FakeStore()
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, float(n)) for n in range(3)])
        await asyncio.sleep(0.01)
        assert store.batches == [[0.0, 1.0, 2.0]]

    assert writer.written == 3
    assert writer.queued == 0


async def test_a_part_of_a_batch_waits_no_longer_than_it_may() -> None:
    store = FakeStore()
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, 1.0)])
        await asyncio.sleep(0.9)
        assert store.batches == []
        await asyncio.sleep(0.2)
        assert store.batches == [[1.0]]


async def test_what_is_kept_goes_through_one_door_and_the_rest_not_at_all() -> None:
    store = FakeStore()
    writer = Writer(store, SETTINGS)
    reading = taken(POINT, 7.0).reading

    writer.take([PointDescribed(POINT, Instant(1)), ReadingLate(POINT, reading, Instant(9))])
    writer.take([Derived(POINT.entity, "heat_kw", 8.0, Instant(9))])

    async with running(writer):
        pass
    assert writer.accepted == 2
    assert store.batches == [[7.0, 8.0]]


async def test_order_holds_over_batches_and_failures() -> None:
    store = FakeStore(fails=3)
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, float(n)) for n in range(8)])
        await asyncio.sleep(60)

    assert [value for batch in store.batches for value in batch] == [float(n) for n in range(8)]
    assert (writer.retries, writer.failed, writer.written) == (3, 1, 8)
    assert writer.last_error is None


async def test_a_store_that_is_out_of_order_is_tried_until_it_comes_back() -> None:
    store = FakeStore(fails=1_000_000)
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, 1.0)])
        await asyncio.sleep(3_600)
        assert writer.last_error == "out of order"
        assert 360 < writer.retries < 3_600
        store.fails = 0
        await asyncio.sleep(11)
        assert store.batches == [[1.0]]


async def test_attempts_are_not_in_step() -> None:
    store = FakeStore(fails=1_000)
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, 1.0)])
        await asyncio.sleep(100)

    gaps = {round(b - a, 6) for a, b in zip(store.attempts, store.attempts[1:], strict=False)}
    assert len(gaps) > 5


async def test_overflow_loses_the_oldest_and_counts_them() -> None:
    store = FakeStore()
    writer = Writer(store, SETTINGS)

    writer.take([taken(POINT, float(n)) for n in range(25)])

    assert (writer.accepted, writer.lost, writer.queued) == (25, 15, 10)
    async with running(writer):
        pass
    assert [value for batch in store.batches for value in batch] == [
        float(n) for n in range(15, 25)
    ]


async def test_a_slow_store_bounds_memory_and_never_delays_who_takes() -> None:
    store = FakeStore(takes_s=30)
    writer = Writer(store, SETTINGS)
    loop = asyncio.get_running_loop()

    async with running(writer):
        for n in range(100):
            before = loop.time()
            writer.take([taken(POINT, float(n))])
            assert loop.time() == before
            assert writer.queued <= 10 + 3
            assert the_sum_holds(writer)
            await asyncio.sleep(1)

    assert writer.lost > 0
    assert the_sum_holds(writer)


async def test_the_end_writes_what_is_queued() -> None:
    store = FakeStore()
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, float(n)) for n in range(8)])

    assert writer.written == 8
    assert [len(batch) for batch in store.batches] == [3, 3, 2]


async def test_a_batch_cut_short_by_the_end_is_written_again() -> None:
    store = FakeStore(takes_s=0.5)
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, float(n)) for n in range(3)])
        await asyncio.sleep(0.1)

    assert store.batches == [[0.0, 1.0, 2.0]]
    assert writer.written == 3


@pytest.mark.parametrize("store", [FakeStore(takes_s=1e6), FakeStore(fails=10**9)])
async def test_the_end_waits_for_a_bad_store_only_so_long(store: FakeStore) -> None:
    writer = Writer(store, SETTINGS)
    loop = asyncio.get_running_loop()

    async with running(writer):
        writer.take([taken(POINT, float(n)) for n in range(8)])
        await asyncio.sleep(0.1)
        before = loop.time()

    assert loop.time() - before <= LAST_FLUSH_S + 0.01
    assert (writer.lost, writer.queued) == (8, 0)


async def test_rows_refused_for_good_are_lost_and_hold_nobody_up() -> None:
    store = FakeStore(refuses=2)
    writer = Writer(store, SETTINGS)

    async with running(writer):
        writer.take([taken(POINT, float(n)) for n in range(3)])
        await asyncio.sleep(2)
        assert len(store.batches) == 1

    assert (writer.written, writer.lost, writer.retries) == (1, 2, 0)


async def test_a_row_says_when_it_was_measured_and_when_it_came() -> None:
    rows: list[Row] = []

    class Keeping(FakeStore):
        async def write(self, rows_: Sequence[Row]) -> None:
            rows.extend(rows_)

    store: Store = Keeping()
    writer = Writer(store, SETTINGS)
    writer.take([taken(POINT, 4.5, after=250)])

    async with running(writer):
        pass
    assert rows == [a_row(POINT, 4.5, after=250)]
