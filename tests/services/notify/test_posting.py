import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from build import START
from servers import serving
from services.notify.posting import Answer, poster
from twin.instants import Instant

pytestmark = pytest.mark.real

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def clock() -> Instant:
    return START


async def answer_of(url: str) -> Answer:
    async with poster(clock, timeout_s=0.5) as post:
        return await post(url, b"[]", {"X-Racktwin-Id": "e1:1"})


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """The address of a server of bytes."""
    listening = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/"


def app(status: int, **headers: str) -> web.Application:
    """A server that always answers so."""

    async def handle(request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        assert request.headers["X-Racktwin-Id"] == "e1:1"
        assert await request.read() == b"[]"
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        return web.Response(status=status, text="so it is\n", headers=names)

    made = web.Application()
    made.router.add_post("/", handle)
    return made


@pytest.mark.parametrize(
    ("status", "taken"), [(200, True), (204, True), (301, False), (404, False), (500, False)]
)
async def test_only_2xx_is_taken(status: int, *, taken: bool) -> None:
    async with serving(app(status, Location="/elsewhere")) as url:
        answer = await answer_of(url)

    assert answer.status == status
    assert answer.taken is taken


async def test_server_says_why_it_did_not_take_it() -> None:
    async with serving(app(500)) as url:
        assert (await answer_of(url)).why == "500 so it is"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("999999", 3_600.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 00:00:30 -0000", 30.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
    ],
)
async def test_server_says_how_long_to_wait(text: str, seconds: float) -> None:
    async with serving(app(429, Retry_After=text)) as url:
        answer = await answer_of(url)

    assert (answer.status, answer.retry_after_s) == (429, seconds)


async def test_server_that_is_not_there_is_an_answer() -> None:
    answer = await answer_of("http://127.0.0.1:1/")

    assert answer.status is None
    assert not answer.taken
    assert "127.0.0.1" in answer.why


async def test_server_that_never_answers_is_given_up() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1_000):
            pass
        writer.close()

    async with server(hang) as url:
        answer = await answer_of(url)

    assert answer.status is None
    assert answer.why


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (b"HTTP/1.1 20", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 200),
        (b"220 mail.example.com\r\n", None),
    ],
)
async def test_server_that_hangs_up_half_way_is_known_by_its_status(
    written: bytes, status: int | None
) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(written)
        writer.close()

    async with server(half) as url:
        answer = await answer_of(url)

    assert answer.status == status
    assert answer.taken is (status is not None)


async def test_server_that_closes_its_side_without_a_word_is_an_answer() -> None:
    async def shut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await reader.read()
        writer.close()

    async with server(shut) as url:
        answer = await answer_of(url)

    assert answer.status is None


async def test_long_answer_is_not_read_to_its_end() -> None:
    async def much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 4_000)
        await reader.read()
        writer.close()

    async with server(much) as url:
        answer = await answer_of(url)

    assert answer.why == f"500 {'x' * 500}"
