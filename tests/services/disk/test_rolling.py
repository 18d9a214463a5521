from pathlib import Path

import pytest

from full_disk import full_disk
from services.disk.rolling import RollingFile, earlier


def test_lines_come_one_behind_the_other(tmp_path: Path) -> None:
    file = RollingFile(tmp_path / "deep" / "f", 100)
    file.append([b"one\n", b"two\n"])
    file.append([b"three\n"])

    assert (tmp_path / "deep" / "f").read_bytes() == b"one\ntwo\nthree\n"


def test_it_never_has_more_than_two_files_of_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "f"
    file = RollingFile(path, 20)
    for number in range(10):
        file.append([b"line %d of these\n" % number])

    assert path.read_bytes() == b"line 8 of these\nline 9 of these\n"
    assert earlier(path).read_bytes() == b"line 6 of these\nline 7 of these\n"
    assert file.forgotten == 3


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    file = RollingFile(tmp_path / "f", 100)
    with full_disk(2), pytest.raises(OSError, match="too large"):
        file.append([b"line\n"])
