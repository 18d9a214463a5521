import io
import sys

import pytest

from services.cli.progress import counted


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_items_pass_unchanged_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(counted(range(3), "things")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_terminal_sees_how_many_have_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")

    assert list(counted(range(2_000), "things")) == list(range(2_000))
    assert "things" in terminal.getvalue()
