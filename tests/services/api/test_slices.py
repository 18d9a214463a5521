import asyncio
from itertools import pairwise

import pytest

from services.api.slices import AT_ONCE, DOCUMENTS, LOOKED_AT, in_slices, made, picked, sliced
from services.way import Way
from twin.steps import Steps


def steps(done: list[int], count: int) -> Steps[str]:
    for number in range(count):
        done.append(number)
        yield
    return "all"


async def test_others_have_their_turn_after_a_few_steps() -> None:
    done: list[int] = []
    work = asyncio.ensure_future(in_slices(Way(), steps(done, 3 * AT_ONCE + 1)))
    turns = [0]
    while not work.done():
        await asyncio.sleep(0)
        turns.append(len(done))

    assert await work == "all"
    assert max(now - before for before, now in pairwise(turns)) == AT_ONCE
    assert done == list(range(3 * AT_ONCE + 1))


async def test_what_a_step_raises_is_raised() -> None:
    def wrong() -> Steps[None]:
        yield
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await in_slices(Way(), wrong())


async def test_bytes_are_passed_on_in_order_a_few_at_a_time() -> None:
    parts = [b"%d," % number for number in range(2 * AT_ONCE + 1)]

    found = [part async for part in sliced(Way(), parts)]

    assert b"".join(found) == b"".join(parts)
    assert [part.count(b",") for part in found] == [AT_ONCE, AT_ONCE, 1]


async def test_others_have_their_turn_while_many_documents_are_made() -> None:
    order: list[object] = []

    async def other() -> None:
        order.append("other")

    def document(number: int) -> int:
        order.append(number)
        return number

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(other())
        assert await made(Way(), range(DOCUMENTS + 1), document) == tuple(range(DOCUMENTS + 1))
    assert order.index("other") == DOCUMENTS


async def test_what_is_picked_is_whole_and_in_order() -> None:
    numbers = range(2 * LOOKED_AT + 1)
    found = await picked(Way(), numbers, lambda each: each % 2 == 0)
    assert found == [each for each in numbers if each % 2 == 0]


async def test_what_is_picked_from_does_not_change_meanwhile() -> None:
    numbers = list(range(LOOKED_AT + 1))

    async def other() -> None:
        numbers.clear()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(other())
        found = await picked(Way(), numbers, lambda _: True)
    assert (len(found), numbers) == (LOOKED_AT + 1, [])
