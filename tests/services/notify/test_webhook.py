import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from pydantic_core import Url

from notified import BUSY, Faulty, Posted, key_of, longest, shortest
from servers import serving
from services.broker.backoff import Jitter
from services.hub import at_once
from services.notify.letters import DeadLetters, unread
from services.notify.posting import Answer
from services.notify.webhook import LAST_S, QUEUE, TRIES, Webhook
from services.settings import WebhookSettings

LEAK = key_of("leak.detected")
ANYWHERE = WebhookSettings(url=Url("http://there/hook"), secret=SecretStr("s3cret"))


class Bench:
    """A webhook of a site."""

    def __init__(
        self, folder: Path, settings: WebhookSettings = ANYWHERE, jitter: Jitter = longest
    ) -> None:
        self.dead = folder / "dead.ndjson"
        self.site = Faulty()
        self.hook = Webhook(
            self.site.fleet, settings, "e1", DeadLetters(self.dead), self.site.clock, jitter=jitter
        )
        self.site.listener = self.hook.note

    @asynccontextmanager
    async def speaking(self, post: Posted) -> AsyncIterator[None]:
        """Post beside the block."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.hook.speak(post))
            yield
            task.cancel()

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while self.hook.queued:  # noqa: ASYNC110  # a number is read, it tells nobody
            await asyncio.sleep(0.1)


async def test_everything_that_happens_is_told_in_order_and_numbered(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path), Posted()
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        bench.site.end(LEAK)
        await bench.idle()

    told = [json.loads(body) for body in other.bodies]
    assert [each["id"] for each in told] == [f"e1:{n}" for n in range(1, len(told) + 1)]
    whats = [each["fault"]["what"] for each in told]
    assert whats == ["RAISED", "CLEARING", "CLEARED", "ACKNOWLEDGED", "RESET"]
    assert bench.hook.sent == len(told)
    assert bench.hook.last_error is None


async def test_notice_is_tried_again_until_it_is_taken(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path), Posted(BUSY, Answer(None, "reset"), BUSY)
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()

    assert len(set(other.bodies)) == 1
    assert other.bodies[0] == other.taken[0]
    assert {each["X-Racktwin-Id"] for each in other.headers} == {"e1:1"}
    waited = [later - first for first, later in zip(other.times, other.times[1:], strict=False)]
    assert waited == pytest.approx([1, 2, 4], abs=0.05)
    assert (bench.hook.sent, bench.hook.failed) == (1, 3)


async def test_server_says_when_to_come_again(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path), Posted(Answer(429, "", 25.0))
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()

    assert other.times[1] - other.times[0] >= 25


async def test_nothing_is_lost_while_the_other_side_is_down_for_a_minute(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path, jitter=lambda least, _: least), Posted()
    other.otherwise = Answer(None, "refused")
    async with bench.speaking(other):
        for number in range(1_000):
            bench.site.judge(key_of("leak.detected", f"R{number}"))
        await asyncio.sleep(60)
        assert bench.hook.queued == 1_000
        other.otherwise = Answer(204)
        await bench.idle()

    assert [json.loads(body)["fault"]["entity"] for body in other.taken] == [
        f"R{number}" for number in range(1_000)
    ]
    assert unread(bench.dead).letters == 0


async def test_what_is_not_taken_goes_to_the_dead_letters_and_the_next_is_told(
    tmp_path: Path,
) -> None:
    bench, other = Bench(tmp_path), Posted(*[BUSY] * TRIES)
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        bench.site.judge(key_of("leak.detected", "R2"))
        await bench.idle()

    count, last = unread(bench.dead)
    assert count == 1
    assert last is not None
    assert (last.id, last.tries, last.error) == ("e1:1", TRIES, "503 busy")
    assert json.loads(bytes(last.body)) == json.loads(other.bodies[0])
    assert [json.loads(body)["id"] for body in other.taken] == ["e1:2"]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_what_will_never_be_taken_is_not_tried_again(status: int, tmp_path: Path) -> None:
    bench, other = Bench(tmp_path), Posted(Answer(status))
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await bench.idle()

    assert len(other.bodies) == 1
    assert unread(bench.dead).letters == 1


async def test_queue_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path), Posted()
    fault = bench.site.judge(LEAK)
    raised = bench.site.changes[0]

    bench.hook.note([raised] * (QUEUE + 4))
    assert bench.hook.queued == QUEUE
    assert bench.hook.overflowed == 5

    async with bench.speaking(other):
        await bench.idle()
    assert json.loads(other.bodies[0])["id"] == "e1:6"
    assert json.loads(other.bodies[-1])["fault"]["id"] == fault.id


async def test_end_of_the_process_tells_what_waits(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path), Posted(BUSY)
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        bench.site.judge(key_of("leak.detected", "R2"))
        await asyncio.sleep(0.5)  # the first one waits for its second attempt

    assert len(other.taken) == 2
    assert bench.hook.queued == 0
    assert unread(bench.dead).letters == 0


async def test_what_the_end_of_the_process_cannot_tell_goes_to_the_dead_letters(
    tmp_path: Path,
) -> None:
    bench, other = Bench(tmp_path), Posted()
    other.otherwise = BUSY
    began_s = asyncio.get_running_loop().time()
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        bench.site.judge(key_of("leak.detected", "R2"))
        await asyncio.sleep(0.5)

    assert asyncio.get_running_loop().time() - began_s == pytest.approx(0.5 + LAST_S, abs=0.1)
    count, last = unread(bench.dead)
    assert count == 2
    assert last is not None
    assert (last.id, last.error) == ("e1:2", "the process ended")
    assert bench.hook.queued == 0


async def test_redfish_leaves_out_what_it_has_no_words_for(tmp_path: Path) -> None:
    settings = ANYWHERE.model_copy(update={"format": "redfish"})
    bench, other = Bench(tmp_path, settings), Posted()
    async with bench.speaking(other):
        bench.site.ack(bench.site.judge(LEAK))
        await bench.idle()

    (body,) = [json.loads(body) for body in other.bodies]
    assert body["Events"][0]["MessageId"] == "Environmental.1.1.0.LeakDetectedCritical"
    assert body["Id"] == "e1:1"


async def test_redfish_gives_up_nothing_that_it_has_no_words_for(tmp_path: Path) -> None:
    settings = ANYWHERE.model_copy(update={"format": "redfish"})
    bench, other = Bench(tmp_path, settings), Posted()
    other.otherwise = BUSY
    async with bench.speaking(other):
        bench.site.ack(bench.site.judge(LEAK))
        await asyncio.sleep(0.5)

    assert unread(bench.dead).letters == 1


async def test_secret_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    settings = WebhookSettings(url=ANYWHERE.url, secret_file=file)
    bench, other = Bench(tmp_path, settings, jitter=shortest), Posted()
    async with bench.speaking(other):
        bench.site.judge(LEAK)
        await asyncio.sleep(0.3)
        assert bench.hook.last_error is not None
        assert "no secret" in bench.hook.last_error
        file.write_text("s3cret\n")
        await bench.idle()

    assert_signed(other.bodies[0], dict(other.headers[0]), b"s3cret")


def assert_signed(body: bytes, headers: dict[str, str], secret: bytes) -> None:
    """As the documentation tells a receiver to."""
    payload = headers["X-Racktwin-Timestamp"].encode() + b"." + body
    expected = "sha256=" + hmac.new(secret, payload, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["X-Racktwin-Signature"], expected)


@pytest.mark.real
async def test_real_server_is_told_with_a_signature_that_holds(tmp_path: Path) -> None:
    got: list[tuple[bytes, dict[str, str]]] = []
    some = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        got.append((await request.read(), dict(request.headers)))
        if len(got) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        some.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", take)
    async with serving(app) as url, asyncio.TaskGroup() as tasks:
        settings = WebhookSettings(url=Url(f"{url}/hook"), secret=SecretStr("s3cret"))
        bench = Bench(tmp_path, settings, jitter=shortest)
        task = tasks.create_task(bench.hook.run(at_once))
        bench.site.judge(LEAK)
        async with asyncio.timeout(20):
            await some.wait()
            await bench.idle()
        task.cancel()

    assert got[0][0] == got[1][0]
    for body, headers in got:
        assert_signed(body, headers, b"s3cret")
