import asyncio

import pytest

from services.way import LOOK_S, PATIENCE_S, TIMES, Way
from twin.steps import Steps, run


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_who_gives_way_to_nobody_goes_on_at_once() -> None:
    way, begin = Way(), now()
    for _ in range(10):
        await way.give()
    assert now() == begin


async def test_others_have_a_turn_at_any_rate() -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(other())
        await Way().give()
        order.append("work")
    assert order == ["other", "work"]


SLICE_S = 1 / 64
LONG_S = 1.0


async def work(way: Way, takes_s: float) -> None:
    """One slice, which nobody can interrupt."""
    await way.give()
    await asyncio.sleep(takes_s)


async def test_work_waits_three_times_as_long_as_it_took() -> None:
    way, begin = Way(lambda: True), now()
    await work(way, SLICE_S)
    await way.give()
    assert now() - begin == pytest.approx((1 + TIMES) * SLICE_S)


async def test_work_that_took_long_waits_no_longer_than_patience() -> None:
    way = Way(lambda: True)
    await work(way, LONG_S)
    begin = now()
    await way.give()
    assert now() - begin == pytest.approx(PATIENCE_S)


async def test_work_waits_for_no_fold_that_is_done() -> None:
    folding = True
    way = Way(lambda: folding)
    await work(way, SLICE_S)
    folding = False
    begin = now()
    await way.give()
    assert now() == begin


async def test_all_readers_together_have_a_quarter_of_the_time_and_each_its_part() -> None:
    way, slices = Way(lambda: True), [0] * 5

    async def reader(number: int) -> None:
        while True:
            await work(way, SLICE_S)
            slices[number] += 1

    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(reader(number)) for number in range(5)]
        await asyncio.sleep(20 * SLICE_S * (1 + TIMES))
        for each in readers:
            each.cancel()
    assert sum(slices) == pytest.approx(20, abs=2)
    assert min(slices) >= 2


async def test_who_has_something_else_to_do_looks_again_soon() -> None:
    way = Way(lambda: True)
    await work(way, LONG_S)
    begin = now()
    await way.look()
    assert now() - begin == pytest.approx(LOOK_S)


async def test_steps_pause_for_as_long_as_it_is_not_time_for_the_next() -> None:
    folding = True
    way, done = Way(lambda: folding), []

    def work() -> Steps[str]:
        for number in range(3):
            done.append(number)
            yield
        return "all"

    steps = way.giving(work())
    for _ in range(4):
        next(steps)
    assert done == [0, 1]  # there was no slice for a long time, and then one
    folding = False
    assert run(steps) == "all"
    assert done == [0, 1, 2]
