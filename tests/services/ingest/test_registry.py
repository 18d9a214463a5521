import asyncio
from pathlib import Path

import pytest

from schemas.envelope import Envelope
from services.ingest.registry import SAVE_EVERY_S, Registry
from twin.fleet import Fleet
from twin.instants import Instant

T0 = Instant(1_767_225_600_000)


def metadata(rack: str) -> Envelope:
    return Envelope(
        f"BMS/v1/PUB/Metadata/Rack/RackPower/site/{rack}/power",
        b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
        b'"rackLocationName":"%(r)s","rackLocationId":"%(r)s"}' % {b"r": rack.encode()},
        T0,
    )


def restored(file: Path) -> Fleet:
    fleet = Fleet()
    Registry(file).restore(fleet, T0)
    return fleet


def test_what_was_described_is_known_after_a_restart_and_unheard(tmp_path: Path) -> None:
    file = tmp_path / "data" / "registry.jsonl"
    registry = Registry(file)
    registry.note(metadata("r1"))
    registry.note(metadata("r2"))
    registry.save()

    fleet = restored(file)

    assert [rack.id for rack in fleet.racks()] == ["r1", "r2"]
    assert fleet.counts.unheard == 2


def test_a_retraction_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "registry.jsonl"
    registry = Registry(file)
    registry.note(metadata("r1"))
    registry.note(metadata("r1")._replace(payload=b""))
    registry.note(metadata("never")._replace(payload=b""))
    registry.save()

    assert len(restored(file)) == 0


def test_a_restored_registry_keeps_what_it_restored(tmp_path: Path) -> None:
    file = tmp_path / "registry.jsonl"
    first = Registry(file)
    first.note(metadata("r1"))
    first.save()
    second = Registry(file)
    second.restore(Fleet(), T0)
    second.note(metadata("r2"))
    second.save()

    assert [rack.id for rack in restored(file).racks()] == ["r1", "r2"]


def test_lines_that_cannot_be_used_are_counted_and_the_rest_is_restored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "registry.jsonl"
    registry = Registry(file)
    registry.note(metadata("r1"))
    registry.save()
    file.write_bytes(b'half a li\n["some/topic","{}"]\n' + file.read_bytes())
    fleet = Fleet()

    assert Registry(file).restore(fleet, T0) == 2
    assert len(fleet) == 1
    assert "lines not used" in caplog.text


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    file = tmp_path / "registry.jsonl"
    Registry(file).save()

    assert not file.exists()


@pytest.mark.real
async def test_it_is_saved_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "registry.jsonl"
    registry = Registry(file)
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(registry.keep())
        await asyncio.sleep(0)
        registry.note(metadata("r1"))
        keeping.cancel()

    assert len(restored(file)) == 1


async def test_it_is_saved_as_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "registry.jsonl"
    registry = Registry(file)
    seen: list[bool] = []
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(registry.keep())
        registry.note(metadata("r1"))
        await asyncio.sleep(SAVE_EVERY_S * 2.5)
        seen.append(file.exists())
        keeping.cancel()

    assert seen == [True]
