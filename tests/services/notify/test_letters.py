import json
from pathlib import Path

from build import START
from services.disk.rolling import earlier
from services.notify.letters import DeadLetters, letter, unread

ONE = letter(START, "e1:1", 8, "503 busy", b'{"id":"e1:1"}')


def test_letter_is_a_line_with_all_that_would_have_been_told(tmp_path: Path) -> None:
    file = tmp_path / "data" / "dead.ndjson"
    letters = DeadLetters(file)

    letters.keep([ONE])

    assert json.loads(file.read_text()) == {
        "at": "2026-01-01T00:00:00.000Z", "id": "e1:1", "tries": 8, "error": "503 busy",
        "body": {"id": "e1:1"},
    }  # fmt: skip
    assert letters.kept == 1
    assert unread(file) == (1, ONE)


def test_files_stay_bounded_and_the_latest_letters_stay(tmp_path: Path) -> None:
    file = tmp_path / "dead.ndjson"
    letters = DeadLetters(file, most=1_000)

    for number in range(100):
        letters.keep([letter(START, f"e1:{number}", 8, "", b"{}")])

    assert file.stat().st_size + earlier(file).stat().st_size < 2_300
    assert letters.forgotten > 3
    found = unread(file)
    assert found.last is not None
    assert found.last.id == "e1:99"
    assert found.letters > 15


def test_letters_that_cannot_be_written_are_counted(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)

    letters.keep([ONE, ONE])

    assert (letters.kept, letters.lost) == (0, 2)


def test_where_none_were_given_up_there_are_none(tmp_path: Path) -> None:
    assert unread(tmp_path / "dead.ndjson") == (0, None)


def test_line_that_was_torn_is_counted_and_not_read(tmp_path: Path) -> None:
    file = tmp_path / "dead.ndjson"
    file.write_text('{"at": "20')

    assert unread(file) == (1, None)
