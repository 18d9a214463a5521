import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from build import a_cooled_rack, a_fleet_showing
from schemas.digest import digest
from schemas.fleet_file import FleetFileError
from services.ingest.edited import LOOK_EVERY_S
from services.ingest.site import SiteFile, read
from twin.fleet import Fleet
from twin.points import EntityId
from twin.site import UNWRITTEN

R1 = EntityId("R1")


def write(file: Path, text: str, version: int) -> None:
    """Write a version; on the virtual clock two of them could bear the same time."""
    file.write_text(text)
    os.utime(file, (version, version))


class Watched:
    """A fleet whose fleet file is watched beside the block, on the virtual clock."""

    def __init__(self, file: Path) -> None:
        self.fleet: Fleet = a_fleet_showing(a_cooled_rack("R1") | a_cooled_rack("R2"))
        self.site_file = SiteFile(file)
        self.fleet.configure(self.site_file.load())
        self.touched: list[set[EntityId]] = []

    def note(self, entities: Iterable[EntityId]) -> None:
        self.touched.append(set(entities))

    @property
    def hall(self) -> str | None:
        return self.fleet.site.rack(R1).hall

    async def after(self, seconds: float) -> None:
        """Watch for so long."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.site_file.watch(self.fleet, self.note))
            await asyncio.sleep(seconds)
            task.cancel()


async def test_file_that_changes_is_read_anew_and_says_whom_it_touched(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    write(file, "[racks.R1]\nhall = 'A'\n[racks.R2]\nhall = 'A'\n", 1)
    watched = Watched(file)
    assert watched.hall == "A"

    write(file, "[racks.R1]\nhall = 'B'\n[racks.R2]\nhall = 'A'\n", 2)
    await watched.after(LOOK_EVERY_S * 0.9)
    assert watched.hall == "A"
    await watched.after(LOOK_EVERY_S * 3.5)

    assert watched.hall == "B"
    assert watched.touched == [{R1}]


async def test_broken_version_is_counted_and_logged_once_and_the_old_one_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "fleet.toml"
    write(file, "[racks.R1]\nhall = 'A'\n", 1)
    watched = Watched(file)

    write(file, "[racks.R1]\nhal = 'B'\n", 2)
    await watched.after(LOOK_EVERY_S * 3.5)

    assert (watched.hall, watched.site_file.refused, watched.touched) == ("A", 1, [])
    assert [record.getMessage() for record in caplog.records] == [
        "fleet file not used: what was there stays"
    ]

    write(file, "[racks.R1]\nhall = 'B'\n", 3)
    await watched.after(LOOK_EVERY_S * 1.5)
    assert (watched.hall, watched.site_file.refused) == ("B", 1)


async def test_file_that_vanishes_is_missed_once_and_taken_when_it_is_back(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    write(file, "[racks.R1]\nhall = 'A'\n", 1)
    watched = Watched(file)

    file.unlink()
    await watched.after(LOOK_EVERY_S * 3.5)
    assert (watched.hall, watched.site_file.refused) == ("A", 1)

    write(file, "[racks.R1]\nhall = 'A'\nrow = '1'\n", 1)
    await watched.after(LOOK_EVERY_S * 1.5)
    assert watched.fleet.site.rack(R1).row == "1"


async def test_what_is_written_and_taken_back_leaves_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    write(file, "", 1)
    watched = Watched(file)
    before = digest(watched.fleet)

    write(file, "coolant = 'water'\n[racks.R1]\nhall = 'A'\nrated_kw = 132\n", 2)
    await watched.after(LOOK_EVERY_S * 1.5)
    assert digest(watched.fleet) != before
    write(file, "", 3)
    await watched.after(LOOK_EVERY_S * 1.5)

    assert watched.fleet.site == UNWRITTEN
    assert digest(watched.fleet) == before


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"a = 1\nb = 2\n"])
def test_file_that_cannot_be_used_is_an_error_with_its_name_on_every_line(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "fleet.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(FleetFileError) as raised:
        read(file)

    assert all(line.startswith(f"{file}: ") for line in str(raised.value).splitlines())
