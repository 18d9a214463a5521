import asyncio

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.hub import DEPTH, Hub
from twin.points import EntityId

IDS = [EntityId(name) for name in "ABCDE"]


def ids(names: str) -> list[EntityId]:
    return [EntityId(name) for name in names]


def test_batch_is_one_revision() -> None:
    hub = Hub("e")
    hub.publish(ids("AB"))
    assert (hub.revision, hub.since(0)) == (1, ids("AB"))


def test_what_changed_is_a_revision_although_it_is_nobody_of_whom_readers_are_told() -> None:
    hub = Hub("e")
    hub.publish(ids("A"))
    hub.publish([])
    assert (hub.revision, hub.since(0), hub.since(1)) == (2, ids("A"), [])


def test_revisions_of_nobody_are_bounded_and_what_was_told_before_them_is_still_known() -> None:
    hub = Hub("e")
    hub.publish(ids("A"))
    for _ in range(2 * DEPTH):
        hub.publish([])
    assert (hub.since(0), hub.since(1), hub.since(DEPTH + 2)) == (ids("A"), [], [])


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
    for batch in batches:
        hub.publish(batch)
    revision = data.draw(st.integers(0, hub.revision))
    assert set(hub.since(revision) or ()) == {
        each for batch in batches[revision:] for each in batch
    }


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


async def test_end_is_the_end_of_the_faults_too() -> None:
    hub = Hub("e")
    hub.end()
    await hub.faults.news(0)
