"""Recordings: envelopes as CSV lines in the form of the DSX exemplar, or as Arrow batches."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import pyarrow as pa

from schemas.durations import format_ms, parse_ms
from schemas.envelope import Envelope
from schemas.rfc3339 import format_instant, parse_instant
from twin.instants import Instant

HEADER: Final = ["offset", "topic", "payload"]
"""The first line of a recording in CSV."""

PLACEHOLDER: Final = "{{timestamp_ms}}"
"""Stands in a payload for the instant of its message: start and offset."""

DEFAULT_START: Final = Instant(1_767_225_600_000)
"""2026-01-01T00:00:00Z: when a recording begins that does not say."""

ENCODING: Final = "utf-8"
ERRORS: Final = "surrogateescape"
"""How the bytes of a CSV file become text and the same bytes again, whatever they are."""

VERSION: Final = "1"
"""Of the project's own form."""

_COLUMNS: Final[dict[str, pa.DataType]] = {
    "received_at": pa.int64(),  # epoch milliseconds
    "topic": pa.string(),
    "payload": pa.binary(),
    "retain": pa.bool_(),
}
ARROW: Final = pa.schema(_COLUMNS)
"""The columns of the project's own form, an Arrow IPC stream."""

_VERSION_KEY: Final = b"racktwin.version"
_START_KEY: Final = b"racktwin.start"
_TIMESTAMP: Final = re.compile(rb'("timestamp"\s*:\s*"?)(\d{12,14})(?!\d)')  # 1973 to 5138
_SPECIAL: Final = re.compile('[",\r\n]')

csv.field_size_limit(16 * 1024 * 1024)  # its 128 KiB are less than a payload may have


class RecordingError(ValueError):
    """A recording that cannot be read, and where."""


class _Row(NamedTuple):
    offset: int  # milliseconds
    topic: str
    payload: str


def decode_csv(lines: Iterable[str], start: Instant | None = None) -> Iterator[Envelope]:
    """The messages of a recording in CSV, one by one.

    Args:
        lines: With their ends, header included.
        start: When the recording shall begin; literal timestamps move along. By default as its
            literal timestamps say, else ``DEFAULT_START``.

    Raises:
        RecordingError: A line is not what it should be; its number and why.
    """
    rows = _rows(lines)
    head, own = _own_start(rows)
    begin = own if start is None else start
    for row in chain(head, rows):
        at = Instant(begin + row.offset)
        if PLACEHOLDER in row.payload:
            yield Envelope(row.topic, _bytes(row.payload.replace(PLACEHOLDER, str(at))), at)
        else:
            said = Envelope(row.topic, _bytes(row.payload), Instant(own + row.offset))
            yield moved(said, begin - own)


def encode_csv(envelopes: Iterable[Envelope], start: Instant) -> str:
    """Lines of CSV without the header; what came before ``start`` counts as come then."""
    return "".join(
        f"{format_ms(max(each.received_at - start, 0))},{_field(each.topic)},"
        f"{_field(each.payload.decode(ENCODING, ERRORS))}\n"
        for each in envelopes
    )


def arrow_schema(start: Instant) -> pa.Schema:
    """The schema of a recording that begins at ``start``."""
    return ARROW.with_metadata({_VERSION_KEY: VERSION, _START_KEY: format_instant(start)})


def start_of(schema: pa.Schema) -> Instant:
    """When a recording of this schema begins.

    Raises:
        RecordingError: It is no recording of ours, or of another version.
    """
    metadata = schema.metadata or {}
    version = metadata.get(_VERSION_KEY, b"none").decode()
    if version != VERSION or not schema.equals(ARROW):
        raise RecordingError(f"not a recording of version {VERSION} (it says {version})")
    try:
        return parse_instant(metadata[_START_KEY].decode())
    except (KeyError, ValueError) as error:
        raise RecordingError(f"the recording does not say when it begins: {error}") from error


def encode_batch(envelopes: Sequence[Envelope]) -> pa.RecordBatch:
    """Envelopes as one Arrow batch."""
    return pa.record_batch(
        [
            pa.array([each.received_at for each in envelopes], pa.int64()),
            pa.array([each.topic for each in envelopes], pa.string()),
            pa.array([each.payload for each in envelopes], pa.binary()),
            pa.array([each.retain for each in envelopes], pa.bool_()),
        ],
        schema=ARROW,
    )


def decode_batch(batch: pa.RecordBatch) -> Iterator[Envelope]:
    """The envelopes of an Arrow batch."""
    columns = (column.to_pylist() for column in batch.columns)
    for received_at, topic, payload, retain in zip(*columns, strict=True):
        yield Envelope(topic, payload, Instant(received_at), retain)


def moved(envelope: Envelope, by: int) -> Envelope:
    """The envelope as it would be so many milliseconds later, the time in its payload included."""
    if by == 0:
        return envelope
    return envelope._replace(
        received_at=Instant(envelope.received_at + by),
        payload=retimed(envelope.payload, lambda then: then + by),
    )


def retimed(payload: bytes, when: Callable[[int], int]) -> bytes:
    """The payload with its ``timestamp``, where it has one, put where ``when`` maps it."""
    return _TIMESTAMP.sub(lambda said: said[1] + b"%d" % when(int(said[2])), payload, count=1)


def _rows(lines: Iterable[str]) -> Iterator[_Row]:
    reader = csv.reader(lines, strict=True)
    try:
        _check_header(next(reader, []))
        for fields in reader:
            if fields:
                yield _row(fields)
    except (csv.Error, ValueError) as error:
        raise RecordingError(f"line {max(reader.line_num, 1)}: {error}") from error


def _check_header(fields: list[str]) -> None:
    if fields != HEADER:
        raise ValueError(f"not a recording, whose first line is {','.join(HEADER)}")


def _row(fields: list[str]) -> _Row:
    if len(fields) != len(HEADER):
        raise ValueError(f"{len(fields)} fields in place of {','.join(HEADER)}")
    offset, topic, payload = fields
    if not topic:
        raise ValueError("no topic")
    return _Row(parse_ms(offset), topic, payload)


def _own_start(rows: Iterator[_Row]) -> tuple[list[_Row], Instant]:
    """When the recording began by its own account, and the rows read to learn it.

    These are few: the first value says it, and only metadata stand before that.
    """
    head = []
    for row in rows:
        head.append(row)
        if PLACEHOLDER in row.payload:
            break
        if said := _TIMESTAMP.search(_bytes(row.payload)):
            return head, Instant(int(said[2]) - row.offset)
    return head, DEFAULT_START


def _bytes(text: str) -> bytes:
    return text.encode(ENCODING, ERRORS)


def _field(text: str) -> str:
    if _SPECIAL.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text
