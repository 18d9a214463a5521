import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from build import a_point, a_reading, tell
from live import Live, a_live_fleet
from services.api.board import (
    ALL,
    AT_ONCE,
    REST_S_PER_RACK,
    SLACK_S,
    WIDE,
    Board,
    Changes,
    Scope,
)
from twin.fleet import Fleet, Message
from twin.gist import Gist
from twin.health import gists_in_health
from twin.points import EntityId, Retraction
from twin.severity import Severity
from twin.site import RackPlace, Site
from twin.steps import run
from twin.totals import totals_of


def board_of(live: Live) -> Board:
    return Board(live.fleet, live.hub)


def ids(board: Board) -> list[str]:
    return [shown.gist.id for shown in board]


async def test_racks_that_were_there_before_are_shown_in_order() -> None:
    live = a_live_fleet(racks=3)
    board = board_of(live)
    assert await board.sync() == live.hub.revision
    assert ids(board) == ["R1", "R2", "R3"]


async def test_rack_is_worked_out_once_however_often_it_is_asked_for() -> None:
    live = a_live_fleet()
    board = board_of(live)
    await board.sync()
    before = list(board)
    live.load("R2", 11.0)
    await board.sync()
    after = list(board)
    assert [one is two for one, two in zip(before, after, strict=True)] == [True, False, True]


async def test_new_rack_takes_its_place_and_a_retracted_one_leaves() -> None:
    live = a_live_fleet(racks=2)
    board = board_of(live)
    await board.sync()
    live.add_rack("R15")
    for point in list(live.fleet.points()):
        if point.point.entity == "R1":
            live.tell(Retraction(point.point.id))
    await board.sync()
    assert ids(board) == ["R15", "R2"]


async def test_changes_are_those_in_scope_since_a_revision() -> None:
    live = a_live_fleet()
    board = board_of(live)
    since = await board.sync()
    live.load("R2", 11.0)
    live.load("R3", 12.0)
    await board.sync()
    here, gone = changes(board, Scope(racks=frozenset({"R3"})), since) or ([], [])
    assert ([shown.gist.id for shown in here], gone) == (["R3"], [])


async def test_equipment_that_changes_is_no_rack_that_left() -> None:
    live = a_live_fleet()
    board = board_of(live)
    since = await board.sync()
    live.tell(a_reading(a_point("CDU/LiquidTemperature", "CDU-1"), 31.0, live.now))
    await board.sync()
    assert changes(board, ALL, since) == ([], [])


async def test_rack_that_leaves_a_scope_is_told_once() -> None:
    live, scope = a_live_fleet(), Scope(severity_min=Severity.CRITICAL)
    board = board_of(live)
    live.leak("R1")
    since = await board.sync()
    live.recover("R1")
    middle = await board.sync()
    assert changes(board, scope, since) == ([], ["R1"])
    live.load("R1", 5.0)
    await board.sync()
    assert changes(board, scope, middle) == ([], [])


async def test_changes_the_hub_forgot_are_not_known_but_the_racks_are() -> None:
    live = a_live_fleet(racks=3, limit=2)
    board = board_of(live)
    since = await board.sync()
    for rack in ("R1", "R2", "R3"):
        live.leak(rack)
        await board.sync()
    for rack in ("R1", "R2", "R3"):
        live.load(rack, 7.0)
    await board.sync()
    assert changes(board, ALL, since) is None
    assert [shown.gist.load.value for shown in board] == [7.0, 7.0, 7.0]


async def test_others_have_their_turn_while_a_large_fleet_is_worked_out() -> None:
    live = a_live_fleet(racks=3 * AT_ONCE)
    board, turns = board_of(live), []

    async def other() -> None:
        while True:
            turns.append(len(list(board)))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(other())
        await board.sync()
        task.cancel()
    assert AT_ONCE in turns
    assert len(ids(board)) == 3 * AT_ONCE


async def test_who_is_in_no_hurry_lets_racks_rest() -> None:
    live = a_live_fleet()
    board = Board(live.fleet, live.hub)
    await board.refresh()
    before = {each.gist.id: each.gist for each in board}
    live.load("R1", 50.0)

    await board.refresh()
    assert {each.gist.id: each.gist for each in board} == before
    await asyncio.sleep(1)
    await board.refresh()
    assert {each.gist.id: each.gist for each in board} != before


