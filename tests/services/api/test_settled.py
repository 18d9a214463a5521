import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from full_disk import full_disk
from held_disk import Gate, HeldDisk, turns
from live import a_client, a_live_fleet, an_app, parse
from services.api.board import Board
from services.api.follow import follow
from services.api.frames import Frames, View
from services.disk.off import Off
from services.faults.journal import PATIENCE_S, Journal
from services.processes import Twin


@pytest.mark.parametrize("path", ["faults", "racks", "racks/R1", "fleet", "racks/R1/faults"])
async def test_what_is_answered_waits_until_it_may_be_shown(path: str) -> None:
    live, gate = a_live_fleet(), Gate()
    live.hub.settled = gate
    async with a_client(an_app(live)) as client, asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(client.get(path))
        await turns(200)
        assert gate.asked == 1
        live.leak("R1")  # messages go on being folded
        await turns()
        assert not asked.done()
        gate.open()
        assert (await asked).status_code == 200


async def test_figures_of_faults_wait_and_health_does_not() -> None:
    live, gate = a_live_fleet(), Gate()
    live.hub.settled = gate
    async with a_client(an_app(live)) as client, asyncio.TaskGroup() as tasks:
        for path in ("healthz", "readyz"):
            assert (await client.get(f"http://twin/{path}")).status_code == 200
        assert gate.asked == 0
        asked = tasks.create_task(client.get("http://twin/metrics"))
        await turns(200)
        assert gate.asked == 1
        assert not asked.done()
        gate.open()
        assert "racktwin_faults" in (await asked).text


async def greeted(frames: Frames) -> dict[str, Any]:
    """The first snapshot of a client that comes now."""
    async with aclosing(follow(frames, View())) as told:
        return [parse(await anext(told)) for _ in range(2)][1].data


class Site:
    """A live fleet whose twin keeps a journal on a disk that a test holds."""

    def __init__(self, folder: Path, off: Off) -> None:
        self.live = a_live_fleet()
        self.twin = Twin(self.live.intake, self.live.hub)
        self.journal = Journal(folder / "faults.journal", off=off)
        fleet = self.live.fleet
        fleet.resume(self.journal.restore(fleet.faults.rules, fleet.topology), self.live.now)
        self.twin.journal = self.journal
        self.live.emit = self.twin.emit  # type: ignore[method-assign]  # the journal's in between


async def test_stream_and_lists_show_a_fault_once_it_is_on_the_disk_and_the_fold_goes_on(
    tmp_path: Path,
) -> None:
    disk = HeldDisk()
    site = Site(tmp_path, disk)
    live = site.live
    frames = Frames(Board(live.fleet, live.hub), live.clock)
    async with (
        a_client(an_app(live)) as client,
        aclosing(follow(frames, View())) as told,
        asyncio.TaskGroup() as tasks,
    ):
        running = tasks.create_task(site.journal.run())
        assert [parse(await anext(told)).name for _ in range(2)] == ["hello", "snapshot"]
        disk.hold()
        live.leak("R1")
        heard = tasks.create_task(anext(told))
        listed = tasks.create_task(client.get("faults"))
        await asyncio.sleep(60)
        begun = tasks.create_task(greeted(frames))
        live.wait(1)
        live.load("R2", 7.0)
        await asyncio.sleep(1)
        assert live.fleet.faults.standing()
        assert (heard.done(), listed.done(), begun.done()) == (False, False, False)
        assert (tmp_path / "faults.journal").read_bytes() == b""
        disk.let()
        assert parse(await heard).name == "fault"
        assert [each["code"] for each in (await listed).json()["items"]] == ["leak.detected"]
        (shown,) = (await begun)["faults"]
        assert shown["code"] == "leak.detected"
        running.cancel()
    site.journal.close()


async def test_what_an_operator_did_is_answered_once_it_is_on_the_disk(tmp_path: Path) -> None:
    disk = HeldDisk()
    site = Site(tmp_path, disk)
    live = site.live
    app = an_app(live, desk=site.twin)
    async with a_client(app) as client, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(site.journal.run())
        live.leak("R1")
        (fault,) = live.fleet.faults.standing()
        await site.journal.settled()
        disk.hold()
        one = tasks.create_task(client.post(f"faults/{fault.id}/ack", json={"by": "ann"}))
        await turns(200)
        assert not live.fleet.faults.standing()[0].unacked
        assert not one.done()
        assert list(site.journal.acts()) == []
        disk.let()
        assert (await one).json()["state"] == "ACKED"
        assert [act.seq for act in site.journal.acts()] == [site.journal.seq]

        disk.hold()
        some = tasks.create_task(
            client.post("faults/comment", json={"ids": [fault.id], "by": "ann", "text": "so"})
        )
        before = site.journal.seq
        await turns(200)
        assert site.journal.seq > before
        with full_disk(10):
            disk.let()
            answer = await some
        assert (answer.status_code, answer.json()["title"]) == (
            503,
            "What was done is not kept yet",
        )
        running.cancel()
    site.journal.close()


async def test_a_process_whose_disk_hangs_is_not_ready_and_its_fold_waits_when_it_has_no_room(
    tmp_path: Path,
) -> None:
    disk = HeldDisk()
    site = Site(tmp_path, disk)
    twin = site.twin
    twin.status.connected = True
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(site.journal.run())
        await turns()
        disk.hold()
        site.live.leak("R1")
        await twin.room()
        await asyncio.sleep(PATIENCE_S + 1)
        assert twin.ready() == "the disk has had faults to write for 11 s"
        disk.let()
        await twin.settled()
        assert twin.ready() is None
        running.cancel()
    site.journal.close()
