import asyncio
import os
from pathlib import Path

import pytest

from schemas.rules_file import RulesFileError
from services.ingest.edited import LOOK_EVERY_S
from services.ingest.rules import RulesFile, read
from twin.faults.thresholds import SiteRules

SLOW = "[rules.liquid.flow_low]\non_delay = '{}s'\n"


def write(file: Path, text: str, version: int) -> None:
    file.write_text(text)
    os.utime(file, (version, version))


async def test_version_that_can_be_used_is_taken_and_one_that_cannot_is_counted(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rules.toml"
    write(file, "", 1)
    rules = RulesFile(file)
    rules.load()
    taken: list[SiteRules] = []

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rules.watch(taken.append))
        for version, text in enumerate((SLOW.format(20), SLOW.format("x"), SLOW.format(30)), 2):
            write(file, text, version)
            await asyncio.sleep(LOOK_EVERY_S * 1.5)
        task.cancel()

    assert [each.rules["liquid.flow_low"].on_delay for each in taken] == [20_000, 30_000]
    assert rules.refused == 1


def test_file_that_cannot_be_used_is_an_error_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[rules.a.b]")

    with pytest.raises(RulesFileError) as raised:
        read(file)

    assert str(raised.value) == f"{file}: rules.a.b: no such code"
