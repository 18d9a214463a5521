import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from build import a_point
from live import Event, Live, a_live_fleet, parse
from services.api.board import AT_ONCE, REST_S_PER_RACK, Board, Scope
from services.api.follow import BOOKMARK_S, Pace, follow
from services.api.frames import Frames, Position, View
from services.api.slices import DOCUMENTS
from services.fault_log import FaultLog
from services.hub import Hub
from twin.points import EntityId

EVERYTHING = View()


def listen(
    live: Live, max_hz: float = 10.0, had: Position | None = None, view: View = EVERYTHING
) -> AsyncGenerator[bytes]:
    return follow(Frames(Board(live.fleet, live.hub), live.clock), view, max_hz, had)


async def take(frames: AsyncGenerator[bytes], number: int) -> list[Event]:
    return [parse(await anext(frames)) for _ in range(number)]


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_client_is_greeted_and_sees_everything() -> None:
    async with aclosing(listen(a_live_fleet())) as frames:
        hello, snapshot = await take(frames, 2)
    assert names([hello, snapshot]) == ["hello", "snapshot"]
    assert (hello.id, hello.data["resumed"]) == (None, False)


async def test_idle_client_is_told_at_once() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        async with asyncio.TaskGroup() as tasks:
            heard = tasks.create_task(take(frames, 1))
            await asyncio.sleep(1.234)
            at = now()
            live.load("R1", 5.0)
            assert (await heard)[0].data["i"] == ["R1"]
            assert now() == at


async def test_every_delta_goes_on_from_the_one_before() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live)) as frames:
        (_, snapshot) = await take(frames, 2)
        rev = snapshot.data["rev"]
        for load in (5.0, 6.0, 7.0):
            live.load("R1", load)
            (delta,) = await take(frames, 1)
            assert delta.data["prev"] == rev
            rev = delta.data["rev"]


async def test_what_changes_often_is_told_as_often_as_the_client_wants() -> None:
    live = a_live_fleet()

    async def change() -> None:
        while True:
            live.wait(0.01)
            live.load("R1", now())
            await asyncio.sleep(0.01)

    async with aclosing(listen(live, max_hz=2)) as frames, asyncio.TaskGroup() as tasks:
        await take(frames, 2)
        task = tasks.create_task(change())
        times = []
        for _ in range(6):
            (delta,) = await take(frames, 1)
            assert delta.name == "delta"
            times.append(now())
        task.cancel()
    assert all(later - at >= 0.5 - 1e-3 for at, later in pairwise(times))
    assert times[-1] - times[1] <= 2.0 + 1e-6


async def test_slow_client_gets_one_delta_for_all_it_missed() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        for load in range(100):
            live.wait(0.01)
            live.load(f"R{1 + load % 3}", load)
            await asyncio.sleep(0.01)
        (delta,) = await take(frames, 1)
        assert sorted(delta.data["i"]) == ["R1", "R2", "R3"]
        assert max(delta.data["c"]["load_kw"]) == 99.0


async def test_bookmark_comes_when_nothing_changes() -> None:
    async with aclosing(listen(a_live_fleet())) as frames:
        (_, snapshot) = await take(frames, 2)
        at = now()
        first, second = await take(frames, 2)
        assert names([first, second]) == ["bookmark", "bookmark"]
        assert now() - at == 2 * BOOKMARK_S
        assert first.data["rev"] == snapshot.data["rev"]


async def test_bookmark_comes_to_a_client_that_always_has_news() -> None:
    live = a_live_fleet()
    heard: list[Event] = []
    async with aclosing(listen(live)) as frames:
        for second in range(12):
            live.wait(1)
            live.load("R1", second)
            await asyncio.sleep(1)
            heard += await take(frames, 1)
    assert "bookmark" in names(heard)


async def test_change_that_the_client_does_not_see_leaves_no_hole() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live)) as frames:
        (_, snapshot) = await take(frames, 2)
        live.hub.publish([EntityId("CDU-1")])
        (bookmark,) = await take(frames, 1)
        live.load("R1", 5.0)
        (delta,) = await take(frames, 1)
    assert bookmark.data["rev"] == snapshot.data["rev"] == delta.data["prev"]


async def test_client_that_comes_back_gets_one_delta_of_what_it_missed() -> None:
    live = a_live_fleet()
    seen = live.hub.revision
    live.load("R2", 5.0)
    live.load("R3", 6.0)
    async with aclosing(listen(live, had=Position(seen, 0))) as frames:
        hello, delta = await take(frames, 2)
    assert (hello.id, hello.data["resumed"]) == (f"e1:{seen}:0", True)
    assert (delta.name, delta.data["prev"], delta.data["i"]) == ("delta", seen, ["R2", "R3"])


