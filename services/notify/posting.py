"""Posting: JSON to an address by HTTP, and what came of it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple, Protocol

import aiohttp

from services.clock import wall_clock
from twin.instants import Instant

TIMEOUT_S: Final = 10.0
"""For one request, from connecting to the end of its answer."""

LONGEST_S: Final = 3_600.0
"""No server makes us wait for longer."""

_SAID: Final = 500
_JSON: Final = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """What came of one request."""

    status: int | None
    """None where nobody answered."""
    said: str = ""
    retry_after_s: float = 0.0
    """How long the server asks us to wait."""

    @property
    def taken(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  # RFC 9110

    @property
    def why(self) -> str:
        """Why it has it not."""
        return self.said if self.status is None else f"{self.status} {self.said}".strip()


class Post(Protocol):
    """What ``poster`` gives; a test may give its own."""

    async def __call__(
        self, url: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a body; expected trouble is an answer, too."""


@asynccontextmanager
async def poster(
    clock: Callable[[], Instant] = wall_clock, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[Post]:
    """Give a ``Post`` for the length of a block; it follows no redirects."""
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
            try:
                async with session.post(
                    url, data=body, headers={**_JSON, **(headers or {})}, allow_redirects=False
                ) as answer:
                    said = (await answer.content.read(_SAID)).decode(errors="replace")
                    after = _retry_after_s(answer.headers.get("Retry-After", ""), clock())
                    return Answer(answer.status, said.strip(), after)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                return Answer(None, str(error) or type(error).__name__)

        yield post


def _retry_after_s(text: str, now: Instant) -> float:
    """Seconds of a ``Retry-After`` (RFC 9110, 10.2.3): a number, or a moment; else 0."""
    if text.isascii() and text.isdigit():
        return min(LONGEST_S, float(text))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at_s = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return min(LONGEST_S, max(0.0, at_s - now / 1000))
