import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web

from build import START
from notified import BUSY, Faulty, Posted, key_of, shortest
from servers import serving
from services.hub import at_once
from services.notify.alerts import HOLD, REPEAT_S, Alerts
from services.notify.posting import Answer
from twin.instants import Instant
from twin.severity import Severity
from twin.site import RackPlace, Site

LEAK = key_of("leak.detected")
TRAY = key_of("leak.tray")

Alert = dict[str, Any]


class Bench:
    """Alertmanager's side of a site; event time goes with the loop's."""

    def __init__(self, url: str = "http://there/") -> None:
        self.site = Faulty()
        self.alerts = Alerts(self.site.fleet, url, self.clock, jitter=shortest)
        self.site.listener = self.alerts.note

    def clock(self) -> Instant:
        """The instant that it is now."""
        return Instant(self.site.now + round(asyncio.get_running_loop().time() * 1000))

    def again(self) -> "Bench":
        """The same site in the next process."""
        other = Bench()
        other.site.fleet, other.site.now = self.site.fleet, self.site.now
        other.alerts = Alerts(other.site.fleet, "http://there", other.clock, jitter=shortest)
        other.site.listener = other.alerts.note
        return other

    @asynccontextmanager
    async def speaking(self, post: Posted) -> AsyncIterator[None]:
        """Tell beside the block."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.alerts.speak(post))
            await asyncio.sleep(0.5)
            yield
            task.cancel()

    async def idle(self) -> None:
        """Wait until nothing waits."""
        await asyncio.sleep(0.1)
        while self.alerts.queued:  # noqa: ASYNC110  # a number is read, it tells nobody
            await asyncio.sleep(0.1)


def told(post: Posted) -> list[Alert]:
    return [each for body in post.taken for each in json.loads(body)]


def fires(alert: Alert, at: Instant) -> bool:
    return datetime.fromisoformat(alert["endsAt"]).timestamp() * 1000 > at


async def test_fault_fires_until_it_is_over_and_noted() -> None:
    bench, other = Bench(), Posted()
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()
        bench.site.judge(LEAK, Severity.OK)
        bench.site.wait(40)
        await bench.idle()
        assert all(fires(each, bench.clock()) for each in told(other))
        bench.site.judge(LEAK)
        bench.site.end(LEAK)
        await bench.idle()

    last = told(other)[-1]
    assert last["labels"]["alertname"] == "leak.detected"
    assert not fires(last, bench.clock())
    assert last["startsAt"] == "2026-01-01T00:00:00.000Z"
    assert bench.alerts.sent == len(told(other))


async def test_what_fires_is_told_again_every_minute_and_holds_for_a_day() -> None:
    bench, other = Bench(), Posted()
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await asyncio.sleep(10 * REPEAT_S)

    assert len(told(other)) == 11
    ends = datetime.fromisoformat(told(other)[-1]["endsAt"]).timestamp() * 1000
    assert ends - bench.clock() == pytest.approx(HOLD, abs=61_000)


async def test_what_calls_nobody_does_not_fire() -> None:
    bench, other = Bench(), Posted()
    async with bench.speaking(other):
        bench.site.shelve(bench.site.judge(LEAK))
        await asyncio.sleep(2 * REPEAT_S)

    assert not any(fires(each, bench.clock()) for each in told(other))


async def test_fault_that_is_put_on_the_shelf_ends() -> None:
    bench, other = Bench(), Posted()
    async with bench.speaking(other):
        fault = bench.site.judge(LEAK)
        await bench.idle()
        bench.site.shelve(fault)
        await bench.idle()

    first, last = told(other)
    assert first["labels"] == last["labels"]
    assert not fires(last, bench.clock())


async def test_alert_of_another_severity_takes_the_place_of_the_first() -> None:
    bench, other = Bench(), Posted()
    async with bench.speaking(other):
        bench.site.judge(TRAY, Severity.WARNING)
        await bench.idle()
        bench.site.judge(TRAY, Severity.CRITICAL)
        await bench.idle()

    warned, over, fired = told(other)
    assert warned["labels"] == over["labels"]
    assert not fires(over, bench.clock())
    assert fired["labels"]["severity"] == "critical"
    assert fires(fired, bench.clock())


async def test_rack_that_is_moved_leaves_no_alert_behind() -> None:
    bench, other = Bench(), Posted()
    rack = LEAK.entity
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()
        bench.site.fleet.configure(Site(racks={rack: RackPlace(hall="H1", row="A")}))
        await asyncio.sleep(REPEAT_S)

    _, over, fired = told(other)
    assert not fires(over, bench.clock())
    assert (fired["labels"]["hall"], fired["labels"]["row"]) == ("H1", "A")


async def test_nothing_is_lost_while_alertmanager_is_down_for_a_minute() -> None:
    bench, other = Bench(), Posted()
    keys = [key_of("leak.detected", f"R{number}") for number in range(1_000)]
    async with bench.speaking(other):
        other.otherwise = BUSY
        for key in keys:
            bench.site.judge(key)
        await asyncio.sleep(30)
        for key in keys[:500]:
            bench.site.end(key)
        await asyncio.sleep(30)
        assert bench.alerts.queued >= 500  # what began and ended meanwhile is not told
        assert bench.alerts.last_error == "503 busy"
        other.otherwise = Answer(200)
        await bench.idle()

    firing = {each["labels"]["entity"] for each in told(other) if fires(each, bench.clock())}
    assert firing == {key.entity for key in keys[500:]}
    assert bench.alerts.failed > 5
    assert bench.alerts.last_error is None


async def test_alertmanager_is_sent_a_hundred_at_once_at_most() -> None:
    bench, other = Bench(), Posted()
    async with bench.speaking(other):
        for number in range(1_000):
            bench.site.judge(key_of("leak.detected", f"R{number}"))
        await bench.idle()

    assert len(other.bodies) == 10
    assert max(len(json.loads(body)) for body in other.bodies) == 100


async def test_retry_after_is_waited_for() -> None:
    bench, other = Bench(), Posted(Answer(429, "", 20.0))
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()

    assert other.times[1] - other.times[0] >= 20


async def test_what_alertmanager_refuses_for_good_does_not_hold_up_the_rest() -> None:
    bench, other = Bench(), Posted(Answer(400, "bad label"))
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()
        bench.site.judge(TRAY)
        await bench.idle()

    assert [each["labels"]["alertname"] for each in told(other)] == ["leak.tray"]
    assert bench.alerts.failed == 1


async def test_next_process_ends_what_the_one_before_left_firing() -> None:
    before = Bench()
    before.site.judge(LEAK)
    before.site.judge(TRAY, Severity.WARNING)
    before.site.judge(TRAY, Severity.CRITICAL)
    before.site.end(LEAK)

    bench, other = before.again(), Posted(BUSY)
    async with bench.speaking(other):
        await bench.idle()

    over = {
        (each["labels"]["alertname"], each["labels"]["severity"])
        for each in told(other)
        if not fires(each, bench.clock())
    }
    assert over == {
        ("leak.detected", "critical"), ("leak.detected", "warning"), ("leak.tray", "warning"),
    }  # fmt: skip
    fired = [each for each in told(other) if fires(each, bench.clock())]
    assert [each["labels"]["alertname"] for each in fired] == ["leak.tray"]


async def test_what_was_over_for_longer_than_alerts_hold_is_left_alone() -> None:
    before = Bench()
    before.site.judge(LEAK)
    before.site.end(LEAK)
    before.site.now = Instant(before.site.now + HOLD)

    bench, other = before.again(), Posted()
    async with bench.speaking(other):
        await bench.idle()

    assert told(other) == []


async def test_more_news_than_there_is_room_for_is_counted_and_told() -> None:
    bench, other = Bench(), Posted()
    bench.site.judge(LEAK)
    bench.site.judge(TRAY)
    change = bench.site.changes[0]
    fault = change.fault
    flood = (
        change._replace(fault=fault._replace(key=key_of("leak.detected", f"R{number}")))
        for number in range(10_001)
    )
    bench.alerts.note(flood)
    assert bench.alerts.overflowed == 1
    async with bench.speaking(other):
        await bench.idle()

    assert {each["labels"]["alertname"] for each in told(other)} == {"leak.detected", "leak.tray"}


@pytest.mark.real
async def test_real_server_is_sent_what_the_api_describes() -> None:
    got: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/api/v2/alerts", take)
    async with serving(app) as url, asyncio.TaskGroup() as tasks:
        bench = Bench(url)
        task = tasks.create_task(bench.alerts.run(at_once))
        bench.site.judge(LEAK)
        async with asyncio.timeout(20):
            while not got:  # noqa: ASYNC110  # the server sets no event
                await asyncio.sleep(0.01)
        task.cancel()

    (alert,) = got[0]
    assert alert["startsAt"] == "2026-01-01T00:00:00.000Z"
    assert fires(alert, START)
