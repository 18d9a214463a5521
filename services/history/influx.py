"""The store on a server: InfluxDB 2, by lines that are ready to send."""

import asyncio
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from schemas.history import MOST_SAMPLES, Bucket, HistoryError, Mode, Query, Sample, Series
from schemas.lines import LATEST, QUALITY, Lines, areas
from schemas.rfc3339 import parse_instant
from services.history import flux
from services.history.store import RefusedError, Row
from services.settings import HistorySettings
from twin.instants import Instant

TIMEOUT_MS: Final = 10_000
"""For one request, from connecting to the end of its answer."""

_CHEAPEST: Final = 1  # of gzip's levels: half a microsecond a line

_BAD_REQUEST: Final = 400
_TOO_LARGE: Final = 413
_UNPROCESSABLE: Final = 422

_DROPPED: Final = re.compile(r"\bdropped=(\d+)")

_Identity = tuple[str, str, str]


class InfluxStore:
    """Keeps readings in one bucket of an InfluxDB 2. To be made inside a running loop.

    One request at a time, gzip, no retries of its own: whoever calls knows when to call again. A
    reading is one point of its series; writing it again changes nothing.
    """

    def __init__(self, settings: HistorySettings, timeout_ms: int = TIMEOUT_MS) -> None:
        self._url = str(settings.url).rstrip("/")
        self._org, self._bucket = settings.org, settings.bucket
        client: Any = InfluxDBClientAsync  # half of its methods have no types
        service: Any = WriteService
        self._client = client(self._url, _token(settings), self._org, timeout=timeout_ms)
        self._service = service(self._client.api_client)
        self._lines = Lines()

    async def write(self, rows: Sequence[Row]) -> None:
        """Keep ``rows``.

        Raises:
            RefusedError: The server will never take some of them.
            HistoryError: Not now: unreachable, too slow, wrong token, no such bucket, …
        """
        line = self._lines.line
        lines = [
            line(row.point, row.value, row.quality, row.measured_at).encode()
            for row in rows
            if row.measured_at <= LATEST
        ]
        refused = len(rows) - len(lines)
        why = "measured later than InfluxDB can tell" if refused else ""
        if lines:
            more, said = await self._send(lines)
            refused, why = refused + more, said or why
        if refused:
            raise RefusedError(refused, why)

    async def read(self, query: Query) -> list[Series]:
        """The series that hold anything in the range, in order of point.

        Raises:
            HistoryError: The server did not answer, or with an error.
        """
        if not flux.askable(query):
            return []
        raw = query.mode is Mode.RAW
        text = (flux.samples if raw else flux.buckets)(query, self._bucket)
        try:
            answer: str = await self._client.query_api().query_raw(text)
        except ApiException as error:
            raise HistoryError(self._told(error)) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise HistoryError(self._silent(error)) from error
        return await asyncio.to_thread(_raw if raw else _reduced, answer, query)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, lines: list[bytes]) -> tuple[int, str]:
        """Send ``lines``; how many were refused, and why. Halves what is refused as a whole."""
        try:
            await self._post(b"\n".join(lines))
        except ApiException as error:
            why = _message(error)
            dropped = _DROPPED.search(why)
            if dropped is not None and int(dropped[1]):
                return int(dropped[1]), why
            if not _at_fault(error):
                raise HistoryError(self._told(error)) from error
            if len(lines) == 1:
                return 1, why
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise HistoryError(self._silent(error)) from error
        else:
            return 0, ""
        middle = len(lines) // 2
        first, why = await self._send(lines[:middle])
        second, also = await self._send(lines[middle:])
        return first + second, why or also

    async def _post(self, body: bytes) -> None:
        await self._service.post_write_async(
            self._org,
            self._bucket,
            gzip.compress(body, _CHEAPEST),
            content_encoding="gzip",
            precision="ms",
        )

    def _told(self, error: ApiException) -> str:
        return f"{self._url}: {error.status} {_message(error)}"

    def _silent(self, error: Exception) -> str:
        return f"{self._url}: {str(error) or type(error).__name__}"


def _token(settings: HistorySettings) -> str:
    if settings.token_file is not None:
        try:
            return settings.token_file.read_text().strip()
        except OSError as error:
            raise HistoryError(f"{settings.token_file}: {error.strerror}") from error
    return settings.token.get_secret_value() if settings.token is not None else ""


def _message(error: ApiException) -> str:
    """What the server says; the client leaves it in bytes where it is not JSON as documented."""
    said = error.message
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _at_fault(error: ApiException) -> bool:
    """Whether it is the lines that are wrong, so that the same lines can never be right."""
    if error.status == _BAD_REQUEST:
        return "unable to parse" in _message(error)
    return error.status in (_TOO_LARGE, _UNPROCESSABLE)


def _raw(answer: str, query: Query) -> list[Series]:
    held: dict[_Identity, list[Sample]] = defaultdict(list)
    details: dict[_Identity, dict[str, str]] = {}
    n = 0
    for n, record in enumerate(flux.records(answer), start=1):
        if n > MOST_SAMPLES:
            break
        key, text = _identity(record), record.get(query.metric)
        value = float(text) if text else None
        held[key].append(Sample(_at(record), value, int(record[QUALITY])))
        details[key] = record
    return [
        _series(key, details[key], samples=tuple(held[key]), truncated=n > MOST_SAMPLES)
        for key in sorted(held)
    ]


def _reduced(answer: str, query: Query) -> list[Series]:
    found: dict[_Identity, dict[Instant, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    details: dict[_Identity, dict[str, str]] = {}
    for record in flux.records(answer):
        key, result = _identity(record), record["result"]
        if result == "details":
            details[key] = record
        else:
            column = QUALITY if result == "readings" else query.metric
            found[key][_at(record)][result] = record[column]
    return [
        _series(key, details[key], buckets=tuple(_buckets(found[key]))) for key in sorted(found)
    ]


def _buckets(found: dict[Instant, dict[str, str]]) -> Iterable[Bucket]:
    for start, results in sorted(found.items()):
        n, good = int(results["readings"]), int(results.get("count", 0))
        if not good:
            yield Bucket(start, None, None, None, None, n, 0.0)
            continue
        low, high, mean, last = (float(results[each]) for each in ("min", "max", "mean", "last"))
        # rounding, or a sum past the largest float, must not put a mean outside its own values
        yield Bucket(start, low, high, max(low, min(high, mean)), last, n, good / n)


def _series(
    key: _Identity,
    details: dict[str, str],
    *,
    samples: tuple[Sample, ...] = (),
    buckets: tuple[Bucket, ...] = (),
    truncated: bool = False,
) -> Series:
    point, unit, setpoint = key
    area, phase = areas(details.get("process_area")), details.get("phase") or None
    return Series(point, unit or None, area, setpoint == "true", phase, samples, buckets, truncated)


def _identity(record: dict[str, str]) -> _Identity:
    return record["point"], record.get("unit", ""), record["setpoint"]


def _at(record: dict[str, str]) -> Instant:
    return parse_instant(record["_time"])
