import asyncio
import os
import signal

import pytest

from services.cli import signals


def test_it_runs_to_the_end_where_nobody_says_stop() -> None:
    done: list[bool] = []

    async def main() -> None:
        done.append(True)

    signals.run(main())

    assert done == [True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_what_runs_and_lets_it_clean_up(number: signal.Signals) -> None:
    cleaned: list[bool] = []

    async def main() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    signals.run(main())

    assert cleaned == [True]


def test_a_cancellation_that_nobody_asked_for_is_not_hidden() -> None:
    async def main() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        signals.run(main())
