import logging

import pytest

from said import GREETING, message
from services.broker.buffer import Buffer
from services.broker.inbox import Inbox
from services.broker.status import Status
from twin.instants import Instant

NOW, LATER, LAST = Instant(1_000), Instant(2_000), Instant(3_000)


def test_a_link_that_never_stood_is_since_never() -> None:
    status = Status()
    status.down("refused", NOW)
    assert (status.connected, status.since, status.last_error) == (False, None, "refused")


def test_a_loss_and_its_end_are_known() -> None:
    status = Status()
    status.up(NOW)
    status.down("gone", LATER)
    assert (status.connected, status.since, status.reconnects) == (False, LATER, 0)
    status.up(LAST)
    assert (status.connected, status.since, status.reconnects) == (True, LAST, 1)
    assert status.last_error is None


def test_the_same_trouble_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    status = Status()
    status.up(NOW)
    for _ in range(3):
        status.down("gone", LATER)
    status.down("bad password", LATER)
    assert [record.message for record in caplog.records] == [
        "Lost the broker",
        "Cannot connect to the broker",
    ]


def test_refused_topics_are_an_error(caplog: pytest.LogCaptureFixture) -> None:
    status = Status()
    status.refuse(["BMS/v1/#"])
    assert status.refused == ["BMS/v1/#"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_nothing_refused_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    status = Status(refused=["a"])
    status.refuse([])
    assert status.refused == []
    assert not caplog.records


def test_what_the_inbox_drops_is_known_at_once() -> None:
    status = Status()
    assert status.dropped == 0
    status.inbox = Inbox[int](1)
    status.inbox.put_nowait(1)
    status.inbox.put_nowait(2)
    assert status.dropped == 1


def test_what_the_buffer_holds_up_is_known_at_once() -> None:
    status, seconds = Status(), [0.0]
    assert (status.pauses, status.paused_s, status.broken, status.oldest) == (0, 0, 0, None)
    status.inbox = buffer = Buffer(1, lambda: seconds[0])
    buffer.feed(GREETING + message(b"1"), NOW)
    buffer.pause()
    seconds[0] = 3.0
    assert (status.waiting, status.oldest, status.dropped) == (1, NOW, 0)
    assert (status.pauses, status.paused_s, status.broken) == (1, 3, 0)
