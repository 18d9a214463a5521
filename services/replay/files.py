"""Files: recordings read from and written to disk, or stdin and stdout."""

import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from schemas import recording
from schemas.envelope import Envelope
from schemas.recording import RecordingError
from twin.instants import Instant

STDIO: Final = Path("-")
"""Stdin to read, stdout to write."""

Put = Callable[[Sequence[Envelope]], None]
"""Writes envelopes so that they are in the file when it returns."""

_ARROW_FIRST: Final = b"\xff"  # no text begins like that
_CUT: Final = (OSError, pa.ArrowInvalid)

_log = logging.getLogger(__name__)


def read(file: Path, start: Instant | None = None) -> Iterator[Envelope]:
    """The messages of a recording, one by one, whatever its size; its content tells its form.

    A recording of ours that ends in the middle, as a crash leaves it, is read up to the cut; that
    is logged.

    Args:
        file: Where it is; ``-`` is stdin.
        start: When it shall begin instead; timestamps move along.

    Raises:
        RecordingError: It is none, or a line is not what it should be.
        OSError: The file cannot be read.
    """
    with _source(file) as source:
        if source.peek(1)[:1] == _ARROW_FIRST:
            yield from _read_arrow(source, start)
        else:
            with io.TextIOWrapper(
                source, recording.ENCODING, recording.ERRORS, newline=""
            ) as lines:
                yield from recording.decode_csv(lines, start)


class Recorder:
    """Takes envelopes down; what was flushed survives whatever happens to us.

    Bound: 10,000 envelopes wait for the next flush. Overflow: they are flushed at once, so nothing
    is lost and there is no counter.
    """

    _BOUND: Final = 10_000

    def __init__(self, put: Put) -> None:
        self.taken = 0
        self._put = put
        self._waiting: list[Envelope] = []

    def write(self, envelopes: Iterable[Envelope]) -> None:
        """Take a batch."""
        before = len(self._waiting)
        self._waiting += envelopes
        self.taken += len(self._waiting) - before
        if len(self._waiting) >= self._BOUND:
            self.flush()

    def flush(self) -> None:
        """Put everything taken so far into the file."""
        if self._waiting:
            self._put(self._waiting)
            self._waiting = []


@contextmanager
def recorder(file: Path, start: Instant) -> Iterator[Recorder]:
    """Begin a recording, in place of what the file held; end it with the block.

    Args:
        file: ``.csv`` or ``.arrows`` says in which form; ``-`` is stdout, in our own.
        start: When it begins.

    Raises:
        RecordingError: The name says no form.
        OSError: The file cannot be written.
    """
    form = {".csv": _csv, ".arrows": _arrow}.get(".arrows" if file == STDIO else file.suffix)
    if form is None:
        raise RecordingError(f"{file}: the name of a recording ends in .csv or .arrows")
    with _target(file) as target, form(target, start) as put:
        taking = Recorder(put)
        try:
            yield taking
        finally:
            taking.flush()


@contextmanager
def _csv(target: io.BufferedWriter, start: Instant) -> Iterator[Put]:
    def say(text: str) -> None:
        target.write(text.encode(recording.ENCODING, recording.ERRORS))
        target.flush()

    say(",".join(recording.HEADER) + "\n")
    yield lambda envelopes: say(recording.encode_csv(envelopes, start))


@contextmanager
def _arrow(target: io.BufferedWriter, start: Instant) -> Iterator[Put]:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(target, recording.arrow_schema(start), options=options) as writer:

        def put(envelopes: Sequence[Envelope]) -> None:
            writer.write_batch(recording.encode_batch(envelopes))
            target.flush()

        put([])  # or the file would be empty until there is a first message
        yield put


def _read_arrow(source: io.BufferedReader, start: Instant | None) -> Iterator[Envelope]:
    try:
        batches = pa.ipc.open_stream(source)
    except _CUT as error:
        raise RecordingError(f"not a recording: {error}") from error
    own = recording.start_of(batches.schema)
    by = 0 if start is None else start - own
    for batch in _up_to_the_cut(batches):
        for envelope in recording.decode_batch(batch):
            yield recording.moved(envelope, by)


def _up_to_the_cut(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    read_on = True
    while read_on:
        try:
            yield batches.read_next_batch()
        except StopIteration:
            read_on = False
        except _CUT as error:
            _log.warning("The recording ends in the middle", extra={"error": str(error)})
            read_on = False


def _source(file: Path) -> io.BufferedReader:
    return open(0, "rb", closefd=False) if file == STDIO else file.open("rb")


def _target(file: Path) -> io.BufferedWriter:
    return open(1, "wb", closefd=False) if file == STDIO else file.open("wb")
