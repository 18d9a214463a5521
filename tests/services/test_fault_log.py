import asyncio

import pytest

from faulty import WARNING, Bench, key
from services.fault_log import FaultLog
from twin.changes import Change, Derived, FaultChanged
from twin.fault import Fault, What
from twin.points import EntityId


def changes(count: int) -> list[FaultChanged]:
    """So many faults that were raised."""
    bench = Bench()
    for number in range(count):
        bench.judge(number, WARNING, entity=f"R{number}")
    return bench.told


def test_what_happened_is_numbered_from_1_without_a_gap() -> None:
    log, (one, two, three) = FaultLog(), changes(3)
    log.publish([one, two])
    log.publish([three])
    assert log.seq == 3
    assert log.since(1) == [(2, two), (3, three)]
    assert log.since(3) == []


def test_what_was_only_about_to_be_raised_and_what_is_no_fault_is_left_out() -> None:
    log = FaultLog()
    pending = FaultChanged(Fault(key()), What.PENDING, Bench().now)
    others: list[Change] = [Derived(EntityId("R1"), "heat_kw", 1.0, Bench().now), pending]
    log.publish(others)
    assert (log.seq, log.since(0)) == (0, [])


def test_calls_are_counted() -> None:
    log, told = FaultLog(), changes(2)
    log.publish([*told, told[0]._replace(annunciates=False)])
    assert (log.seq, log.called) == (3, 2)


@pytest.mark.parametrize(("seq", "known"), [(-1, False), (0, False), (1, True), (3, True)])
def test_full_log_forgets_the_oldest_and_says_so(seq: int, known: bool) -> None:  # noqa: FBT001
    log = FaultLog(ring=2)
    log.publish(changes(3))
    assert log.forgotten == 1
    assert log.knows(seq) is known
    assert (log.since(seq) is not None) is known


def test_number_of_another_time_is_not_known() -> None:
    assert FaultLog().since(1) is None


async def test_news_wakes_every_reader() -> None:
    log = FaultLog()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(log.news(0))
        await asyncio.sleep(1)
        log.publish(changes(1))
    await log.news(0)


async def test_end_wakes_every_reader() -> None:
    log = FaultLog()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(log.news(0))
        await asyncio.sleep(1)
        log.publish([])
        log.end()
    await log.news(5)
