"""Running until it is done, or until somebody says stop."""

import asyncio
import signal
from collections.abc import Coroutine

Main = Coroutine[None, None, None]


def run(main: Main) -> None:
    """Run ``main`` to its end; the first SIGINT or SIGTERM cancels it, the second one kills."""

    async def guarded() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        stopped = False

        def stop(number: signal.Signals) -> None:
            nonlocal stopped
            stopped = True
            loop.remove_signal_handler(number)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        try:
            await main
        except asyncio.CancelledError:
            if not stopped:
                raise

    asyncio.run(guarded())
