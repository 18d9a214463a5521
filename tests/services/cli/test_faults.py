import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from typer.testing import CliRunner, Result

from live import Live, a_live_fleet, an_app
from services.api.server import serve
from services.cli.app import app_of
from services.cli.faults import _address

pytestmark = pytest.mark.real


@contextmanager
def served(live: Live) -> Iterator[str]:
    """The address of a real server, in a thread: a command has a loop of its own."""
    addresses: list[str] = []
    ready, loop = Event(), asyncio.new_event_loop()
    end = asyncio.Event()

    async def run() -> None:
        async with serve(an_app(live), "127.0.0.1", 0) as port:
            addresses.append(f"http://127.0.0.1:{port}")
            ready.set()
            await end.wait()

    thread = Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()


@pytest.fixture
def live() -> Live:
    live = a_live_fleet()
    for rack in ("R1", "R2"):
        live.leak(rack)
    return live


@pytest.fixture
def url(live: Live) -> Iterator[str]:
    with served(live) as address:
        yield address


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app_of(()), ["faults", *arguments, "--api", url])


def ids(live: Live) -> list[str]:
    return [each.id for each in live.fleet.faults.standing()]


def test_faults_are_listed_most_urgent_first(live: Live, url: str) -> None:
    result = run(url, "list", "--json")

    assert result.exit_code == 0, result.output
    assert [each["id"] for each in json.loads(result.output)] == ids(live)


def test_faults_are_listed_for_people_too(live: Live, url: str) -> None:
    result = run(url, "list", "--entity", "R1")

    (line,) = (each for each in result.output.splitlines() if "leak.detected" in each)
    assert ids(live)[0] in line


def test_list_of_many_pages_is_whole(live: Live) -> None:
    for number in range(600):
        live.leak(f"S{number:03}")
    with served(live) as url:
        result = run(url, "list", "--json")

    assert [each["id"] for each in json.loads(result.output)] == ids(live)


def test_one_fault_is_told_whole(live: Live, url: str) -> None:
    told = json.loads(run(url, "show", ids(live)[0]).output)

    assert (told["code"], told["entity"]) == ("leak.detected", "R1")


def test_several_are_acknowledged_at_once(live: Live, url: str) -> None:
    result = run(url, "ack", *ids(live), "--by", "ann")

    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [f"{each}: ACKED" for each in ids(live)]
    assert {each.acknowledged_by for each in live.fleet.faults.standing()} == {"ann"}


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        (["shelve", "--reason", "known", "--for", "30m"], "SHLVD"),
        (["out-of-service", "--reason", "known"], "OOSRV"),
        (["comment", "--text", "wet"], "UNACK"),
    ],
)
def test_all_can_be_done_to_faults(live: Live, url: str, arguments: list[str], state: str) -> None:
    result = run(url, *arguments, *ids(live), "--json")

    assert [each["fault"]["state"] for each in json.loads(result.output)] == [state, state]


@pytest.mark.parametrize("act", ["reset", "unshelve", "return"])
def test_what_is_not_possible_says_why_and_ends_with_1(live: Live, url: str, act: str) -> None:
    result = run(url, act, ids(live)[0], "f00")

    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"{ids(live)[0]}: ")
    assert second == "f00: there is no fault 'f00'"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["show", "f00"], "there is no fault 'f00'"),
        (["list", "--state", "ILL"], "#/query/state"),
        (["shelve", "f00", "--reason", "x", "--for", "soon"], "#/body/for"),
    ],
)
def test_what_is_refused_says_why_and_ends_with_1(url: str, arguments: list[str], why: str) -> None:
    result = run(url, *arguments)

    assert result.exit_code == 1
    assert why in result.stderr


def test_an_api_that_is_not_there_ends_it_with_1() -> None:
    result = run("http://127.0.0.1:1", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("http://127.0.0.1:1: ")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8123"),  # noqa: S104  # not bound
        ("::1", "http://[::1]:8123"),
        ("10.0.0.7", "http://10.0.0.7:8123"),
    ],
)
def test_without_an_address_it_is_the_settings_one(tmp_path: Path, host: str, url: str) -> None:
    file = tmp_path / "racktwin.toml"
    file.write_text(f'[api]\nhost = "{host}"\nport = 8123\n')

    assert _address(None, file) == url
