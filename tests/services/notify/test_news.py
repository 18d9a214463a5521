import asyncio

from notified import Faulty, key_of
from services.notify.news import News
from twin.fault import Key
from twin.severity import Severity

KEYS = [key_of("leak.tray", f"R{number}") for number in range(5)]


def changed(*keys: Key) -> Faulty:
    """A site at which faults of these keys were raised."""
    site = Faulty()
    for key in keys:
        site.judge(key)
    return site


def nothing() -> list[Key]:
    return []


async def test_each_key_is_told_once_however_often_it_changed() -> None:
    site, news = changed(KEYS[0], KEYS[1]), News(nothing)
    site.judge(KEYS[0], Severity.WARNING)

    news.note(site.changes)

    assert len(news) == 2
    assert await news.some(10) == KEYS[:2]
    assert len(news) == 0


async def test_who_waits_is_woken_by_the_first_change() -> None:
    news = News(nothing)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(news.some(10))
        await asyncio.sleep(1)
        assert not waiting.done()
        news.note(changed(KEYS[0]).changes)
    assert waiting.result() == KEYS[:1]


async def test_what_is_new_goes_before_what_is_repeated() -> None:
    news = News(lambda: KEYS)
    news.repeat()
    assert await news.some(2) == KEYS[:2]

    news.note(changed(KEYS[0]).changes)

    assert await news.some(2) == KEYS[:1]
    assert await news.some(10) == KEYS[2:]


async def test_more_news_than_there_is_room_for_means_that_all_is_told() -> None:
    news = News(lambda: KEYS, limit=3)

    news.note(changed(*KEYS).changes)

    assert news.overflowed == 1
    assert len(news) == 0
    assert await news.some(10) == KEYS


async def test_where_nothing_is_to_be_repeated_one_waits_again() -> None:
    news = News(nothing)
    news.repeat()

    assert await news.some(10) == []
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(news.some(10))
        await asyncio.sleep(1)
        assert not waiting.done()
        waiting.cancel()