async def test_client_that_missed_nothing_gets_nothing_but_a_greeting() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live, had=Position(live.hub.revision, 0))) as frames:
        assert names(await take(frames, 2)) == ["hello", "bookmark"]


async def test_client_behind_what_the_hub_remembers_is_told_to_begin_anew() -> None:
    live = a_live_fleet(limit=2)
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        await asyncio.sleep(2)
        for rack in ("R1", "R2", "R3"):
            live.load(rack, 5.0)
        resync, snapshot, bookmark = await take(frames, 3)
    assert names([resync, snapshot, bookmark]) == ["resync", "snapshot", "bookmark"]
    assert snapshot.data["cols"]["load_kw"] == [5.0, 5.0, 5.0]


async def test_end_of_the_hub_says_goodbye_however_slow_the_pace() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live, max_hz=0.01)) as frames:
        await take(frames, 2)
        async with asyncio.TaskGroup() as tasks:
            heard = tasks.create_task(take(frames, 1))
            await asyncio.sleep(1)
            at = now()
            live.hub.end()
            assert names(await heard) == ["bye"]
            assert now() == at
        assert [frame async for frame in frames] == []


async def test_clients_of_one_pace_are_told_the_same_bytes() -> None:
    live = a_live_fleet()
    frames = Frames(Board(live.fleet, live.hub), live.clock)
    clients = [follow(frames, View()) for _ in range(3)]
    for client in clients:
        await take(client, 2)
        await asyncio.sleep(0.013)
    for load in range(4):
        live.wait(0.03)
        live.load("R1", load)
        async with asyncio.TaskGroup() as tasks:
            heard = [tasks.create_task(anext(client)) for client in clients]
        assert len({id(task.result()) for task in heard}) == 1
    for client in clients:
        await client.aclose()


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20), st.sampled_from([1.0, 3.0, 10.0]))
async def test_turns_are_never_closer_than_the_pace_allows(gaps_ms: list[int], hz: float) -> None:
    hub, pace, turns = Hub("e"), Pace(hz), []

    async def tell() -> None:
        for gap_ms in gaps_ms:
            await asyncio.sleep(gap_ms / 1000)
            hub.publish([EntityId("R1")])
        hub.end()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tell())
        while not hub.ended.is_set():
            await pace.news(hub, Position(hub.revision, 0))
            turns.append(now())
    told = turns[:-1]  # the last is the end, which does not wait
    assert all(b - a >= 1 / hz - 1e-3 for a, b in pairwise(told))


async def test_fault_is_told_at_once_however_slow_the_pace() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live, max_hz=0.1)) as frames:
        await take(frames, 2)
        live.load("R2", 5.0)
        await take(frames, 1)
        async with asyncio.TaskGroup() as tasks:
            heard = tasks.create_task(take(frames, 1))
            await asyncio.sleep(1)
            since = now()
            live.leak("R1")
            (fault,) = await heard
            assert now() == since
    assert (fault.name, fault.data["entity"], fault.data["what"]) == ("fault", "R1", "RAISED")


async def test_every_change_of_a_fault_is_told_once_with_the_next_number() -> None:
    live = a_live_fleet()
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        live.leak("R1")
        live.recover("R1")
        heard = await take(frames, 6)
    told = [event.data for event in heard if event.name == "fault"]
    assert [each["seq"] for each in told] == [1, 2, 3, 4, 5]
    assert [each["what"] for each in told] == [
        "RAISED",
        "CLEARING",
        "CLEARED",
        "ACKNOWLEDGED",
        "RESET",
    ]
    assert heard[-1].name == "delta"
    assert heard[-1].id == f"e1:{live.hub.revision}:5"


async def test_client_that_comes_back_hears_of_every_fault_that_it_missed() -> None:
    live = a_live_fleet()
    live.leak("R1")
    had = Position(live.hub.revision, live.hub.faults.seq)
    live.leak("R2")
    live.leak("R3")
    async with aclosing(listen(live, had=had)) as frames:
        hello, *faults, delta = await take(frames, 4)
    assert (hello.data["resumed"], hello.data["seq"]) == (True, 1)
    assert [event.data["entity"] for event in faults] == ["R2", "R3"]
    assert [event.id for event in faults] == [f"e1:{had.revision}:2", f"e1:{had.revision}:3"]
    assert delta.data["i"] == ["R2", "R3"]


