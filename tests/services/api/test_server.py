import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest

from live import Event, Live, a_live_fleet, an_app, parse
from services.api.context import Context, Streams
from services.api.server import serve

pytestmark = pytest.mark.real


@asynccontextmanager
async def a_server(live: Live) -> AsyncIterator[str]:
    """The address of a real server."""
    async with serve(an_app(live), "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


class Listener:
    """A real client of the stream."""

    def __init__(self, response: httpx.Response) -> None:
        self._bytes = response.aiter_bytes()
        self._read = b""

    async def next(self) -> Event:
        """The next event."""
        async with asyncio.timeout(10):
            while b"\n\n" not in self._read:
                self._read += await anext(self._bytes)
        frame, self._read = self._read.split(b"\n\n", 1)
        return parse(frame)


@asynccontextmanager
async def listening(url: str, **headers: str) -> AsyncIterator[Listener]:
    """A client that listens to the stream."""
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", f"{url}/api/v1/stream", headers=headers) as response,
    ):
        assert response.status_code == 200
        yield Listener(response)


async def test_server_answers_at_the_port_it_names() -> None:
    async with a_server(a_live_fleet()) as url, httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/healthz")).json() == {"status": "ok"}


async def test_port_that_is_taken_is_an_error() -> None:
    app = an_app(a_live_fleet())
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
    ):
        await serve(app, "127.0.0.1", taken.getsockname()[1]).__aenter__()


async def test_client_that_comes_back_with_its_id_goes_on_without_a_hole() -> None:
    live = a_live_fleet()
    async with a_server(live) as url:
        async with listening(url) as client:
            assert [(await client.next()).name for _ in range(2)] == ["hello", "snapshot"]
            live.load("R1", 5.0)
            delta = await client.next()
        live.load("R2", 6.0)
        live.load("R3", 7.0)
        assert delta.id is not None
        async with listening(url, **{"Last-Event-ID": delta.id}) as client:
            hello, missed = await client.next(), await client.next()
    assert hello.data["resumed"] is True
    assert missed.data["prev"] == delta.data["rev"]
    assert missed.data["i"] == ["R2", "R3"]


async def test_shutdown_says_goodbye_and_is_quick() -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(20):
        async with serve(an_app(a_live_fleet()), "127.0.0.1", 0) as port:
            context = listening(f"http://127.0.0.1:{port}")
            client = await context.__aenter__()
            await client.next()
            await client.next()
            began = loop.time()
        assert loop.time() - began < 2
        assert (await client.next()).name == "bye"
        await context.__aexit__(None, None, None)


async def test_server_that_is_cancelled_says_goodbye_all_the_same() -> None:
    up: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run() -> None:
        async with serve(an_app(a_live_fleet()), "127.0.0.1", 0) as port:
            up.set_result(port)
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run())
        async with listening(f"http://127.0.0.1:{await up}") as client:
            await client.next()
            await client.next()
            running.cancel()
            assert (await client.next()).name == "bye"


async def test_shutdown_does_not_wait_for_a_client_that_reads_nothing() -> None:
    loop, live = asyncio.get_running_loop(), a_wide_fleet()
    app = an_app(live)
    with a_deaf_client() as deaf:
        async with serve(app, "127.0.0.1", 0) as port:
            await ask(deaf, port)
            await until_stuck(app.state.context, live)
            began = loop.time()
        assert loop.time() - began < 2


async def test_client_that_reads_nothing_is_closed_and_others_go_on() -> None:
    live = a_wide_fleet()
    app = an_app(live)
    streams: Streams = app.state.context.streams
    streams.slow_s = 0.5
    async with serve(app, "127.0.0.1", 0) as port, listening(f"http://127.0.0.1:{port}") as good:
        with a_deaf_client() as deaf:
            await ask(deaf, port)
            while not (streams.slow and streams.clients == 1):  # the test's timeout ends it
                change_all(live)
                await good.next()
    assert streams.slow == 1


def a_wide_fleet() -> Live:
    """Racks with very long ids: few of their frames fill every buffer on the way."""
    live = Live()
    for number in range(20):
        live.leak(f"{number:02}{'x' * 50_000}", 0.0)
    return live


def change_all(live: Live) -> None:
    """Give every rack another reading."""
    live.wait(0.01)
    for entity in list(live.fleet.racks()):
        live.leak(entity.id, 0.0)


@contextmanager
def a_deaf_client() -> Iterator[socket.socket]:
    """A client that will never read."""
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)  # noqa: FBT003  # its only argument
        yield deaf


async def ask(deaf: socket.socket, port: int) -> None:
    """Let a client ask for the stream."""
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, ("127.0.0.1", port))
    await loop.sock_sendall(deaf, b"GET /api/v1/stream HTTP/1.1\r\nHost: twin\r\n\r\n")


async def until_stuck(context: Context, live: Live) -> None:
    """Change everything until no more frames are made: nobody takes them."""
    made, same = -1, 0
    while same < 10:  # the test's timeout ends it
        change_all(live)
        await asyncio.sleep(0.05)
        same = same + 1 if context.frames.made == made and context.streams.clients else 0
        made = context.frames.made
