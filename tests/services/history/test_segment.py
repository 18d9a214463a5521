from pathlib import Path

import pytest

from history_rows import a_point, a_row
from services.disk.frames import HEADER
from services.history.block import block_of, decode
from services.history.segment import Segment, found_segments, new_segment, record_of

RUN = "0123456789abcdef"
BLOCKS = [
    block_of([a_row(a_point(), float(number)) for number in range(first, first + 3)], first)
    for first in (10, 13, 16)
]
RECORDS = [record_of(block) for block in BLOCKS]


def written(folder: Path, data: bytes) -> Segment:
    """A segment with these bytes, as an earlier run left it."""
    new_segment(folder, RUN, 10).file.write_bytes(data)
    (segment,) = found_segments(folder)
    return segment


def firsts(segment: Segment) -> list[int]:
    """What can be read of it."""
    found, record = [], segment.read(0)
    while record is not None:
        assert decode(record.data).first == record.first
        found.append(record.first)
        record = segment.read(record.end)
    return found


def test_what_was_written_is_found(tmp_path: Path) -> None:
    segment = written(tmp_path, b"".join(RECORDS))

    assert (segment.run, segment.first, segment.upto) == (RUN, 10, 19)
    assert firsts(segment) == [10, 13, 16]


def test_a_new_one_has_nothing_not_even_a_file(tmp_path: Path) -> None:
    segment = new_segment(tmp_path, RUN, 7)

    assert not segment.file.exists()
    assert (segment.first, segment.upto, segment.size) == (7, 7, 0)


@pytest.mark.parametrize("cut", [1, HEADER, HEADER + 5, len(RECORDS[2]) - 1])
def test_a_torn_end_never_counted(tmp_path: Path, cut: int) -> None:
    segment = written(tmp_path, RECORDS[0] + RECORDS[1] + RECORDS[2][:cut])

    assert segment.upto == 16
    assert firsts(segment) == [10, 13]


@pytest.mark.parametrize("place", [0, 3, 6, 10, HEADER, HEADER + 6, 100, len(RECORDS[1]) - 1])
def test_behind_damage_it_goes_on(tmp_path: Path, place: int) -> None:
    damaged = bytearray(RECORDS[1])
    damaged[place] ^= 0xFF
    segment = written(tmp_path, RECORDS[0] + bytes(damaged) + RECORDS[2])

    assert segment.upto == 19
    assert firsts(segment) == [10, 16]
    record = segment.read(len(RECORDS[0]))
    assert record is not None
    assert record.skipped == len(damaged)


def test_nothing_but_rubbish_is_nothing(tmp_path: Path) -> None:
    segment = written(tmp_path, b"RTB1" * 100)

    assert firsts(segment) == []
    assert segment.upto == segment.first


def test_each_ends_where_the_next_one_begins_and_other_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    (tmp_path / "influx2.cursor").write_text(f"{RUN} 5\n")
    new_segment(tmp_path, RUN, 10).file.write_bytes(RECORDS[0])
    new_segment(tmp_path, RUN, 16).file.write_bytes(RECORDS[2])

    assert [(each.first, each.upto) for each in found_segments(tmp_path)] == [(10, 16), (16, 19)]