async def test_client_whose_racks_are_not_known_hears_of_its_faults_before_the_snapshot() -> None:
    live = a_live_fleet(limit=2)
    live.leak("R1")
    had = Position(0, 0)
    async with aclosing(listen(live, had=had)) as frames:
        hello, fault, snapshot = await take(frames, 3)
    assert hello.data["resumed"] is False
    assert (fault.name, fault.id, fault.data["seq"]) == ("fault", None, 1)
    assert (snapshot.name, snapshot.data["seq"]) == ("snapshot", 1)


async def test_client_whose_faults_are_not_known_is_told_so_and_begins_anew() -> None:
    live = a_live_fleet()
    live.hub.faults = FaultLog(ring=1)
    live.leak("R1")
    live.leak("R2")
    async with aclosing(listen(live, had=Position(live.hub.revision, 0))) as frames:
        hello, gap, snapshot = await take(frames, 3)
    assert hello.data["resumed"] is False
    assert (gap.name, gap.data) == ("gap", {"from_seq": 1, "to_seq": 2})
    assert [each["entity"] for each in snapshot.data["faults"]] == ["R1", "R2"]


async def test_client_that_falls_behind_the_faults_is_told_so_and_begins_anew() -> None:
    live = a_live_fleet()
    live.hub.faults = FaultLog(ring=1)
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        await asyncio.sleep(2)
        live.leak("R1")
        live.leak("R2")
        gap, snapshot, bookmark = await take(frames, 3)
    assert names([gap, snapshot, bookmark]) == ["gap", "snapshot", "bookmark"]
    assert snapshot.data["seq"] == bookmark.data["seq"] == 2


async def test_fault_outside_the_view_is_not_told_and_leaves_no_hole() -> None:
    live = a_live_fleet()
    view = View(Scope(frozenset({"R2"})))
    async with aclosing(listen(live, view=view)) as frames:
        await take(frames, 2)
        live.leak("R1")
        bookmark, *_ = await take(frames, 1)
        live.leak("R2")
        (fault, *_) = await take(frames, 1)
    assert (bookmark.name, bookmark.data["seq"]) == ("bookmark", 1)
    assert (fault.data["entity"], fault.data["seq"]) == ("R2", 2)


async def test_many_faults_at_once_leave_others_their_turn() -> None:
    live = a_live_fleet()
    live.show(a_point("Rack/RackLeakDetect", "R1"), 0.0)
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        racks = [f"S{number:03}" for number in range(DOCUMENTS + 1)]
        for rack in racks:
            live.leak(rack)
        heard = await take(frames, len(racks))
    assert [event.data["entity"] for event in heard] == racks


MANY = [f"S{number:03}" for number in range(8 * AT_ONCE)]


def with_many(live: Live) -> Live:
    """With so many more racks that they are worked out in eight slices."""
    for rack in MANY:
        live.leak(rack, 0.0)
    return live


def changed(live: Live) -> None:
    """Let all of the many change at once."""
    live.hub.publish(map(EntityId, MANY))


async def soon(live: Live, *racks: str) -> None:
    """Let racks leak, each a turn of the loop later."""
    for rack in racks:
        await asyncio.sleep(0)
        live.leak(rack)


async def test_faults_leave_between_the_slices_of_a_delta() -> None:
    live = with_many(a_live_fleet())
    async with aclosing(listen(live)) as frames, asyncio.TaskGroup() as tasks:
        (_, snapshot) = await take(frames, 2)
        await asyncio.sleep(1)  # it rests after a snapshot
        changed(live)
        tasks.create_task(soon(live, "R1", "R2"))
        first, second, delta = await take(frames, 3)
    rev = snapshot.data["rev"]
    assert names([first, second, delta]) == ["fault", "fault", "delta"]
    assert [first.id, second.id] == [f"e1:{rev}:1", f"e1:{rev}:2"]
    assert delta.id == f"e1:{rev + 1}:2"
    assert delta.data["prev"] == rev
    assert set(MANY) <= set(delta.data["i"])


async def test_after_many_racks_it_rests_and_faults_do_not_wait_for_that() -> None:
    live = with_many(a_live_fleet())
    async with aclosing(listen(live)) as frames:
        await take(frames, 2)
        await asyncio.sleep(1)
        changed(live)
        await take(frames, 1)
        since = now()
        changed(live)
        live.leak("R1")
        (fault,) = await take(frames, 1)
        assert (fault.name, now()) == ("fault", since)
        (delta,) = await take(frames, 1)
        assert delta.name == "delta"
        assert now() - since >= len(MANY) * REST_S_PER_RACK


