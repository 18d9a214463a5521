import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.disk.off import InThreads

pytestmark = pytest.mark.real


async def test_work_is_done_in_another_thread_and_its_failure_told() -> None:
    with ThreadPoolExecutor(1) as threads:
        off = InThreads(threads)

        assert await off(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await off(lambda: 1 // 0)


async def test_who_is_cancelled_goes_when_the_work_is_done() -> None:
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(5)
        done.set()

    with ThreadPoolExecutor(1) as threads:
        off = InThreads(threads)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(off(work))
            while not begun.is_set():  # noqa: ASYNC110  # a thread tells no loop
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
            go.set()
        assert done.is_set()
        assert task.cancelled()
