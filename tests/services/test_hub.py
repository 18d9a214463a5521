import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from build import START, a_point, a_reading, at, tell
from services.hub import Hub, affected
from twin.changes import Derived, FaultChanged, FindingChanged, PointDescribed
from twin.fault import Fault, Key, What
from twin.finding import Finding
from twin.fleet import Fleet, Message
from twin.points import EntityId, Point, Retraction

IDS = [EntityId(name) for name in "ABCDE"]


def ids(names: str) -> list[EntityId]:
    return [EntityId(name) for name in names]


def test_batch_is_one_revision() -> None:
    hub = Hub("e")
    hub.publish(ids("AB"))
    assert (hub.revision, hub.since(0)) == (1, ids("AB"))


def test_nothing_published_is_no_revision() -> None:
    hub = Hub("e")
    hub.publish([])
    assert hub.revision == 0


def test_each_id_is_told_once_with_its_latest_change() -> None:
    hub = Hub("e")
    for names in ("A", "B", "A"):
        hub.publish(ids(names))
    assert hub.since(0) == ids("BA")
    assert hub.since(2) == ids("A")
    assert (hub.changed(EntityId("A")), hub.changed(EntityId("Z"))) == (3, 0)


def test_revision_of_another_time_is_not_known() -> None:
    hub = Hub("e")
    hub.publish(ids("A"))
    assert hub.since(2) is None
    assert hub.since(-1) is None


def test_full_hub_forgets_the_oldest_and_says_so() -> None:
    hub = Hub("e", limit=2)
    for names in "ABC":
        hub.publish(ids(names))
    assert (len(hub), hub.forgotten) == (2, 1)
    assert hub.since(0) is None
    assert hub.since(1) == ids("BC")


def test_reader_that_is_far_behind_is_told_of_all_that_it_missed() -> None:
    hub = Hub("e")
    for names in ("AB", "C", *["D"] * 10):
        hub.publish(ids(names))
    assert hub.since(0) == ids("ABCD")
    assert hub.since(1) == ids("CD")
    assert hub.since(11) == ids("D")


def test_full_hub_forgets_some_more_so_as_not_to_look_for_the_oldest_each_time() -> None:
    hub = Hub("e", limit=32)
    names = [EntityId(str(number)) for number in range(33)]
    for name in names:
        hub.publish([name])
    assert (len(hub), hub.forgotten) == (30, 3)
    assert hub.since(2) is None
    assert hub.since(3) == names[3:]


async def test_news_wakes_every_reader() -> None:
    hub = Hub("e")
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(hub.news(0))
        await asyncio.sleep(1)
        hub.publish(ids("A"))


async def test_news_that_is_there_already_is_not_waited_for() -> None:
    hub = Hub("e")
    hub.publish(ids("A"))
    await hub.news(0)


async def test_end_wakes_readers_without_news() -> None:
    hub = Hub("e")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hub.news(0))
        await asyncio.sleep(1)
        hub.end()
    assert hub.ended.is_set()


@given(st.lists(st.lists(st.sampled_from(IDS), max_size=4)), st.data())
def test_since_is_everything_published_after(
    batches: list[list[EntityId]], data: st.DataObject
) -> None:
    hub = Hub("e")
    told = [batch for batch in batches if batch]
    for batch in batches:
        hub.publish(batch)
    revision = data.draw(st.integers(0, hub.revision))
    assert set(hub.since(revision) or ()) == {each for batch in told[revision:] for each in batch}


def test_hub_that_misses_has_every_reader_begin_anew() -> None:
    hub = Hub("e")
    hub.publish(ids("AB"))
    hub.publish(ids("A"))
    hub.miss()
    assert (hub.revision, len(hub), hub.changed(EntityId("A"))) == (3, 0, 0)
    assert [hub.since(revision) for revision in (0, 2, 3)] == [None, None, []]
    assert [hub.knows(revision) for revision in (2, 3, 4)] == [False, True, False]


def test_hub_tells_what_changed_after_it_missed() -> None:
    hub = Hub("e")
    hub.publish(ids("AB"))
    hub.miss()
    for names in ("B", "C", *["D"] * 8):
        hub.publish(ids(names))
    assert hub.since(1) is None
    assert hub.since(2) == ids("BCD")
    assert hub.since(11) == ids("D")
    hub.miss()
    assert (hub.revision, hub.since(11), hub.since(13)) == (13, None, [])
    assert hub.forgotten == 0


async def test_what_was_missed_is_news() -> None:
    hub = Hub("e")
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(hub.news(0))
        await asyncio.sleep(1)
        hub.miss()