async def test_bookmark_works_out_no_racks_where_somebody_did_a_moment_ago() -> None:
    live = with_many(a_live_fleet())
    board = Board(live.fleet, live.hub)
    async with aclosing(follow(Frames(board, live.clock), EVERYTHING, 0.1)) as frames:
        await take(frames, 2)
        live.load("R1", 1.0)
        await take(frames, 1)
        since = now()
        await asyncio.sleep(BOOKMARK_S - 0.1)
        changed(live)
        await board.sync()
        live.load("R1", 2.0)
        (first,) = await take(frames, 1)
        at = now() - since
        before = {shown.gist.id: shown.gist.load.value for shown in board}[EntityId("R1")]
        (second,) = await take(frames, 1)
        after = {shown.gist.id: shown.gist.load.value for shown in board}[EntityId("R1")]
    assert names([first, second]) == ["bookmark", "bookmark"]
    assert (at, before, after) == (BOOKMARK_S, 1.0, 2.0)


async def test_client_of_few_racks_hears_of_them_while_those_of_all_rest() -> None:
    live = with_many(a_live_fleet())
    frames = Frames(Board(live.fleet, live.hub), live.clock)
    few = View(Scope(racks=frozenset({"R1"})))
    async with (
        aclosing(follow(frames, EVERYTHING)) as all_racks,
        aclosing(follow(frames, few)) as one,
    ):
        await take(all_racks, 2)
        await take(one, 2)
        await asyncio.sleep(1)
        changed(live)
        await take(all_racks, 1)
        since = now()
        changed(live)
        live.load("R1", 5.0)
        (narrow,) = await take(one, 1)
        at = now() - since
        (wide,) = await take(all_racks, 1)
    assert (narrow.data["i"], narrow.data["c"]["load_kw"]) == (["R1"], [5.0])
    assert "R1" in wide.data["i"]
    assert at <= 0.1 < now() - since


async def test_faults_leave_between_the_slices_that_a_bookmark_waits_for() -> None:
    live = with_many(a_live_fleet())
    async with aclosing(listen(live, max_hz=0.1)) as frames, asyncio.TaskGroup() as tasks:
        await take(frames, 2)
        live.load("R2", 5.0)
        await take(frames, 1)
        await asyncio.sleep(BOOKMARK_S)
        changed(live)
        tasks.create_task(soon(live, "R1"))
        fault, bookmark = await take(frames, 2)
    assert names([fault, bookmark]) == ["fault", "bookmark"]
    assert bookmark.data["seq"] == fault.data["seq"] == 1


async def test_few_racks_are_told_between_the_slices_that_a_bookmark_waits_for() -> None:
    live = with_many(a_live_fleet())
    few = View(Scope(racks=frozenset({"R1"})))
    async with aclosing(listen(live, view=few)) as frames, asyncio.TaskGroup() as tasks:
        await take(frames, 2)
        live.load("R1", 4.0)
        await take(frames, 1)
        await asyncio.sleep(BOOKMARK_S)
        changed(live)
        tasks.create_task(loaded(live))
        delta, bookmark = await take(frames, 2)
    assert names([delta, bookmark]) == ["delta", "bookmark"]
    assert (delta.data["i"], delta.data["c"]["load_kw"]) == (["R1"], [5.0])
    assert bookmark.data["rev"] == delta.data["rev"]


async def loaded(live: Live) -> None:
    live.load("R1", 5.0)


async def test_snapshot_between_the_slices_of_a_delta_takes_its_place() -> None:
    live = with_many(a_live_fleet())
    live.hub.faults = FaultLog(ring=1)
    async with aclosing(listen(live)) as frames, asyncio.TaskGroup() as tasks:
        await take(frames, 2)
        await asyncio.sleep(2)
        changed(live)
        tasks.create_task(both(live))
        gap, snapshot = await take(frames, 2)
        live.load("R3", 7.0)
        (delta,) = await take(frames, 1)
    assert names([gap, snapshot, delta]) == ["gap", "snapshot", "delta"]
    assert delta.data["prev"] == snapshot.data["rev"] == live.hub.revision - 1
    assert delta.data["i"] == ["R3"]


async def both(live: Live) -> None:
    """Let two racks leak within one turn of the loop."""
    live.leak("R1")
    live.leak("R2")
    await asyncio.sleep(0)
