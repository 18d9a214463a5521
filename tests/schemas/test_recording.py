import io
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Envelope
from schemas.recording import (
    ARROW,
    DEFAULT_START,
    RecordingError,
    arrow_schema,
    decode_batch,
    decode_csv,
    encode_batch,
    encode_csv,
    moved,
    retimed,
    start_of,
)
from twin.instants import Instant

HEADER = "offset,topic,payload\n"
START = Instant(1_800_000_000_000)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
envelopes = st.lists(
    st.builds(
        Envelope,
        topic=texts.filter(lambda text: "\0" not in text),
        payload=st.binary().filter(lambda payload: b"{{" not in payload),
        received_at=st.integers(START, START + 10**9).map(Instant),
    )
)


def decoded(*lines: str, start: Instant | None = None) -> list[Envelope]:
    return list(decode_csv([HEADER, *(f"{line}\n" for line in lines)], start))


def test_placeholder_is_start_and_offset_to_the_nearest_millisecond() -> None:
    line = '1m39.3662891s,a,"{""value"":1,""timestamp"":{{timestamp_ms}}}"'
    at = START + 99_366
    assert decoded(line, start=START) == [
        Envelope("a", b'{"value":1,"timestamp":%d}' % at, Instant(at))
    ]


def test_recording_without_timestamps_begins_with_2026() -> None:
    assert decoded("1ms,a,{}") == [Envelope("a", b"{}", Instant(DEFAULT_START + 1))]
    assert decoded() == []


def test_literal_timestamp_says_when_the_recording_began() -> None:
    first, second = decoded("1s,a,{}", '2s,b,"{""timestamp"": 1800000000000}"')
    assert first.received_at == 1_799_999_999_000
    assert second == Envelope("b", b'{"timestamp": 1800000000000}', START)


def test_given_start_moves_literal_timestamps_along() -> None:
    (moved_one,) = decoded('2s,b,"{""timestamp"":1700000000000}"', start=START)
    assert moved_one == Envelope("b", b'{"timestamp":1800000002000}', Instant(START + 2_000))


def test_blank_lines_say_nothing() -> None:
    assert len(decoded("0s,a,1", "", "1s,a,2", "")) == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0s,a", "line 3: 2 fields in place of offset,topic,payload"),
        ("0s,a,b,c", "line 3: 4 fields"),
        ("soon,a,b", "line 3: not a duration: 'soon'"),
        ("0s,,b", "line 3: no topic"),
        ('0s,a,"b"c', "line 3: .* expected after"),
        ('0s,a,"b', "line 3: unexpected end of data"),
    ],
)
def test_garbage_is_named_by_its_line(line: str, why: str) -> None:
    with pytest.raises(RecordingError, match=f"^{why}"):
        decoded("0s,a,b", line)


@pytest.mark.parametrize("lines", [[], ["time,topic,payload\n"], ["PAR1\x15\x04"]])
def test_what_has_no_header_is_no_recording(lines: Iterable[str]) -> None:
    with pytest.raises(RecordingError, match=r"^line 1: not a recording"):
        list(decode_csv(lines))


def test_payload_of_four_megabytes_is_read() -> None:
    (envelope,) = decoded(f"0s,a,{'x' * 4_194_304}")
    assert len(envelope.payload) == 4_194_304


@given(envelopes)
def test_csv_gives_back_the_very_bytes_but_not_who_retained_them(those: list[Envelope]) -> None:
    text = HEADER + encode_csv(those, START)
    unretained = [each._replace(retain=False) for each in those]
    assert list(decode_csv(io.StringIO(text, newline=""), START)) == unretained


def test_csv_looks_like_the_exemplar() -> None:
    said = Envelope("a/b", b'{"value":1}', Instant(START + 1_250))
    assert encode_csv([said], START) == '1.25s,a/b,"{""value"":1}"\n'


def test_what_came_before_the_start_counts_as_come_then() -> None:
    assert encode_csv([Envelope("a", b"", Instant(START - 5))], START) == "0s,a,\n"


@given(envelopes)
def test_arrow_gives_back_the_same(those: list[Envelope]) -> None:
    assert list(decode_batch(encode_batch(those))) == those


def test_arrow_keeps_what_was_retained() -> None:
    said = Envelope("a", b"{}", START, retain=True)
    assert list(decode_batch(encode_batch([said]))) == [said]


def test_arrow_says_when_it_begins() -> None:
    assert start_of(arrow_schema(START)) == START


@pytest.mark.parametrize(
    "schema",
    [
        ARROW,
        pa.schema([pa.field("a", pa.int64())]).with_metadata({"racktwin.version": "1"}),
        ARROW.with_metadata({"racktwin.version": "2", "racktwin.start": "2026-01-01T00:00:00Z"}),
        ARROW.with_metadata({"racktwin.version": "1"}),
        ARROW.with_metadata({"racktwin.version": "1", "racktwin.start": "then"}),
    ],
)
def test_other_arrow_streams_are_refused(schema: pa.Schema) -> None:
    with pytest.raises(RecordingError):
        start_of(schema)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"timestamp":1800000000000}', b'{"timestamp":1800000000005}'),
        (b'{"timestamp" : "1800000000000"}', b'{"timestamp" : "1800000000005"}'),
        (b'{"timestamp":1800000000000.0}', b'{"timestamp":1800000000005.0}'),
        (b'{"timestamp":17}', b'{"timestamp":17}'),
        (b"\xff", b"\xff"),
    ],
)
def test_only_the_timestamp_moves(payload: bytes, expected: bytes) -> None:
    assert retimed(payload, lambda then: then + 5) == expected


def test_moved_envelope_keeps_the_rest() -> None:
    said = Envelope("a", b'{"timestamp":1800000000000}', START, retain=True)
    assert moved(said, 0) is said
    assert moved(said, 5) == Envelope(
        "a", b'{"timestamp":1800000000005}', Instant(START + 5), retain=True
    )


def test_real_recording_is_read_whole(dsx: Path) -> None:
    with (dsx / "dsx_exemplar.csv").open(newline="") as lines:
        said = list(decode_csv(lines))
    assert len(said) == 4_711
    assert said[0].received_at == DEFAULT_START
    assert said[-1].received_at == DEFAULT_START + 99_368
    assert not any(b"{{" in each.payload for each in said)


def test_real_recording_written_and_read_is_the_same(dsx: Path) -> None:
    with (dsx / "dsx_exemplar.csv").open(newline="") as lines:
        said = list(decode_csv(lines, START))
    text = HEADER + encode_csv(said, START)
    assert list(decode_csv(io.StringIO(text, newline=""), START)) == said
