import os
from pathlib import Path

import pytest

from services.ingest.edited import Edited, read


class OddError(ValueError):
    """What a text may not be."""


def number(text: str) -> int:
    if not text.strip().isdigit():
        raise OddError("no number\nat all")
    return int(text)


def write(file: Path, text: str, version: int) -> Edited[int]:
    file.write_text(text)
    os.utime(file, (version, version))
    return Edited(file, "number file", number, OddError)


def test_refusal_bears_the_name_of_the_file_on_every_line(tmp_path: Path) -> None:
    file = tmp_path / "n"
    file.write_text("x")

    with pytest.raises(OddError) as raised:
        read(file, number, OddError)

    assert str(raised.value) == f"{file}: no number\n{file}: at all"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_file_without_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "n"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(OddError, match=str(file)):
        read(file, number, OddError)


def test_only_what_changed_since_is_seen(tmp_path: Path) -> None:
    edited = write(tmp_path / "n", "1", 1)
    assert edited.load() == 1
    assert edited.look() is None

    write(tmp_path / "n", "2", 2)

    assert edited.look() == 2
    assert edited.look() is None


def test_version_that_cannot_be_used_is_logged_and_counted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    edited = write(tmp_path / "n", "1", 1)
    edited.load()

    write(tmp_path / "n", "x", 2)

    assert (edited.look(), edited.look(), edited.refused) == (None, None, 1)
    assert caplog.messages == ["number file not used: what was there stays"]
