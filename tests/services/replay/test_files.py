import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.envelope import Envelope
from schemas.recording import RecordingError
from services.replay.files import Recorder, read, recorder
from twin.instants import Instant

START = Instant(1_800_000_000_000)
ENVELOPES = [
    Envelope(
        "a/b", b'{"value":%d,"timestamp":%d}' % (number, START + number), Instant(START + number)
    )
    for number in range(1_000)
]
EXAMPLE = "offset,topic,payload\n0s,a,{{timestamp_ms}}\n1s,b,2\n"


def written(file: Path, envelopes: Sequence[Envelope] = ENVELOPES, batch: int = 100) -> Path:
    with recorder(file, START) as taking:
        for start in range(0, len(envelopes), batch):
            taking.write(envelopes[start : start + batch])
            taking.flush()
    return file


@pytest.mark.parametrize("name", ["a.csv", "a.arrows"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    assert list(read(written(tmp_path / name))) == ENVELOPES


@pytest.mark.parametrize("name", ["a.csv", "a.arrows"])
def test_recording_of_nothing_is_read_back(tmp_path: Path, name: str) -> None:
    assert list(read(written(tmp_path / name, []))) == []


@pytest.mark.parametrize("name", ["a.csv", "a.arrows"])
def test_content_not_name_tells_the_form(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / name).rename(tmp_path / "recording")
    assert list(read(file)) == ENVELOPES


@pytest.mark.parametrize("name", ["a.csv", "a.arrows"])
def test_given_start_moves_the_whole_recording(tmp_path: Path, name: str) -> None:
    first = next(read(written(tmp_path / name), Instant(START + 5)))
    assert first == Envelope(
        "a/b", ENVELOPES[5].payload.replace(b":5,", b":0,"), Instant(START + 5)
    )


@pytest.mark.parametrize("name", ["a.csv", "a.arrows"])
def test_what_was_flushed_is_in_the_file_before_its_end(tmp_path: Path, name: str) -> None:
    with recorder(tmp_path / name, START) as taking:
        assert list(read(tmp_path / name)) == []
        taking.write(ENVELOPES[:7])
        taking.flush()
        assert list(read(tmp_path / name)) == ENVELOPES[:7]


def test_recording_cut_short_is_read_up_to_the_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(tmp_path / "a.arrows")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    said = list(read(file))
    assert said == ENVELOPES[: len(said)]
    assert 500 <= len(said) < 1_000
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_recording_without_its_end_is_read_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(tmp_path / "a.arrows")
    file.write_bytes(file.read_bytes()[:-8])
    assert list(read(file)) == ENVELOPES
    assert not caplog.records


def test_garbage_in_csv_is_named_after_all_before_it_was_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(EXAMPLE + "\x00\x01garbage\n")
    said = read(file)
    assert [next(said).topic, next(said).topic] == ["a", "b"]
    with pytest.raises(RecordingError, match="line 4"):
        next(said)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"\xff\xff\xff\xff\x00", b"PAR1", b"\x1f\x8b\x08"]
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a"
    file.write_bytes(content)
    with pytest.raises(RecordingError, match="not a recording"):
        list(read(file))


def test_recording_needs_a_name_that_says_its_form(tmp_path: Path) -> None:
    with (
        pytest.raises(RecordingError, match=r"ends in \.csv or \.arrows"),
        recorder(tmp_path / "a.json", START),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_recorder_does_not_let_more_wait_than_its_bound() -> None:
    puts: list[int] = []
    taking = Recorder(lambda envelopes: puts.append(len(envelopes)))
    for _ in range(25):
        taking.write(ENVELOPES)
    assert puts == [10_000, 10_000]
    taking.flush()
    taking.flush()
    assert puts == [10_000, 10_000, 5_000]


COPY = """
import sys
from pathlib import Path
from services.replay.files import read, recorder
from twin.instants import Instant
with recorder(Path("-"), Instant(1_800_000_000_000)) as taking:
    taking.write(read(Path("-")))
"""


@pytest.mark.real
@pytest.mark.parametrize("name", ["a.csv", "a.arrows"])
def test_recordings_pass_through_pipes(tmp_path: Path, name: str) -> None:
    content = written(tmp_path / name).read_bytes()
    copied = subprocess.run(
        [sys.executable, "-c", COPY], input=content, stdout=subprocess.PIPE, check=True
    ).stdout
    (tmp_path / "copy").write_bytes(copied)
    assert list(read(tmp_path / "copy")) == ENVELOPES


def test_real_recording_is_the_same_in_our_own_form(tmp_path: Path, dsx: Path) -> None:
    said = list(read(dsx / "dsx_exemplar.csv", START))
    assert list(read(written(tmp_path / "a.arrows", said))) == said