async def test_ids_are_those_of_all_racks_of_now() -> None:
    live = a_live_fleet(racks=2)
    board = board_of(live)
    await board.sync()
    live.add_rack("R3")
    assert {"R1", "R2", "R3"} <= {*board.ids()}


async def test_totals_of_a_small_fleet_are_of_now_and_of_a_quiet_one_kept() -> None:
    live = a_live_fleet(racks=2)
    board = board_of(live)
    await board.sync()
    first = board.totals()
    assert board.totals() is first
    live.load("R1", 10.0)
    await board.sync()
    await asyncio.sleep(0.001)
    assert board.totals().power.value == 49.0


@given(st.data())
async def test_board_shows_what_the_fleet_says(data: st.DataObject) -> None:
    live = a_live_fleet(racks=2)
    board = board_of(live)
    for _ in range(data.draw(st.integers(1, 5))):
        rack = data.draw(st.sampled_from(["R1", "R2", "R3"]))
        if data.draw(st.booleans()):
            live.leak(rack, data.draw(st.sampled_from([0.0, 1.0])))
        else:
            live.tell(Retraction(a_point("Rack/RackPower", rack).id))
        if data.draw(st.booleans()):
            await board.sync()
    await board.sync()
    assert [shown.gist for shown in board] == racks_of(live.fleet)


def racks_of(fleet: Fleet) -> list[object]:
    return [*gists_in_health(fleet)]


async def test_equipment_is_known_by_its_ids_as_it_comes_and_goes() -> None:
    live = a_live_fleet(racks=2)
    board = board_of(live)
    await board.sync()
    before = board.equipment()
    live.show(a_point("Pump/PumpSpeed", "A-1"))
    for point in list(live.fleet.points()):
        if point.point.entity == "R2-TAP":
            live.tell(Retraction(point.point.id))
    await board.sync()
    assert before == ["CDU-1", "PUB", "R1-TAP", "R2-TAP"]
    assert board.equipment() == ["A-1", "CDU-1", "PUB", "R1-TAP"]
    assert ids(board) == ["R1", "R2"]


async def test_scope_upstream_has_the_faults_of_the_entity_and_of_all_behind_it() -> None:
    live = a_live_fleet()
    for rack in ("R1", "R2"):
        live.leak(rack)
    live.show(a_point("CDU/LeakDetect", "CDU-1", serves=("R1", "R2", "R3")))
    standing = live.fleet.faults.standing()

    def entities(scope: Scope) -> set[str]:
        return {each.key.entity for each in standing if scope.holds_fault(each, live.fleet)}

    assert entities(Scope(upstream="CDU-1")) == {"R1", "R2", "CDU-1"}
    assert entities(Scope(upstream="R2-TAP")) == {"R2"}
    assert entities(Scope(racks=frozenset({"R1"}))) == {"R1"}


async def test_fault_that_was_bad_enough_stays_in_its_scope_until_it_is_over() -> None:
    live = a_live_fleet()
    live.leak("R1")
    (fault,) = live.fleet.faults.standing()
    milder = fault._replace(severity_now=Severity.WARNING)
    never = milder._replace(severity_max=Severity.WARNING)
    scope = Scope(severity_min=Severity.CRITICAL)
    assert scope.holds_fault(milder, live.fleet)
    assert not scope.holds_fault(never, live.fleet)


LARGE = AT_ONCE + 3


def of(*racks: str) -> Scope:
    return Scope(racks=frozenset(racks))


def loads(board: Board, *racks: str) -> list[float | None]:
    found = {shown.gist.id: shown.gist.load.value for shown in board}
    return [found[EntityId(each)] for each in racks]


def changes(board: Board, scope: Scope, since: int) -> Changes | None:
    return run(board.changes(scope, since))


def told(board: Board, scope: Scope, since: int) -> tuple[list[str], list[str]]:
    found = changes(board, scope, since)
    assert found is not None
    return [shown.gist.id for shown in found[0]], [str(each) for each in found[1]]


async def test_of_a_large_fleet_those_few_are_worked_out_that_are_asked_for() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), of("R1")
    since = await board.sync()
    live.load("R1", 5.0)
    live.load("R2", 6.0)
    assert await board.sync(scope) == live.hub.revision
    assert loads(board, "R1", "R2") == [5.0, 39.0]
    assert told(board, scope, since) == (["R1"], [])
    assert [shown.gist.id for shown in board.within(scope)] == ["R1"]
    await board.sync()
    assert loads(board, "R1", "R2") == [5.0, 6.0]
    assert {*told(board, ALL, since)[0]} == {"R1", "R2"}


