import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest

from held_disk import Gate, turns
from schemas.digest import digest
from schemas.envelope import Envelope
from services.ingest.follow import TICK_S, follow, tick
from services.intake import MUCH, SLICE, Intake
from twin.changes import Change, FaultChanged, PointDescribed, PointStale, ReadingTaken
from twin.fleet import Fleet
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis, after

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


LEAK = "Rack/RackLeakDetect/site/r"
LEAK_METADATA = Envelope(
    f"BMS/v1/PUB/Metadata/{LEAK}",
    b'{"objectType":"Rack","pointType":"RackLeakDetect",'
    b'"stateText":[{"value":0,"text":"NoLeak"},{"value":1,"text":"Leak"}],'
    b'"rackLocationName":"R","rackLocationId":"R"}',
    T0,
)


def described(rack: int) -> Envelope:
    payload = LEAK_METADATA.payload.replace(b'"R"', b'"R%d"' % rack)
    return Envelope(f"{LEAK_METADATA.topic}{rack}", payload, T0)


def a_leak(rack: int) -> Envelope:
    said = b'{"value":1,"timestamp":%d,"quality":1}' % T0
    return Envelope(f"BMS/v1/PUB/Value/{LEAK}{rack}", said, T0)


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


async def test_the_next_batch_is_asked_for_once_the_one_before_is_kept() -> None:
    done: list[str] = []

    async def said() -> AsyncIterator[Sequence[Envelope]]:
        yield [METADATA]
        done.append("asked")
        yield [a_value(1)]
        done.append("asked")

    async def kept() -> None:
        await asyncio.sleep(1)
        done.append("kept")

    await follow(said(), Intake(Fleet()), lambda _: done.append("told"), lambda _: None, kept)

    assert done == ["told", "kept", "asked"] * 2


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


async def test_what_alters_much_is_emitted_in_smaller_slices() -> None:
    racks = range(SLICE)
    leaks = [described(rack) for rack in racks]
    wet = [a_leak(rack) for rack in racks]
    emitted: list[Sequence[Change]] = []

    await follow(batches(leaks, wet), Intake(Fleet()), emitted.append, lambda _: None)

    raised = [each for each in emitted if any(isinstance(one, FaultChanged) for one in each)]
    assert len(raised) > 1
    assert all(len(each) <= MUCH + 10 for each in raised)


LATE = Millis(60_000)
"""For so long the process had no turn: 600 beats."""

SILENT = Millis(STALE_AFTER + 5_000)
"""So long that all is stale, and looked at still."""


def starved() -> tuple[Intake, list[Envelope]]:
    """A fleet of wet and dry racks that was heard once, and what its racks say a minute later."""
    intake, racks = Intake(Fleet()), range(20)
    intake.take_all([METADATA, a_value(1), *map(described, racks), *map(a_leak, racks[::2])])
    later = after(T0, LATE)
    said = b'{"value":0,"timestamp":%d,"quality":1}' % later
    values = [Envelope(f"BMS/v1/PUB/Value/{LEAK}{rack}", said, later) for rack in racks]
    return intake, values


class Turns:
    """Counts the turns of the loop, and keeps what is emitted with the turn in which it was."""

    def __init__(self) -> None:
        self.turn = 0
        self.emitted: list[Change] = []
        self.begun: list[int] = []

    def emit(self, changes: Sequence[Change]) -> None:
        """Note what is emitted."""
        self.emitted += changes
        self.begun.append(self.turn)

    async def count(self) -> None:
        """Count until cancelled."""
        while True:
            self.turn += 1
            await asyncio.sleep(0)


async def test_each_beat_that_was_missed_has_a_turn_of_its_own_before_the_messages() -> None:
    (intake, values), (at_once, _), turns = starved(), starved(), Turns()

    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(turns.count())
        await follow(batches(values), intake, turns.emit, lambda _: None)
        beside.cancel()

    assert turns.emitted == at_once.take_all(values)
    assert digest(intake.fleet) == digest(at_once.fleet)
    assert len(turns.begun) > LATE / 1000  # at least a beat a second is there
    assert len(set(turns.begun)) == len(turns.begun)


async def test_beats_that_were_missed_are_made_up_for_one_by_one_where_nothing_is_heard() -> None:
    (intake, _), (at_once, _), until = starved(), starved(), after(T0, SILENT)
    emitted: list[Change] = []
    begun = asyncio.Event()

    def clock() -> Instant:
        begun.set()
        return until

    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(tick(intake, emitted.extend, clock))
        await begun.wait()
        seen = [T0]
        for _ in range(SILENT // 100 + 1):
            seen.append(intake.fleet.now)
            await asyncio.sleep(0)
        ticking.cancel()

    assert seen[-1] == until
    assert all(later - before <= 1000 for before, later in pairwise(seen))  # each second has a beat
    assert emitted == list(at_once.advance(until))
    assert {type(each) for each in emitted} >= {PointStale, FaultChanged}
    assert digest(intake.fleet) == digest(at_once.fleet)


async def test_time_waits_for_the_messages_that_came_before() -> None:
    (intake, values), now = starved(), after(T0, Millis(2 * LATE))
    seen: list[Instant] = []

    async def hold(batch: Sequence[Envelope]) -> AsyncIterator[Sequence[Envelope]]:
        await asyncio.sleep(TICK_S)  # a tick has begun to make up for all that was missed
        yield batch
        seen.append(intake.fleet.now)
        await asyncio.sleep(2 * TICK_S)
        seen.append(intake.fleet.now)

    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(tick(intake, lambda _: None, lambda: now))
        await follow(hold(values), intake, lambda _: None, lambda _: None)
        ticking.cancel()

    assert seen == [after(T0, LATE), now]


async def test_time_waits_while_others_have_their_turn_within_a_batch() -> None:
    intake, values = Intake(Fleet()), [a_value(n) for n in range(3 * SLICE)]
    emitted: list[Instant] = []
    ticked: list[Instant] = []

    def clock() -> Instant:
        ticked.append(intake.fleet.now)
        return after(T0, LATE)

    def emit(_: Sequence[Change]) -> None:
        emitted.append(intake.fleet.now)

    intake.folding = True
    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(tick(intake, emit, clock))
        await asyncio.sleep(2 * TICK_S)
        assert ticked == []
        await follow(batches([METADATA, *values]), intake, emit, lambda _: None)
        assert set(emitted) == {T0}
        await asyncio.sleep(2 * TICK_S)
        ticking.cancel()

    assert intake.fleet.now == after(T0, LATE)


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


async def test_nothing_more_is_folded_while_there_is_no_room() -> None:
    intake, gate = Intake(Fleet()), Gate()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            follow(
                batches([METADATA, *[a_value(n) for n in range(SLICE * 2)]]),
                intake,
                lambda _: None,
                lambda _: None,
                room=gate,
            )
        )
        await turns()
        assert (gate.asked, intake.received) == (1, SLICE)
        gate.open()
    assert intake.received == 2 * SLICE + 1


async def test_time_does_not_pass_while_there_is_no_room() -> None:
    (intake, _), gate = starved(), Gate()
    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(tick(intake, lambda _: None, lambda: after(T0, LATE), gate))
        await asyncio.sleep(10)
        assert (gate.asked, intake.fleet.now < after(T0, LATE)) == (1, True)
        gate.open()
        await asyncio.sleep(10)
        assert intake.fleet.now == after(T0, LATE)
        ticking.cancel()
