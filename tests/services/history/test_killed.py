"""What is on the disk outlasts whatever ends the process."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

import taking

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]
PATIENCE_S = 40.0


async def killed(folder: Path, lines: int) -> int:
    """Run what takes rows, kill it after so many lines; how many rows it said were on the disk."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "tests" / "taking.py"), str(folder), "1000000000"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    assert child.stdout is not None
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(lines):
            said = await child.stdout.readline() or said
        child.kill()
        rest = (await child.stdout.read()).splitlines(keepends=True)
        await child.wait()
    whole = [line for line in (said, *rest) if line.endswith(b"\n")]
    return int(whole[-1])


@pytest.mark.parametrize("lines", [1, 40, 400])
async def test_every_row_that_was_on_the_disk_is_in_the_store_once(
    tmp_path: Path, lines: int
) -> None:
    synced = 0
    for _ in range(3):
        synced = await killed(tmp_path, lines)
    await taking.take(tmp_path, 100)

    store = taking.SqliteStore(tmp_path)
    values = store.all()
    await store.close()
    assert len(set(values)) == len(values)
    assert values == sorted(values)
    assert set(range(synced)) <= set(values)
    assert list((tmp_path / "spool").glob("*.spool")) == []