async def test_of_a_fleet_that_was_never_summed_up_all_is_worked_out_first() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    await board.sync(of("R1"))
    assert (len(list(board)), board.totals().racks) == (LARGE, LARGE)


async def test_few_that_change_least_recently_are_told_first() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    since = await board.sync()
    for rack in ("R9", "R2", "R5", "R1"):
        live.load(rack, 5.0)
    scope = of("R5", "R2", "R9", "R7")
    await board.sync(scope)
    assert told(board, scope, since) == (["R9", "R2", "R5"], [])


async def test_rack_is_told_to_leave_the_few_that_somebody_feeds_and_to_join_them() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), Scope(upstream="R2-TAP")
    since = await board.sync()
    live.show(a_point("PowerMeter/ActivePower", "R2-TAP", serves=("R3",)), 40.0)
    for kind in ("CurrentLimit", "Voltage"):
        live.show(a_point(f"PowerMeter/{kind}", "R2-TAP", serves=("R3",)))
    then = await board.sync(scope)
    here, gone = told(board, scope, since)
    assert (set(here), gone) == ({"R3"}, ["R2"])
    assert [shown.gist.id for shown in board.within(scope)] == ["R3"]
    live.load("R2", 5.0)
    live.load("R3", 6.0)
    await board.sync(scope)
    assert told(board, scope, then) == (["R3"], [])


async def test_few_of_which_the_hub_forgot_are_not_known() -> None:
    live = a_live_fleet(racks=LARGE, limit=2)
    board = board_of(live)
    await board.sync()
    since = live.hub.revision
    for rack in ("R1", "R2", "R3"):
        live.load(rack, 7.0)
    await board.sync(of("R1"))
    assert changes(board, of("R1"), since) is None


async def test_many_racks_are_no_few_whoever_asks_for_them() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    await board.sync()
    wide = (of(*(f"R{each}" for each in range(LARGE))), Scope(upstream="CDU-1"), ALL)
    assert {board.rested_at(each) for each in wide} == {WIDE * LARGE * REST_S_PER_RACK}
    live.load("R1", 5.0)
    await asyncio.sleep(1)
    await board.sync(wide[1])
    assert board.totals().power.value == totals_of(gists_in_health(live.fleet)).power.value


async def test_who_listens_to_few_racks_rests_where_there_are_many_who_do() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), of(*(f"R{each}" for each in range(1, AT_ONCE + 1)))
    await board.sync()
    turns = 0
    while board.rested_at(scope) <= 0:
        for each in sorted(scope.racks):
            live.load(each, float(turns))
        await board.sync(scope)
        turns += 1
    assert turns == round(SLACK_S / (AT_ONCE * REST_S_PER_RACK)) + 1


async def test_work_that_nobody_waits_for_any_more_is_done_by_the_next() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    await board.sync()
    await asyncio.sleep(1)
    live.load("R1", 50.0)
    steps = board.syncing()
    next(steps)  # the racks are worked out, and being summed up
    before = board.totals()
    await board.sync()
    assert board.totals() is before  # somebody is at it
    steps.close()
    await board.sync()
    assert board.totals() is not before


async def test_groups_of_a_large_fleet_leave_others_their_turn_and_are_kept() -> None:
    live = a_live_fleet(racks=3)
    site = Site(racks={EntityId(f"R{each}"): RackPlace("H", str(each)) for each in (1, 2, 3)})
    live.hub.publish(live.fleet.configure(site))
    board = board_of(live)
    await board.sync()
    first, second = await asyncio.gather(board.groups(), board.groups())
    assert [group.row for group in first.rows] == ["1", "2", "3"]
    assert await board.groups() is second


@settings(max_examples=20)
@given(st.data())
async def test_who_listens_to_few_ends_with_what_the_fleet_says_of_them(
    data: st.DataObject,
) -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    scope = data.draw(st.sampled_from([of("R1", "R2", "NEW"), Scope(upstream="R2-TAP")]))
    at = await board.sync()
    has = {shown.gist.id: shown.gist for shown in board.within(scope)}
    for _ in range(data.draw(st.integers(1, 8))):
        _happen(live, data)
        if data.draw(st.booleans()):
            await board.sync(data.draw(st.sampled_from([ALL, of("R1")])))
        if data.draw(st.booleans()):
            at = await _hear(board, scope, at, has)
    await _hear(board, scope, at, has)
    assert has == {each.id: each for each in gists_in_health(live.fleet) if scope.holds(each)}


