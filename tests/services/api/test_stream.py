import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from live import Event, Live, a_client, a_live_fleet, an_app, parse
from schemas.stream import STANDARD
from services.api.context import Context, Streams
from services.api.frames import Position
from services.api.stream import BURST, Stream, at_most, resume
from services.hub import Hub
from twin.points import EntityId


def events(text: str) -> list[Event]:
    return [parse(frame.encode()) for frame in text.split("\n\n") if frame]


async def get(live: Live, query: str, **headers: str) -> list[Event]:
    async with a_client(an_app(live)) as client:
        response = await client.get(f"stream?{query}", headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-length" not in response.headers
    return events(response.text)


async def test_stream_ends_after_max_events() -> None:
    names = [event.name for event in await get(a_live_fleet(), "max_events=4")]
    assert names == ["hello", "snapshot", "bookmark", "bookmark"]


async def test_filters_pick_racks_and_columns() -> None:
    query = "rack=R1,R2&rack=R3&upstream=R2-TAP&fields=heat_kw,load_kw&max_events=2"
    hello, snapshot = await get(a_live_fleet(), query)
    assert snapshot.data["ids"] == ["R2"]
    assert list(snapshot.data["cols"]) == hello.data["fields"] == ["load_kw", "heat_kw"]


async def test_severity_picks_the_racks_in_trouble() -> None:
    live = a_live_fleet()
    live.leak("R3")
    _, snapshot = await get(live, "severity_min=WARNING&max_events=2")
    assert snapshot.data["ids"] == ["R3"]


async def test_last_event_id_resumes() -> None:
    live = a_live_fleet()
    seen = live.hub.revision
    live.load("R1", 5.0)
    hello, delta = await get(live, "max_events=2", **{"Last-Event-ID": f"e1:{seen}:0"})
    assert (hello.data["resumed"], delta.name, delta.data["prev"]) == (True, "delta", seen)


async def test_last_event_id_of_another_run_brings_a_whole_snapshot() -> None:
    _, snapshot = await get(a_live_fleet(), "max_events=2", **{"Last-Event-ID": "e0:1:0"})
    assert (snapshot.name, len(snapshot.data["cols"])) == ("snapshot", len(STANDARD))


@pytest.mark.parametrize(
    "last", [None, "", "e1", "e1:1", "e1:x:0", "e1:2:0", "e1:-1:0", f"e1:{'9' * 5000}:0", "e0:1:0"]
)
def test_unusable_last_event_id_resumes_nothing(last: str | None) -> None:
    hub = Hub("e1")
    hub.publish([EntityId("R1")])
    assert resume(hub, last) is None


def test_usable_last_event_id_resumes_at_its_revision() -> None:
    hub = Hub("e1")
    hub.publish([EntityId("R1")])
    hub.faults.seq = 3
    assert resume(hub, "e1:1:2") == Position(1, 2)
    assert resume(hub, "e1:1:4") is None


@pytest.mark.parametrize("query", ["max_hz=11", "max_hz=0", "max_events=0", "fields=", "color=red"])
async def test_wrong_wish_is_refused(query: str) -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        assert (await client.get(f"stream?{query}")).status_code == 422


async def test_too_many_clients_are_refused_and_counted() -> None:
    app = an_app(a_live_fleet())
    context: Context = app.state.context
    context.streams.clients = context.streams.limit
    async with a_client(app) as client:
        response = await client.get("stream")
    assert response.status_code == 503
    assert response.json()["type"].endswith("too-many-streams")
    assert context.streams.refused == 1


class Frames:
    """Frames without end, that know whether they were closed."""

    def __init__(self) -> None:
        self.closed = False

    async def generate(self) -> AsyncGenerator[bytes]:
        """Yield for as long as anyone asks."""
        try:
            while True:
                await asyncio.sleep(0.1)
                yield b"data: x\n\n"
        finally:
            self.closed = True


async def never() -> Message:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def test_client_that_goes_leaves_nothing_behind() -> None:
    frames, streams, sent = Frames(), Streams(), list[Message]()

    async def receive() -> Message:
        await asyncio.sleep(1)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Stream(frames.generate(), streams)({"type": "http"}, receive, send)
    assert frames.closed
    assert streams.clients == 0
    assert len(sent) in (1 + 9, 1 + 10)


async def test_burst_ends_as_soon_as_the_client_is_gone() -> None:
    sent, gone = list[Message](), asyncio.Event()

    async def burst() -> AsyncGenerator[bytes]:
        for number in range(10_000):
            yield b"data: %d\n\n" % number

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) == 100:
            gone.set()

    streams = Streams()
    await Stream(burst(), streams)({"type": "http"}, receive, send)
    assert 100 <= len(sent) <= 100 + 2 * BURST
    assert (streams.slow, streams.clients) == (0, 0)


async def test_burst_gives_others_their_turn() -> None:
    turns = 0

    async def burst() -> AsyncGenerator[bytes]:
        for number in range(100 * BURST):
            yield b"data: %d\n\n" % number

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def send(_: Message) -> None: ...

    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(other())
        await Stream(burst(), Streams())({"type": "http"}, never, send)
        beside.cancel()
    assert turns >= 100


async def test_client_that_takes_nothing_is_hung_up_on_and_counted() -> None:
    frames, gone, hung_up = Frames(), asyncio.Event(), list[object]()

    def hang_up(client: object) -> None:
        hung_up.append(client)
        gone.set()

    streams = Streams(hang_up=hang_up)

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(streams.slow_s + 1)

    scope = {"type": "http", "client": ("10.0.0.1", 5)}
    await Stream(frames.generate(), streams)(scope, receive, send)
    assert hung_up == [("10.0.0.1", 5)]
    assert (frames.closed, streams.slow, streams.clients) == (True, 1, 0)


async def test_cancelled_stream_closes_its_frames() -> None:
    frames, streams = Frames(), Streams()

    async def send(_: Message) -> None: ...

    async with asyncio.TaskGroup() as tasks:
        stream = Stream(frames.generate(), streams)
        task = tasks.create_task(stream({"type": "http"}, never, send))
        await asyncio.sleep(1)
        assert streams.clients == 1
        task.cancel()
    assert (frames.closed, streams.clients) == (True, 0)


async def test_at_most_closes_what_it_takes_from() -> None:
    frames = Frames()
    assert len([frame async for frame in at_most(frames.generate(), 3)]) == 3
    assert frames.closed
