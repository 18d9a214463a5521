from collections.abc import Iterable
from dataclasses import replace

import pytest

from build import START, a_heartbeat, a_point, a_reading, at, tell
from history_stores import FakeStore
from services.history.block import Block, Row, block_of
from services.history.past import Past
from services.history.rows import Rows
from twin.changes import Change, FindingChanged
from twin.finding import Finding
from twin.fleet import Fleet, Message
from twin.instants import Instant
from twin.points import EntityId, Freshness, Point, Retraction
from twin.steps import run

LIVE, STALE, UNHEARD = Freshness.LIVE, Freshness.STALE, Freshness.UNHEARD

POWER = a_point()
HEART = a_heartbeat()


class Kept(FakeStore):
    """Knows the last row of every point that was received by then."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    async def latest(self, at: Instant) -> Block:
        last: dict[str, Row] = {}
        for row in self.rows:
            if row.received_at <= at:
                last.pop(row.point.id, None)
                last[row.point.id] = row
        return block_of([*last.values()], 0)


class Twin:
    """A live fleet whose history is kept."""

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.store = Kept()
        self.rows = Rows(self.fleet)

    def tell(self, seconds: float, *messages: Message) -> None:
        self.take(tell(self.fleet, at(seconds), *messages))

    def take(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self.store.rows += self.rows.of(change)

    def show(self, seconds: float, point: Point = POWER, value: float = 1.0) -> None:
        self.tell(seconds, a_reading(point, value, at(seconds)))

    async def fleet_at(self, seconds: float) -> Fleet:
        steps = await Past(self.store, self.fleet).fleet(at(seconds))
        assert steps is not None
        return run(steps)

    async def seen(self, seconds: float, point: Point = POWER) -> tuple[float | None, Freshness]:
        state = (await self.fleet_at(seconds)).point(point.id)
        assert state is not None
        return state.value, state.freshness


@pytest.fixture
def twin() -> Twin:
    twin = Twin()
    twin.tell(0, HEART, POWER)
    return twin


async def test_a_point_reads_what_it_read_then(twin: Twin) -> None:
    for second in range(1, 4):
        twin.show(second, value=10.0 * second)
    assert await twin.seen(2.5) == (20.0, LIVE)


async def test_nothing_is_known_before_history_begins(twin: Twin) -> None:
    twin.show(1)
    assert await Past(twin.store, twin.fleet).fleet(START) is None


async def test_who_was_silent_for_too_long_is_stale(twin: Twin) -> None:
    twin.show(1)
    assert await twin.seen(250.9) == (1.0, LIVE)
    assert await twin.seen(251.0) == (1.0, STALE)


async def test_who_was_heard_without_news_is_live_while_its_publisher_was(twin: Twin) -> None:
    twin.show(1, HEART)
    twin.show(1)
    again = a_reading(POWER, 1.0, at(1))
    for second in range(20, 400, 20):
        twin.show(second, HEART)
        twin.tell(second, again)
    assert await twin.seen(390) == (1.0, LIVE)
    assert await twin.seen(380 + 250) == (1.0, STALE)


async def test_what_was_said_of_a_point_before_a_restart_is_not_believed(twin: Twin) -> None:
    twin.show(1, HEART)
    twin.show(1)
    twin.fleet, rows = Fleet(), twin.rows
    twin.rows = Rows(twin.fleet)
    del rows
    twin.tell(900, HEART, POWER)
    twin.show(901, HEART)
    assert await twin.seen(902) == (1.0, STALE)


async def test_a_heart_keeps_alive_what_it_beats_for_and_no_more(twin: Twin) -> None:
    pods = [a_heartbeat(scope=f"R{number}", tag=f"R{number}") for number in (1, 2)]
    racks = [a_point("Rack/RackPower", f"R{number}") for number in (1, 2)]
    twin.tell(0, *pods, *racks)
    for point in (*pods, *racks):
        twin.show(1, point)
    again = [a_reading(rack, 1.0, at(1)) for rack in racks]
    for second in range(20, 400, 20):
        twin.show(second, pods[0])
        twin.tell(second, again[0])
        if second <= 300:
            twin.show(second, pods[1])
            twin.tell(second, again[1])

    assert [await twin.seen(329, rack) for rack in racks] == [(1.0, LIVE), (1.0, LIVE)]
    assert [await twin.seen(390, rack) for rack in racks] == [(1.0, LIVE), (1.0, STALE)]
    known = {each.heartbeat: each.freshness for each in (await twin.fleet_at(390)).publishers()}
    assert known == {HEART.id: UNHEARD, pods[0].id: LIVE, pods[1].id: STALE}


async def test_who_was_heard_behind_a_heart_that_is_lost_is_live_while_another_beats(
    twin: Twin,
) -> None:
    other = a_heartbeat(tag="second")
    twin.tell(0, other)
    for point in (HEART, other, POWER):
        twin.show(1, point)
    again = a_reading(POWER, 1.0, at(1))
    for second in range(20, 400, 20):
        twin.show(second, HEART)
        twin.tell(second, again)

    assert await twin.seen(390) == (1.0, LIVE)


async def test_another_heart_that_comes_back_after_a_restart_vouches_for_nothing(
    twin: Twin,
) -> None:
    pods = [a_heartbeat(scope=f"R{number}", tag=f"R{number}") for number in (1, 2)]
    twin.tell(0, *pods)
    for point in (*pods, POWER):
        twin.show(1, point)
    twin.fleet = Fleet()
    twin.rows = Rows(twin.fleet)
    twin.tell(900, *pods, POWER)
    twin.show(901, pods[1])

    assert await twin.seen(902) == (1.0, STALE)


async def test_who_was_silent_with_its_publisher_is_stale_as_was_told(twin: Twin) -> None:
    twin.show(1, HEART)
    twin.show(1)
    twin.show(5, a_point("Rack/RackPower", "R2"))
    twin.tell(40)
    assert await twin.seen(40) == (1.0, STALE)
    assert (await twin.fleet_at(40)).publishers()[0].freshness is STALE


async def test_who_was_told_stale_is_though_nothing_else_says_so(twin: Twin) -> None:
    twin.show(1)
    twin.tell(251)
    silent = next(row for row in twin.store.rows if row.point.object_type == "Freshness")
    twin.store.rows = [
        row._replace(received_at=at(2), measured_at=at(2)) if row.value == 2 else row
        for row in twin.store.rows
    ]
    assert silent.point.entity == "R1"
    assert await twin.seen(3) == (1.0, STALE)


async def test_a_point_that_was_taken_back_is_no_more(twin: Twin) -> None:
    twin.show(1)
    twin.tell(2, Retraction(POWER.id))
    assert (await twin.fleet_at(1.5)).point(POWER.id) is not None
    assert (await twin.fleet_at(3)).point(POWER.id) is None


async def test_a_point_that_means_something_else_is_unheard_until_it_is_heard(twin: Twin) -> None:
    twin.show(1)
    twin.tell(2, replace(POWER, unit="W"))
    assert await twin.seen(3) == (None, UNHEARD)


async def test_points_without_a_reading_are_those_that_were_described_then(twin: Twin) -> None:
    later, rack = a_point("Rack/RackLiquidFlow"), EntityId("R1")
    twin.show(1, HEART)
    twin.tell(5, later)
    before, after = await twin.fleet_at(4), await twin.fleet_at(6)
    assert [fleet.point(later.id) is not None for fleet in (before, after)] == [False, True]
    assert before.rack(rack) is not None


async def test_a_store_that_keeps_little_of_a_point_is_helped_out(twin: Twin) -> None:
    meter = a_point("PowerMeter/ActivePower", "M1", serves=("R1",))
    twin.tell(1, meter)
    twin.show(2, meter)
    bare = replace(meter, name=None, serves=())
    twin.store.rows = [
        row._replace(point=bare) if row.point is meter else row for row in twin.store.rows
    ]
    state = (await twin.fleet_at(3)).point(meter.id)
    assert state is not None
    assert state.point == meter


async def test_faults_and_findings_are_as_they_were_told(twin: Twin) -> None:
    leak = a_point("Rack/RackLeakDetect")
    twin.tell(1, leak)
    twin.show(2, leak)
    finding = Finding("sensor.implausible", EntityId("R1"), "LiquidFlow", "it cannot be", 0.2)
    twin.take([FindingChanged(finding, standing=True, at=at(3))])
    (fault,) = twin.fleet.faults.standing()
    twin.take(twin.fleet.faults.ack(fault.id, "ann", at(4)))
    twin.take([FindingChanged(finding, standing=False, at=at(5))])

    then, later = await twin.fleet_at(3.5), await twin.fleet_at(6)

    (told,) = then.faults.standing()
    assert (told.id, told.acknowledged_by, told.unacked) == (fault.id, None, True)
    assert [each.finding for each in then.audit.findings()] == [finding]
    assert [each.acknowledged_by for each in later.faults.standing()] == ["ann"]
    assert later.audit.findings() == []
