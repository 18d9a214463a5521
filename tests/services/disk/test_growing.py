import shutil
from pathlib import Path

import pytest

from full_disk import full_disk
from services.disk.growing import GrowingFile


def test_what_was_put_there_is_there(tmp_path: Path) -> None:
    file = tmp_path / "f"
    growing = GrowingFile(file, 0)
    growing.append(b"one")
    growing.append(b"two")

    assert file.read_bytes() == b"onetwo"
    assert growing.since(3) == b"two"
    growing.close()


def test_what_does_not_count_is_cut_off_before_the_next_write(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"one tor")
    growing = GrowingFile(file, 4)
    assert file.read_bytes() == b"one tor"
    growing.append(b"two")

    assert file.read_bytes() == b"one two"
    growing.close()


def test_a_write_for_which_there_is_no_room_counts_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "f"
    growing = GrowingFile(file, 0)
    growing.append(b"one")
    with full_disk(5), pytest.raises(OSError, match="too large"):
        growing.append(b"twotwo")
    assert (growing.size, file.read_bytes()) == (3, b"onetw")
    growing.append(b"three")

    assert file.read_bytes() == b"onethree"
    growing.close()


def test_a_name_that_is_not_on_the_disk_fails_the_write(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    growing = GrowingFile(folder / "f", 0)
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError):
        growing.append(b"one")

    assert growing.size == 0
    growing.close()


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    growing = GrowingFile(tmp_path / "new", 0)
    growing.append(b"new")
    growing.take_place_of(tmp_path / "old")
    growing.append(b"er")

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("old", b"newer")]
    growing.close()
