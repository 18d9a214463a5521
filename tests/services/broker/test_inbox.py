from hypothesis import given
from hypothesis import strategies as st

from services.broker.inbox import Inbox


def test_full_inbox_loses_the_oldest_and_counts_it() -> None:
    inbox = Inbox[int](2)
    for number in range(5):
        inbox.put_nowait(number)
    assert inbox.drain() == [3, 4]
    assert inbox.dropped == 3


def test_drained_inbox_has_room_again() -> None:
    inbox = Inbox[int](1)
    inbox.put_nowait(1)
    assert inbox.drain() == [1]
    inbox.put_nowait(2)
    assert (inbox.drain(), inbox.dropped) == ([2], 0)
    assert inbox.drain() == []


async def test_who_waits_gets_what_comes() -> None:
    inbox = Inbox[int](1)
    inbox.put_nowait(1)
    inbox.put_nowait(2)
    assert await inbox.get() == 2


@given(st.integers(1, 10), st.lists(st.integers()))
def test_the_newest_are_always_kept_in_order(bound: int, items: list[int]) -> None:
    inbox = Inbox[int](bound)
    for item in items:
        inbox.put_nowait(item)
    kept = inbox.drain()
    assert kept == items[-bound:]
    assert inbox.dropped == len(items) - len(kept)
