import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import log


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restore_root_handlers() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def written(stream: io.StringIO, *, failing: bool = False) -> str:
    log.set_up("INFO", stream)
    try:
        if failing:
            raise ValueError("why")
        logging.getLogger("x").info("lost %s", "it", extra={"file": Path("a")})
        logging.getLogger("x").debug("never seen")
    except ValueError:
        logging.getLogger("x").exception("failed")
    return stream.getvalue()


def test_a_record_is_one_line_of_json_with_its_extra_fields() -> None:
    (line,) = written(io.StringIO()).splitlines()

    said = json.loads(line)

    assert said.pop("time")
    assert said == {"level": "INFO", "logger": "x", "message": "lost it", "file": "a"}


def test_an_exception_is_part_of_its_line() -> None:
    (line,) = written(io.StringIO(), failing=True).splitlines()

    assert "ValueError: why" in json.loads(line)["exception"]


def test_a_terminal_gets_plain_lines() -> None:
    assert written(Terminal()) == "info: lost it file=a\n"


def test_a_terminal_sees_the_exception_below_its_line() -> None:
    text = written(Terminal(), failing=True)

    assert text.startswith("error: failed\nTraceback")


def test_without_a_stream_records_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("INFO")
    logging.getLogger("x").warning("here")

    assert '"message":"here"' in capsys.readouterr().err
