import asyncio

from hypothesis import given
from hypothesis import strategies as st

from build import a_point, a_reading
from live import Live, a_live_fleet
from services.api.board import ALL, AT_ONCE, Board, Scope
from twin.fleet import Fleet
from twin.health import racks_in_health
from twin.points import EntityId, Retraction
from twin.severity import Severity


def board_of(live: Live) -> Board:
    return Board(live.fleet, live.hub)


def ids(board: Board) -> list[str]:
    return [shown.rack.id for shown in board]


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
    here, gone = board.changes(Scope(racks=frozenset({"R3"})), since) or ([], [])
    assert ([shown.rack.id for shown in here], gone) == (["R3"], [])


async def test_equipment_that_changes_is_no_rack_that_left() -> None:
    live = a_live_fleet()
    board = board_of(live)
    since = await board.sync()
    live.tell(a_reading(a_point("CDU/LiquidTemperature", "CDU-1"), 31.0, live.now))
    await board.sync()
    assert board.changes(ALL, since) == ([], [])


async def test_rack_that_leaves_a_scope_is_told_once() -> None:
    live, scope = a_live_fleet(), Scope(severity_min=Severity.CRITICAL)
    board = board_of(live)
    live.leak("R1")
    since = await board.sync()
    live.recover("R1")
    middle = await board.sync()
    assert board.changes(scope, since) == ([], ["R1"])
    live.load("R1", 5.0)
    await board.sync()
    assert board.changes(scope, middle) == ([], [])


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
    assert board.changes(ALL, since) is None
    assert [shown.rack.power.load.value for shown in board] == [7.0, 7.0, 7.0]


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
    before = {each.rack.id: each.rack for each in board}
    live.load("R1", 50.0)

    await board.refresh()
    assert {each.rack.id: each.rack for each in board} == before
    await asyncio.sleep(1)
    await board.refresh()
    assert {each.rack.id: each.rack for each in board} != before


async def test_current_has_the_views_that_are_of_now_and_names_the_others() -> None:
    live = a_live_fleet(racks=2)
    board = board_of(live)
    await board.sync()
    live.load("R1", 10.0)
    live.add_rack("R3")

    found = board.current()

    assert found[EntityId("R2")] == live.fleet.rack(EntityId("R2"))
    assert {each for each in found if found[each] is None} >= {"R1", "R3"}


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
    assert [shown.rack for shown in board] == racks_of(live.fleet)


def racks_of(fleet: Fleet) -> list[object]:
    return [*racks_in_health(fleet)]


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
