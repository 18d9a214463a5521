from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from build import START, a_cooled_rack, a_fleet_showing, a_meter, a_point, a_reading, at, tell
from schemas.digest import digest
from streams import POINTS, Sent, end_of, fold, streams
from twin.fleet import Fleet, Message
from twin.fork import Fork
from twin.hearing import STALE_AFTER
from twin.instants import Instant, after
from twin.points import EntityId, PointState, Retraction
from twin.topology import Domain

R1, R2, R3 = EntityId("R1"), EntityId("R2"), EntityId("R3")
ENTITIES = [*dict.fromkeys(point.entity for point in POINTS), R3, EntityId("R4")]


def go_on(fleet: Fleet, fork: Fork, sent: Iterable[tuple[Message | None, Instant]]) -> None:
    """Let messages come as the intake folds them while a fork is read."""
    for message, now in sent:
        for change in fleet.advance(now):
            fork.lapse(change)
        if message is not None:
            fork.keep(message)
            fleet.apply(message, now)


def shown(plant: Fleet | Fork) -> dict[str, object]:
    """All that can be asked of a fleet or of a fork of it."""
    racks = {each: plant.rack(each) for each in ENTITIES}
    entities = {each: plant.entity(each) for each in ENTITIES}
    return {
        "racks": racks,
        "entities": {
            key: each
            and (each.kind, each.name, each.counts, {p: said(s) for p, s in each.points.items()})
            for key, each in entities.items()
        },
        "edges": {domain: dict(plant.topology.serves(domain)) for domain in Domain},
        "above": {each: plant.topology.upstream(each, Domain.POWER) for each in ENTITIES},
        "loops": plant.topology.cycles(Domain.POWER),
    }


def said(state: PointState) -> list[object]:
    return [getattr(state, slot) for slot in PointState.__slots__ if slot != "scheduled"]


@given(streams() | streams(told=False), st.integers(0, 20), st.integers(0, 20))
def test_whatever_comes_a_fork_stays_as_the_fleet_was(
    sent: list[Sent], cut: int, looked: int
) -> None:
    fleet, _ = fold(sent[:cut])
    then = shown(fleet)
    fork = Fork(fleet)

    go_on(fleet, fork, sent[cut : cut + looked])
    middle = shown(fork)
    end = Instant(end_of(sent) + 2 * STALE_AFTER)
    go_on(fleet, fork, [*sent[cut + looked :], (None, end)])

    assert shown(fork) == middle == then
    assert digest(fleet) == digest(fold(sent, end)[0])


def test_each_point_is_put_aside_once() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1"))
    fork = Fork(fleet)
    power = a_point("Rack/RackPower", "R1")

    go_on(fleet, fork, [(a_reading(power, kw, at(kw)), at(kw)) for kw in (1.0, 2.0, 3.0)])

    assert len(fork) == 1


def test_what_did_not_change_is_not_put_aside() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1") | a_cooled_rack("R2"))
    fork = Fork(fleet)

    assert fork.entity(R1) is fleet.entity(R1)
    assert len(fork) == 0


def test_whoever_has_the_ids_of_the_racks_gives_them() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1") | a_meter("TAP", "R1"))
    fork = Fork(fleet, [R1, R2, EntityId("TAP")])

    assert fork.rack(R1) == fleet.rack(R1)
    assert fork.rack(R2) is fork.rack(EntityId("TAP")) is None
    assert fork.ids == ["R1", "R2", "TAP"]


def test_a_rack_that_is_taken_down_stays_in_the_fork_and_a_new_one_stays_out() -> None:
    power, other = a_point("Rack/RackPower", "R1"), a_point("Rack/RackPower", "R2")
    fleet = a_fleet_showing({power: 40.0})
    fork = Fork(fleet)

    go_on(fleet, fork, [(Retraction(power.id), at(1)), (other, at(1))])

    assert fleet.entity(R1) is fork.entity(R2) is None
    assert fork.rack(R2) is None
    rack = fork.rack(R1)
    assert rack is not None
    assert rack.power.load.value == 40


def test_a_point_that_moves_to_and_fro_stays_where_it_was() -> None:
    power = a_point("Rack/RackPower", "R1")
    fleet = a_fleet_showing({power: 40.0})
    fork = Fork(fleet)
    there = replace(power, entity=R2)

    go_on(fleet, fork, [(there, at(1)), (power, at(2)), (there, at(3))])

    assert fork.entity(R2) is None
    rack = fork.rack(R1)
    assert rack is not None
    assert rack.power.load.value == 40


def test_a_reading_of_nobody_is_nothing_to_put_aside() -> None:
    fleet = Fleet()
    fork = Fork(fleet)

    go_on(fleet, fork, [(a_reading(a_point(), 1.0, START), START)])

    assert (len(fork), fork.ids) == (0, [])


def test_what_falls_due_is_live_in_the_fork() -> None:
    power = a_point("Rack/RackPower", "R1")
    fleet = a_fleet_showing({power: 40.0})
    fork = Fork(fleet)

    go_on(fleet, fork, [(None, after(START, STALE_AFTER))])

    was, now = fork.rack(R1), fleet.rack(R1)
    assert was is not None
    assert now is not None
    assert (was.power.load.now, now.power.load.now) == (40, None)


def test_edges_stay_as_they_were() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1") | a_meter("TAP", "R1"))
    fork = Fork(fleet)

    tell(fleet, at(1), a_point("PowerMeter/ActivePower", "BUS", serves=("TAP",)))

    assert fork.topology.upstream(R1, Domain.POWER) == ["TAP"]
    assert fleet.topology.upstream(R1, Domain.POWER) == ["TAP", "BUS"]
