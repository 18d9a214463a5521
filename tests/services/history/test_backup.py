import asyncio
from pathlib import Path

import pytest

from history_rows import T0, a_point, a_row
from processes import until
from schemas.history import HistoryError, Mode, Query
from services.history.backup import Backups
from services.history.block import block_of
from services.history.cold import LINGER, Sizes
from services.history.duck import DuckStore
from twin.instants import Instant

pytestmark = pytest.mark.real

ALL = Query(("R1",), ("RackPower",), T0, Instant(T0 + 10**9), Mode.RAW)


async def a_history(folder: Path) -> DuckStore:
    """One hour in a file, and one reading in the table."""
    store = await DuckStore.open(folder, sizes=Sizes(least=2))
    await store.write("spool", block_of([a_row(a_point(), float(n), n) for n in range(9)], 0))
    await store.write("spool", block_of([a_row(a_point(), 99.0, LINGER)], 9))

    async def put_away() -> bool:
        await store.upto("spool")  # whoever asks sees to what is due
        return store.tally.exported == 9

    await until(put_away)
    return store


async def values(folder: Path) -> list[float | None]:
    store = await DuckStore.open(folder)
    (series,) = await store.read(ALL)
    await store.close()
    return [sample.value for sample in series.samples]


async def test_a_backup_taken_during_writes_is_a_history_itself(tmp_path: Path) -> None:
    store = await a_history(tmp_path / "data")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store.back_up(tmp_path / "copy"))
        for n in range(20):
            row = a_row(a_point(), float(n), LINGER + 1 + n)
            await store.write("spool", block_of([row], 10 + n))
    await store.close()

    found = await values(tmp_path / "copy")
    assert found[:10] == [*map(float, range(9)), 99.0]
    assert found[10:] == [float(n) for n in range(len(found) - 10)]
    assert len(await values(tmp_path / "data")) == 30


async def test_on_another_disk_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise OSError(self, target)

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    store = await a_history(tmp_path / "data")
    await store.back_up(tmp_path / "copy")
    await store.close()

    assert len(await values(tmp_path / "copy")) == 10


async def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    store = await a_history(tmp_path)

    with pytest.raises(HistoryError, match="there already"):
        await store.back_up(tmp_path)
    await store.close()


async def test_there_are_so_many_backups_and_no_more(tmp_path: Path) -> None:
    store = await a_history(tmp_path)
    backups = Backups(store, tmp_path / "backups")
    made = [await backups.make(name) for name in ("a", "b.1", "c")]

    with pytest.raises(HistoryError, match="take one away"):
        await backups.make("d")
    await store.close()
    assert [each.name for each in made] == ["a", "b.1", "c"]
