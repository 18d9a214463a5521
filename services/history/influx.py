"""The store on a server: InfluxDB 2, by lines that are ready to send."""

import asyncio
from typing import Any, Final

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from schemas.history import HistoryError, Mode, Query, Series
from schemas.lines import Lines
from services.history import answers, flux, influxql
from services.history.block import Block, Row, block_of
from services.history.posting import Posting
from services.history.store import NotNowError, RefusedError
from services.history.verdicts import UNAUTHORIZED, check
from services.settings import HistorySettings
from twin.instants import Instant

TIMEOUT_MS: Final = 10_000
"""For one request, from connecting to the end of its answer."""

PATIENCE: Final = 6
"""Times as long for a page of the latest readings: it may hold a third of all series."""

PAGES: Final = 2
"""So many are asked for at a time."""

_OK: Final = 200
_SILENCE: Final = (aiohttp.ClientError, OSError, TimeoutError)


class InfluxStore:
    """Keeps readings in one bucket of an InfluxDB 2. To be made inside a running loop.

    Requests are made ready in a thread and sent one at a time, gzip; no retries of its own: whoever
    calls knows when to call again, and with the same block it goes on where it was.
    A reading is one point of its series; writing it again changes nothing. A file with the token is
    read anew when the token was refused.
    """

    name = "influx2"

    def __init__(self, settings: HistorySettings, timeout_ms: int = TIMEOUT_MS) -> None:
        self._settings = settings
        self._url = str(settings.url).rstrip("/")
        client: Any = InfluxDBClientAsync  # half of its methods have no types
        service: Any = WriteService
        self._client = client(self._url, "", settings.org, timeout=timeout_ms)
        self._service = service(self._client.api_client)
        self._timeout = aiohttp.ClientTimeout(PATIENCE * timeout_ms / 1000)
        self._lines = Lines()
        self._posting: Posting | None = None  # under way
        self._known = False  # whether the client has a token that may be right

    async def upto(self, spool: str) -> int | None:  # noqa: ARG002  # the server knows no spools
        """None: whoever writes remembers."""
        return None

    async def write(self, spool: str, block: Block) -> None:  # noqa: ARG002  # the same
        """Keep a block.

        Raises:
            RefusedError: The server will never take some rows; it has the others.
            NotNowError: Unreachable, too slow, overloaded; or, held, a wrong token or bucket.
        """
        posting = self._posting
        if posting is None or posting.block is not block:  # else it goes on where it was
            posting = self._posting = Posting(block, self._lines)
        await posting.send(self._post)
        self._posting = None
        if posting.refused:
            raise RefusedError(tuple(sorted(posting.refused)))

    async def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of entity, metric and point.

        Raises:
            HistoryError: The server did not answer, or with an error.
        """
        metrics = flux.askable(query)
        if not metrics:
            return []
        raw = query.mode is Mode.RAW
        text = (flux.samples if raw else flux.buckets)(query, metrics, self._settings.bucket)
        answer = await self._ask(text)
        return await asyncio.to_thread(answers.sampled if raw else answers.reduced, answer, query)

    async def latest(self, at: Instant) -> Block:
        """The last reading of every series at an instant, by the time of its source.

        Readings are looked for an hour back, what the twin says thirty days. A page for each point
        type, ``PAGES`` at a time: what is written meanwhile is none of that instant.

        Raises:
            HistoryError: The server did not answer, or with an error.
        """
        found: list[Row] = []
        async with aiohttp.ClientSession(headers=self._headers(), timeout=self._timeout) as session:
            left = influxql.pages(await self._page(session, influxql.KINDS), at)

            async def some() -> None:
                while left:
                    answer = await self._page(session, left.pop())
                    found.extend(await asyncio.to_thread(influxql.rows, answer))

            try:
                async with asyncio.TaskGroup() as tasks:
                    for _ in range(PAGES):
                        tasks.create_task(some())
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors
        return await asyncio.to_thread(lambda: block_of(influxql.newest(found), 0))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _post(self, body: bytes) -> None:
        self._authorize()
        try:
            _, status, headers = await self._service.post_write_async(
                self._settings.org,
                self._settings.bucket,
                body,
                content_encoding="gzip",
                precision="ms",
                _return_http_data_only=False,
            )
            said = "is no answer to a write"
        except ApiException as error:
            self._known = error.status != UNAUTHORIZED
            status, said, headers = error.status, _message(error), error.headers
        except _SILENCE as error:
            raise NotNowError(self._silent(error)) from error
        check(status, said, headers, self._url)

    async def _ask(self, text: str) -> str:
        self._authorize()
        try:
            answer: str = await self._client.query_api().query_raw(text)
        except ApiException as error:
            self._known = error.status != UNAUTHORIZED
            raise HistoryError(f"{self._url}: {error.status} {_message(error)}") from error
        except _SILENCE as error:
            raise HistoryError(self._silent(error)) from error
        return answer

    async def _page(self, session: aiohttp.ClientSession, text: str) -> bytes:
        """What the server says to InfluxQL; it knows the bucket by the name of a database."""
        database, _, policy = self._settings.bucket.partition("/")
        asked = {"db": database, "org": self._settings.org, "epoch": "ms"}
        asked |= {"rp": policy} if policy else {}
        try:
            async with session.post(f"{self._url}/query", params=asked, data={"q": text}) as said:
                answer = await said.read()
        except _SILENCE as error:
            raise HistoryError(self._silent(error)) from error
        if said.status != _OK:
            raise HistoryError(f"{self._url}: {said.status} {answer.decode(errors='replace')}")
        return answer

    def _headers(self) -> dict[str, str]:
        """Plain, for to unpack an answer would cost the loop more than the network."""
        return {"Authorization": f"Token {_token(self._settings)}", "Accept-Encoding": "identity"}

    def _authorize(self) -> None:
        """Have the client send the token, as it is now where it was refused before."""
        if not self._known:
            token = _token(self._settings)
            self._client.api_client.set_default_header("Authorization", f"Token {token}")
            self._known = True

    def _silent(self, error: Exception) -> str:
        return f"{self._url}: {str(error) or type(error).__name__}"


def _token(settings: HistorySettings) -> str:
    if settings.token_file is not None:
        try:
            return settings.token_file.read_text().strip()
        except OSError as error:
            why = f"{settings.token_file}: {error.strerror}"
            raise NotNowError(why, held=True) from error
    return settings.token.get_secret_value() if settings.token is not None else ""


def _message(error: ApiException) -> str:
    """What the server says; the client leaves it in bytes where it is not JSON as documented."""
    said = error.message
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
