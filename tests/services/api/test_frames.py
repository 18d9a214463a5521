import asyncio
import json

from build import a_point, a_reading, at
from live import Live, a_live_fleet, parse
from schemas.stream import MESSAGES, STANDARD, Column
from services.api.board import Board, Scope
from services.api.frames import AT_ONCE, DELTAS, FAULTS, PART, SNAPSHOTS, Frames, Position, View
from twin.changes import FaultChanged
from twin.points import EntityId
from twin.severity import Severity
from twin.steps import run


def frames_of(live: Live) -> Frames:
    return Frames(Board(live.fleet, live.hub), live.clock)


def happened(live: Live) -> list[tuple[int, FaultChanged]]:
    found = live.hub.faults.since(0)
    assert found is not None
    return found


async def a_delta(
    frames: Frames, view: View, seen: int, told: Position
) -> tuple[bytes | None] | None:
    revision = await frames.board.sync()
    delta = run(frames.delta(view, seen, told.revision, revision))
    return None if delta is None else (frames.dated(delta, told.seq),)


async def test_snapshot_has_every_rack_in_columns() -> None:
    live = a_live_fleet(racks=2)
    position, (frame,) = await frames_of(live).snapshot(View())
    event = parse(frame)
    assert (event.name, event.id) == ("snapshot", f"e1:{position.revision}:0")
    assert event.data["ids"] == ["R1", "R2"]
    assert event.data["cols"]["load_kw"] == [40.0, 39.0]
    assert list(event.data["cols"]) == list(STANDARD)
    assert event.data["totals"]["power_kw"]["value"] == 79.0


async def test_snapshot_of_many_racks_comes_in_parts_and_only_the_last_can_be_resumed() -> None:
    live = Live()
    for number in range(PART + 1):
        live.leak(f"R{number:04}", 0.0)
    position, parts = await frames_of(live).snapshot(View())
    events = [parse(part) for part in parts]
    assert [len(event.data["ids"]) for event in events] == [PART, 1]
    assert [(event.data["part"], event.data["parts"]) for event in events] == [(1, 2), (2, 2)]
    assert [event.id for event in events] == [None, f"e1:{position.revision}:{position.seq}"]


async def test_snapshot_of_nothing_is_one_empty_part() -> None:
    _, (frame,) = await frames_of(Live()).snapshot(View())
    assert parse(frame).data["ids"] == []


async def test_clients_that_come_together_share_a_snapshot() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    first = await frames.snapshot(View())
    live.load("R1", 5.0)
    assert await frames.snapshot(View()) == first
    await asyncio.sleep(2)
    assert (await frames.snapshot(View())).position.revision == live.hub.revision


async def test_snapshot_that_nobody_could_go_on_from_is_made_anew() -> None:
    live = a_live_fleet(limit=1)
    frames = frames_of(live)
    await frames.snapshot(View())
    live.load("R1", 5.0)
    live.load("R2", 5.0)
    assert (await frames.snapshot(View())).position.revision == live.hub.revision


async def test_delta_has_what_changed_and_equal_clients_share_its_bytes() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    seen, _ = await frames.snapshot(View())
    live.load("R2", 11.0)
    made = frames.made
    first = await a_delta(frames, View(), seen.revision, seen)
    second = await a_delta(frames, View(), seen.revision, seen)
    assert first is not None
    assert first[0] is not None
    event = parse(first[0])
    assert (event.data["prev"], event.data["rev"]) == (seen.revision, live.hub.revision)
    assert event.data["i"] == ["R2"]
    assert event.data["c"]["load_kw"] == [11.0]
    assert first == second
    assert frames.made == made + 1


async def test_view_has_only_the_fields_asked_for() -> None:
    live = a_live_fleet()
    view = View(fields=(Column.HEAT_KW,))
    _, (frame,) = await frames_of(live).snapshot(view)
    assert list(parse(frame).data["cols"]) == ["heat_kw"]


