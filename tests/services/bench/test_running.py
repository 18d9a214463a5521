import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.bench.running import child, running, usage


@pytest.mark.real
async def test_a_process_answers_line_by_line_until_it_ends() -> None:
    async with running("services.bench.readers", "http://127.0.0.1:1") as readers:
        assert readers.said.startswith('{"clients":0')
        assert await readers.ask() == await readers.ask(b"again")
        await readers.end()
        with pytest.raises(RuntimeError, match="has ended"):
            await readers.ask()


@pytest.mark.real
async def test_one_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"did not start: services\.bench\.nobody"):
        async with running("services.bench.nobody"):
            pass


def test_what_a_process_took_is_told() -> None:
    took = usage(os.getpid())
    assert took.cpu_s > 0
    assert took.resident_mib > 10


def test_a_child_is_found_by_its_program() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        name = Path(f"/proc/{process.pid}/comm").read_text().strip()
        assert child("nobody", name) == process.pid
        process.stdin.close()
    with pytest.raises(LookupError, match="no child process named nobody or nothing"):
        child("nobody", "nothing")