async def _hear(board: Board, scope: Scope, at: int, has: dict[EntityId, Gist]) -> int:
    """Go on with what changed."""
    revision = await board.sync(scope)
    found = changes(board, scope, at)
    assert found is not None
    has |= {shown.gist.id: shown.gist for shown in found.here}
    for each in found.gone:
        has.pop(each, None)
    return revision


def _happen(live: Live, data: st.DataObject) -> None:
    rack = data.draw(st.sampled_from(["R1", "R2", "R3", "NEW"]))
    what = data.draw(st.sampled_from(["load", "leak", "gone", "fed"]))
    if what == "load":
        live.show(a_point("Rack/RackPower", rack), data.draw(st.sampled_from([5.0, 6.0])))
    elif what == "leak":
        live.leak(rack, data.draw(st.sampled_from([0.0, 1.0])))
    elif what == "fed":
        serves = data.draw(st.sampled_from([(), (rack,), ("R1", "R3")]))
        for kind in ("ActivePower", "CurrentLimit", "Voltage"):
            live.show(a_point(f"PowerMeter/{kind}", "R2-TAP", serves=serves))
    else:
        for point in [each.point for each in live.fleet.points() if each.point.entity == rack]:
            live.tell(Retraction(point.id))


def unseen(live: Live, *messages: Message) -> None:
    """Tell what nobody works out whom it alters."""
    tell(live.fleet, live.now, *messages)
    live.hub.miss()


def power(rack: str, load_kw: float, live: Live) -> Message:
    return a_reading(a_point("Rack/RackPower", rack), load_kw, live.now)


def gone(live: Live, rack: str) -> list[Message]:
    return [Retraction(each.point.id) for each in live.fleet.points() if each.point.entity == rack]


async def test_board_over_a_hub_that_misses_is_as_new_as_the_fleet() -> None:
    live = a_live_fleet(racks=3)
    board = board_of(live)
    since = await board.sync()
    for messages in (
        [power("R1", 5.0, live)],
        [a_point("Rack/RackPower", "R4")],
        gone(live, "R2"),
        [power("R3", 6.0, live)],
    ):
        unseen(live, *messages)
        assert await board.sync() == live.hub.revision
        assert [shown.gist for shown in board] == racks_of(live.fleet)
        assert changes(board, ALL, since) is None
        since = live.hub.revision
        assert changes(board, ALL, since) == ([], [])
    assert ids(board) == ["R1", "R3", "R4"]
    live.load("R3", 7.0)
    await board.sync()
    assert told(board, ALL, since) == (["R3"], [])


async def test_few_over_a_hub_that_misses_are_as_new_as_the_fleet() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), of("R1", "R2", "NEW")
    since = await board.sync()
    for messages, racks in (
        ([power("R1", 5.0, live)], ["R1", "R2"]),
        ([a_point("Rack/RackPower", "NEW")], ["NEW", "R1", "R2"]),
        (gone(live, "R2"), ["NEW", "R1"]),
    ):
        unseen(live, *messages)
        assert await board.sync(scope) == live.hub.revision
        asked = [shown.gist for shown in board.within(scope)]
        assert [each.id for each in asked] == racks
        assert asked == [each for each in gists_in_health(live.fleet) if scope.holds(each)]
        assert changes(board, scope, since) is None
        since = live.hub.revision
        assert changes(board, scope, since) == ([], [])
    await board.sync()
    assert [shown.gist for shown in board] == racks_of(live.fleet)


async def test_few_that_did_not_change_are_not_worked_out_again() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), of("R1", "R2")
    await board.sync()
    before = board.within(scope)
    live.load("R2", 5.0)
    live.load("R3", 5.0)
    await board.sync(scope)
    after = board.within(scope)
    assert [one is two for one, two in zip(before, after, strict=True)] == [True, False]
    await board.sync(scope)
    again = board.within(scope)
    assert [one is two for one, two in zip(after, again, strict=True)] == [True, True]