async def test_rack_that_leaves_the_view_is_removed_from_it() -> None:
    live = a_live_fleet()
    live.leak("R1")
    frames, view = frames_of(live), View(Scope(severity_min=Severity.CRITICAL))
    seen, (frame,) = await frames.snapshot(view)
    assert parse(frame).data["ids"] == ["R1"]
    live.recover("R1")
    delta = await a_delta(frames, view, seen.revision, seen)
    assert delta is not None
    assert delta[0] is not None
    assert parse(delta[0]).data["rm"] == ["R1"]


async def test_change_outside_the_view_is_no_frame() -> None:
    live = a_live_fleet()
    frames, view = frames_of(live), View(Scope(racks=frozenset({"R1"})))
    seen, _ = await frames.snapshot(view)
    live.load("R2", 11.0)
    assert await a_delta(frames, view, seen.revision, seen) == (None,)


async def test_rack_upstream_of_which_the_entity_is_not_is_no_part_of_the_view() -> None:
    live = a_live_fleet()
    view = View(Scope(upstream="R2-TAP"))
    _, (frame,) = await frames_of(live).snapshot(view)
    assert parse(frame).data["ids"] == ["R2"]


async def test_number_that_is_not_to_be_trusted_is_null() -> None:
    live = a_live_fleet(racks=1)
    live.wait(1)
    supply = a_point("Rack/RackLiquidSupplyTemperature", "R1")
    live.tell(a_reading(supply, 33.0, live.now, quality=0))
    _, (frame,) = await frames_of(live).snapshot(View())
    columns = parse(frame).data["cols"]
    assert (columns["supply_c"], columns["heat_kw"]) == ([None], [None])


async def test_bookmark_says_what_the_client_has() -> None:
    live = a_live_fleet()
    event = parse(frames_of(live).bookmark(Position(5, 7)))
    assert (event.name, event.id, event.data["rev"]) == ("bookmark", "e1:5:7", 5)
    assert event.data["seq"] == 7


async def test_no_more_frames_are_kept_than_there_is_room_for() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    seen, _ = await frames.snapshot(View())
    for number in range(DELTAS + 5):
        await a_delta(frames, View(), seen.revision, Position(number, 0))
    made = frames.made
    await a_delta(frames, View(), seen.revision, Position(0, 0))
    assert frames.made == made  # nothing changed: no frame to make
    for number in range(SNAPSHOTS + 1):
        await frames.snapshot(View(Scope(upstream=str(number))))
    made = frames.made
    await frames.snapshot(View(Scope(upstream="0")))
    assert frames.made == made + 1


async def test_every_message_is_as_described() -> None:
    live = a_live_fleet()
    live.leak("R1")
    frames = frames_of(live)
    seen, parts = await frames.snapshot(View())
    live.load("R1", 11.0)
    delta = await a_delta(frames, View(), seen.revision, seen)
    assert delta is not None
    assert delta[0] is not None
    hello = frames.hello(View(), seen, 10.0, resumed=True)
    told = [frames.fault(*each, told=1) for each in happened(live)]
    signs = [frames.bookmark(seen), frames.gap(3), frames.resync(), frames.bye(5)]
    sent = [hello, *parts, delta[0], *told, *signs]
    for event in map(parse, sent):
        MESSAGES[event.name].model_validate_json(
            json.dumps(event.data), by_alias=True, by_name=True
        )
    assert {parse(frame).name for frame in sent} == set(MESSAGES)


async def test_snapshot_has_every_fault_that_is_not_over_and_noted() -> None:
    live = a_live_fleet()
    live.leak("R2")
    live.leak("R1")
    position, (frame,) = await frames_of(live).snapshot(View())
    event = parse(frame)
    assert [each["entity"] for each in event.data["faults"]] == ["R1", "R2"]
    assert position.seq == event.data["seq"] == 2
    assert event.id == f"e1:{position.revision}:2"


