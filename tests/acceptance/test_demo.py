"""``racktwin demo``: everything in one go, and gone in one go."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import psutil
import pytest

from processes import PATIENCE_S, Racktwin, environment, racktwin, until

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Racktwin]:
    arguments = ("demo", "--racks", "5", "--port", "0")
    async with racktwin(*arguments, data=tmp_path / "data") as running:
        yield running


async def living(demo: Racktwin) -> bool:
    fleet = await demo.document("fleet")
    return bool(fleet["racks"] == 5 and fleet["points"]["live"] == fleet["points"]["total"])


async def test_a_fleet_lives_with_history_and_a_page(demo: Racktwin) -> None:
    await until(lambda: living(demo))

    fleet = await demo.document("fleet")
    assert fleet["racks_by_freshness"] == {"UNHEARD": 0, "LIVE": 5, "STALE": 0}
    assert 0.9 < fleet["heat_kw"]["value"] / fleet["power_kw"]["value"] < 1.1
    assert "<title>" in (await demo.get("/")).text

    async def kept() -> bool:
        racks = (await demo.document("racks"))["items"]
        told = await demo.document(f"history?entity={racks[0]['id']}&metric=RackPower")
        return bool(told["series"])

    await until(kept)


async def test_ctrl_c_ends_all_of_it_within_three_seconds(demo: Racktwin) -> None:
    await until(lambda: living(demo))
    family = psutil.Process(demo.process.pid).children(recursive=True)
    assert family

    begin = monotonic()
    assert await demo.end(signal.SIGINT) == 0

    assert monotonic() - begin < 3.0
    assert not any(child.is_running() for child in family)


async def test_no_child_outlives_a_parent_that_was_killed(demo: Racktwin) -> None:
    await until(lambda: living(demo))
    family = psutil.Process(demo.process.pid).children(recursive=True)
    assert family

    await demo.end(signal.SIGKILL)

    async def gone() -> bool:
        return not any(
            child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family
        )

    await until(gone)


async def test_it_ends_by_itself_after_its_time_and_says_where_it_is(tmp_path: Path) -> None:
    arguments = ("demo", "--racks", "1", "--port", "0", "--for", "1s")
    async with racktwin(*arguments, data=tmp_path / "data") as demo:
        assert demo.address.startswith("http://127.0.0.1:")
        async with asyncio.timeout(PATIENCE_S):
            assert await demo.process.wait() == 0


async def test_two_demos_do_not_share_a_folder(demo: Racktwin, tmp_path: Path) -> None:
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "demo", "--racks", "1", "--port", "0"),
        stderr=asyncio.subprocess.PIPE,
        env=environment(RACKTWIN_DATA=str(tmp_path / "data")),
    )

    _, said = await second.communicate()

    assert second.returncode == 1
    assert b"another demo" in said
    assert (await demo.get("/healthz")).status_code == 200