async def test_few_of_which_the_hub_forgot_are_worked_out_again() -> None:
    live = a_live_fleet(racks=LARGE, limit=2)
    board = board_of(live)
    await board.sync()
    for rack in ("R1", "R2", "R3", "R4"):
        live.load(rack, 7.0)
    await board.sync(of("R1"))
    assert loads(board, "R1", "R2") == [7.0, 39.0]


async def test_few_are_told_what_was_worked_out_for_somebody_with_all() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), Scope(frozenset({"R1", "R2"}), severity_min=Severity.CRITICAL)
    live.leak("R2")
    since = await board.sync()
    live.leak("R1")
    live.recover("R2")
    await board.sync()
    shown = [*board]
    live.load("R3", 5.0)
    revision = await board.sync(scope)
    assert revision == live.hub.revision
    assert [one is two for one, two in zip(shown, board, strict=True)] == [True] * LARGE
    assert told(board, scope, since) == (["R1"], ["R2"])
    assert told(board, scope, revision) == ([], [])


async def test_who_has_all_is_told_what_was_worked_out_for_few() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    leaks = Scope(severity_min=Severity.CRITICAL)
    live.leak("R2")
    since = await board.sync()
    live.leak("R1")
    live.recover("R2")
    for message in gone(live, "R3"):
        live.tell(message)
    live.load("R4", 5.0)
    await board.sync(of("R1", "R2", "R3", "R4"))
    await board.sync()
    assert [shown.gist for shown in board] == racks_of(live.fleet)
    here, left = told(board, ALL, since)
    assert ({"R1", "R2", "R4"} <= {*here}, left) == (True, ["R3"])
    here, left = told(board, leaks, since)
    assert here == ["R1"]
    assert {"R2", "R3"} <= {*left}


async def test_what_was_worked_out_for_few_is_not_worked_out_again_for_all() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), of("R1", "R2")
    await board.sync()
    live.load("R1", 5.0)
    live.load("R3", 5.0)
    await board.sync(scope)
    before = [*board]
    await board.sync()
    after = [*board]
    changed = [one.gist.id for one, two in zip(before, after, strict=True) if one is not two]
    assert changed == ["R3"]


async def test_what_was_worked_out_for_few_meanwhile_is_not_worked_out_again_for_all() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    await board.sync()
    for number in range(LARGE):
        live.load(f"R{number + 1}", 5.0)
    steps = board.syncing()
    next(steps)  # all but the last three
    last = of(*(f"R{number + 1}" for number in range(LARGE)[AT_ONCE:]))
    for _ in board.syncing(last):
        raise AssertionError("few take one step")
    shown = board.within(last)
    assert [each.gist.load.value for each in shown] == [5.0] * 3
    for _ in steps:
        pass
    assert [one is two for one, two in zip(shown, board.within(last), strict=True)] == [True] * 3


async def test_ids_of_no_rack_are_not_kept_and_nobody_rests_for_them() -> None:
    live = a_live_fleet(racks=LARGE)
    board = board_of(live)
    await board.sync()
    kept, rested = sizes(board), board.rested_at(of("R1"))
    for turn in range(50):
        scope = of(*(f"no rack {turn} {number}" for number in range(AT_ONCE)))
        assert await board.sync(scope) == live.hub.revision
        assert (board.within(scope), changes(board, scope, live.hub.revision)) == ([], ([], []))
    assert (sizes(board), board.rested_at(of("R1"))) == (kept, rested)


async def test_rack_that_left_is_not_kept_and_comes_back() -> None:
    live = a_live_fleet(racks=LARGE)
    board, scope = board_of(live), of("R1")
    since = await board.sync()
    kept = sizes(board)["_worked_out"]
    for message in gone(live, "R1"):
        live.tell(message)
    middle = await board.sync(scope)
    assert told(board, scope, since) == ([], ["R1"])
    assert sizes(board)["_worked_out"] == kept - 1
    await board.sync(scope)
    assert board.within(scope) == []
    live.show(a_point("Rack/RackPower", "R1"), 5.0)
    await board.sync(scope)
    assert told(board, scope, middle) == (["R1"], [])
    assert loads(board, "R1") == [5.0]


def sizes(board: Board) -> dict[str, int]:
    """How much it keeps."""
    return {name: len(held) for name, held in vars(board).items() if isinstance(held, dict | list)}