async def test_snapshot_of_few_racks_and_many_faults_comes_in_parts() -> None:
    live = a_live_fleet(1)
    live.now = at(1)
    leaks = [a_point("Rack/RackLeakDetect", "R1", tag=str(number)) for number in range(FAULTS + 1)]
    live.tell(*leaks, *(a_reading(each, 1.0, live.now) for each in leaks))
    _, parts = await frames_of(live).snapshot(View())
    assert [len(parse(part).data["faults"]) for part in parts] == [FAULTS, 1]
    assert [len(parse(part).data["ids"]) for part in parts] == [1, 0]


async def test_what_happened_to_a_fault_is_told_in_bytes_that_are_made_once() -> None:
    live = a_live_fleet()
    live.leak("R1")
    frames = frames_of(live)
    ((seq, change),) = happened(live)
    told, untold = frames.fault(seq, change, 5), frames.fault(seq, change, None)
    event = parse(told)
    assert (event.name, event.id, parse(untold).id) == ("fault", "e1:5:1", None)
    assert (event.data["seq"], event.data["what"], event.data["code"]) == (
        1,
        "RAISED",
        "leak.detected",
    )
    assert frames.made == 1


async def test_no_more_faults_are_kept_than_there_is_room_for() -> None:
    live = a_live_fleet()
    live.leak("R1")
    frames = frames_of(live)
    ((_, change),) = happened(live)
    for seq in range(FAULTS + 1):
        frames.fault(seq, change, None)
    frames.fault(FAULTS, change, None)
    assert frames.made == FAULTS + 1
    frames.fault(0, change, None)
    assert frames.made == FAULTS + 2


async def many_changed(live: Live, frames: Frames) -> tuple[Position, int]:
    """What a client had before so many racks changed that a delta of them takes several steps."""
    for number in range(AT_ONCE + 1):
        live.leak(f"S{number:04}", 0.0)
    seen, _ = await frames.snapshot(View())
    live.hub.publish(EntityId(f"S{number:04}") for number in range(AT_ONCE + 1))
    return seen, await frames.board.sync()


async def test_delta_of_many_racks_is_made_in_steps_and_says_the_same() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    seen, revision = await many_changed(live, frames)
    steps = frames.delta(View(), seen.revision, seen.revision, revision)
    assert len(list(steps)) > 1
    delta = run(frames.delta(View(), seen.revision, seen.revision, revision))
    assert delta is not None
    assert delta.frame is not None
    event = parse(delta.frame)
    _, (first, second) = await frames.snapshot(View())
    whole = [parse(part).data for part in (first, second)]
    assert event.data["i"] == [each for part in whole for each in part["ids"] if each[0] == "S"]
    assert {len(cells) for cells in event.data["c"].values()} == {AT_ONCE + 1}
    assert event.data["c"]["freshness"] == ["LIVE"] * (AT_ONCE + 1)


async def test_delta_that_is_being_made_is_waited_for_and_made_once() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    seen, revision = await many_changed(live, frames)
    made = frames.made
    first = frames.delta(View(), seen.revision, seen.revision, revision)
    second = frames.delta(View(), seen.revision, seen.revision, revision)
    next(first)
    next(second)
    assert run(first) is run(second)
    assert frames.made == made + 1


async def test_delta_whose_maker_went_away_is_made_by_the_next() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    seen, revision = await many_changed(live, frames)
    first = frames.delta(View(), seen.revision, seen.revision, revision)
    next(first)
    first.close()
    delta = run(frames.delta(View(), seen.revision, seen.revision, revision))
    assert delta is not None
    assert delta.frame is not None


async def test_delta_for_who_heard_of_other_faults_has_another_id() -> None:
    live = a_live_fleet()
    frames = frames_of(live)
    seen, _ = await frames.snapshot(View())
    live.load("R2", 11.0)
    revision = await frames.board.sync()
    delta = run(frames.delta(View(), seen.revision, seen.revision, revision))
    assert delta is not None
    one, other = frames.dated(delta, 0), frames.dated(delta, 7)
    assert one is not None
    assert other is not None
    assert (parse(one).id, parse(other).id) == (f"e1:{revision}:0", f"e1:{revision}:7")
    assert parse(one).data == parse(other).data