class SlowReader(RuleBasedStateMachine):
    """A reader that comes back now and then with its number, to a hub that may forget."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Hub("e", limit=3)
        self.numbers = dict.fromkeys(IDS, 0)
        self.copy = dict(self.numbers)
        self.seen = 0

    @rule(batch=st.lists(st.sampled_from(IDS), min_size=1, max_size=3))
    def publish(self, batch: list[EntityId]) -> None:
        for each in batch:
            self.numbers[each] += 1
        self.hub.publish(batch)

    @rule(each=st.sampled_from(IDS))
    def miss(self, each: EntityId) -> None:
        self.numbers[each] += 1
        self.hub.miss()

    @rule()
    def read(self) -> None:
        changed = self.hub.since(self.seen)
        for each in IDS if changed is None else changed:
            self.copy[each] = self.numbers[each]
        self.seen = self.hub.revision
        assert self.copy == self.numbers

    @invariant()
    def bounded(self) -> None:
        assert len(self.hub) <= 3


TestSlowReader = SlowReader.TestCase


def told(fleet: Fleet, *messages: Message) -> set[EntityId]:
    changes = tell(fleet, START, *messages)
    return affected(fleet, changes)


TAP = a_point("PowerMeter/ActivePower", "TAP", serves=("R1",))


def test_meter_reading_affects_the_racks_it_feeds() -> None:
    fleet = Fleet()
    told(fleet, a_point(), TAP)
    assert told(fleet, a_reading(TAP, 5.0)) == {"TAP", "R1"}


def test_rack_reading_affects_the_rack_alone_even_when_it_only_repeats() -> None:
    fleet = Fleet()
    told(fleet, TAP, a_point())
    assert told(fleet, a_reading(a_point(), 5.0)) == {"R1"}
    assert told(fleet, a_reading(a_point(), 5.0, at(1))) == {"R1"}


@pytest.mark.parametrize(
    ("point", "racks"),
    [
        (a_point("CDU/LiquidFlow", "CDU", serves=("R1", "R2")), {"R1", "R2"}),
        (
            replace(a_point("CDU/LiquidTemperature", "CDU", serves=("R1", "R2")), is_setpoint=True),
            {"R1", "R2"},
        ),
        (a_point("CDU/LiquidTemperature", "CDU", serves=("R1", "R2")), set()),
        (a_point("CDU/PumpSpeed", "CDU", serves=("R1", "R2")), set()),
    ],
)
def test_cdu_reading_affects_the_racks_behind_it_that_are_measured_by_it(
    point: Point, racks: set[str]
) -> None:
    fleet = Fleet()
    told(fleet, point)
    assert told(fleet, a_reading(point, 5.0)) == {"CDU"} | racks


def test_meter_that_feeds_others_affects_those_it_leaves() -> None:
    fleet = Fleet()
    told(fleet, TAP)
    elsewhere = a_point("PowerMeter/ActivePower", "TAP", serves=("R2",))
    assert told(fleet, elsewhere) == {"TAP", "R1", "R2"}


def test_busway_described_affects_the_racks_behind_its_taps() -> None:
    fleet = Fleet()
    told(fleet, TAP)
    assert told(fleet, a_point("PowerMeter/Current", "BUS", serves=("TAP",))) == {
        "BUS",
        "TAP",
        "R1",
    }


def test_retraction_affects_the_racks_that_were_served() -> None:
    fleet = Fleet()
    told(fleet, TAP)
    assert told(fleet, Retraction(TAP.id)) == {"TAP", "R1"}


def test_late_reading_affects_nothing() -> None:
    fleet = Fleet()
    told(fleet, a_point(), a_reading(a_point(), 5.0))
    late = a_reading(a_point(), 4.0, at(-1))
    assert told(fleet, late) == set()


def test_first_description_knows_nothing_before() -> None:
    (change,) = tell(Fleet(), START, TAP)
    assert isinstance(change, PointDescribed)
    assert change.before is None


def test_a_finding_affects_whom_it_is_about_and_a_derived_number_nobody() -> None:
    fleet, rack = Fleet(), EntityId("R1")
    told(fleet, a_point())
    finding = Finding("balance.heat", rack, None, "so")
    changed = FindingChanged(finding, standing=True, at=START)
    assert affected(fleet, [changed]) == {rack}
    assert affected(fleet, [Derived(rack, "heat_kw", 95.5, START)]) == set()


def test_fault_that_was_raised_alters_the_document_of_its_entity() -> None:
    fault = Fault(Key("leak.detected", EntityId("R1")), id="a")
    raised = FaultChanged(fault, What.RAISED, START)
    pending = FaultChanged(fault._replace(id=""), What.PENDING, START)
    assert affected(Fleet(), [raised]) == {"R1"}
    assert affected(Fleet(), [pending]) == set()


async def test_end_is_the_end_of_the_faults_too() -> None:
    hub = Hub("e")
    hub.end()
    await hub.faults.news(0)
