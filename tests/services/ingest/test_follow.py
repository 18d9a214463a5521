import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from schemas.envelope import Envelope
from services.ingest.follow import SLICE, follow, tick
from services.intake import Intake
from twin.changes import Change, PointDescribed, PointStale, ReadingTaken
from twin.fleet import STALE_AFTER, Fleet
from twin.instants import Instant, after

T0 = Instant(1_767_225_600_000)
PATH = "Rack/RackPower/site/r1/power"
METADATA = Envelope(
    f"BMS/v1/PUB/Metadata/{PATH}",
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}',
    T0,
    retain=True,
)


def a_value(kw: int) -> Envelope:
    return Envelope(
        f"BMS/v1/PUB/Value/{PATH}", b'{"value":%d,"timestamp":%d,"quality":1}' % (kw, T0 + kw), T0
    )


async def batches(*them: Sequence[Envelope]) -> AsyncIterator[Sequence[Envelope]]:
    for batch in them:
        yield batch


async def test_every_batch_is_folded_and_its_changes_are_emitted_in_order() -> None:
    emitted: list[Change] = []
    noted: list[Envelope] = []

    await follow(
        batches([METADATA, a_value(1)], [a_value(2)]), Intake(Fleet()), emitted.extend, noted.append
    )

    assert [type(change) for change in emitted] == [PointDescribed, ReadingTaken, ReadingTaken]
    assert noted == [METADATA]


async def test_a_large_batch_lets_others_run_between_its_slices() -> None:
    emitted: list[int] = []
    others = 0

    async def other() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(other())
        await follow(
            batches([a_value(n) for n in range(SLICE * 3)]),
            Intake(Fleet()),
            lambda changes: emitted.append(len(changes)),
            lambda _: None,
        )
        beside.cancel()

    assert len(emitted) == 3
    assert others >= 2


async def test_time_passes_for_a_fleet_that_hears_nothing() -> None:
    intake = Intake(Fleet())
    intake.take_all([METADATA, a_value(1)])
    loop = asyncio.get_running_loop()
    begin = loop.time()
    emitted: list[Change] = []

    def clock() -> Instant:
        return Instant(T0 + int((loop.time() - begin) * 1000))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(STALE_AFTER / 1000 + 1):
            await tick(intake, emitted.extend, clock)

    (stale,) = [each for each in emitted if isinstance(each, PointStale)]
    assert stale.at == after(T0, STALE_AFTER)
