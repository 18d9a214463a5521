from collections.abc import Sequence

from build import at
from twin.balances import NO_GROUPS
from twin.entities import Entity
from twin.guards import Guard
from twin.parts import Part, Ring
from twin.points import EntityId
from twin.rota import BEATS, SECOND, TURNS, Key, Rota, rota_of
from twin.steady import Steady
from twin.steps import run
from twin.thermal import Coolant

R1, R2 = EntityId("R1"), EntityId("R2")
NAMES = [("ring", f"C{number}") for number in range(50)]


def a_ring(*racks: EntityId) -> Ring:
    steadies = [Steady(Entity(each), (), Coolant.PG25) for each in racks]
    return Ring(steadies, lambda _: NO_GROUPS)


def a_rota(*names: Key) -> Rota:
    parts: dict[Key, Part] = {name: a_ring(R1) for name in names}
    return run(rota_of(parts, {}))


def beats(looked_at: Sequence[Sequence[object]], part: object) -> list[int]:
    return [beat for beat, parts in enumerate(looked_at) if part in parts]


def test_racks_are_judged_once_a_round_and_sampled_once_a_second_with_all_of_that_beat() -> None:
    first, second = a_ring(R1), a_ring(R2)
    rota = run(rota_of({("ring", "C1"): first, ("ring", "C2"): second}, {}))
    (due,), (other,) = beats(rota.due, first), beats(rota.due, second)
    ((smoothing, racks),) = rota.together

    assert due != other
    assert [each.rack for each in racks] == [R1, R2]
    assert beats(rota.sampled, smoothing) == [due % SECOND + SECOND * each for each in range(4)]


def test_racks_go_on_with_what_is_known_of_them() -> None:
    ring = a_ring(R1)
    ring.sample(at(7))
    rota = run(rota_of({("ring", "C1"): ring}, {}))
    (rack,) = ring.racks
    ((smoothing, _),) = rota.together

    rota.begin()
    assert rack.at == at(7)
    smoothing.sample(at(8))
    assert rack.at == at(8)


def test_parts_are_found_by_each_that_is_judged_with_them() -> None:
    ring = a_ring(R1, R2)
    rota = run(rota_of({("ring", "C1"): ring}, {}))

    assert rota.parts == {R1: [ring], R2: [ring]}


def test_guards_that_hurry_look_each_second_and_others_once_in_four() -> None:
    swift, slow = Guard(R1, [], hurries=True), Guard(R2, [])
    rota = run(rota_of({}, {("lone", "R1"): swift, ("lone", "R2"): slow}))

    assert sum(guards.count(swift) for guards in rota.guards) == TURNS // SECOND
    assert sum(guards.count(slow) for guards in rota.guards) == 1


def test_nobody_looks_who_is_to_rest() -> None:
    rota = run(rota_of({}, {("lone", "R1"): Guard(R1, [])}))
    rota.rest()

    assert not any(rota.guards)


def test_names_spread_over_the_beats() -> None:
    rota = a_rota(*NAMES)

    assert max(map(len, rota.due)) < 5
    assert sum(map(len, rota.due)) == len(NAMES)


def test_beats_in_which_there_is_nothing_to_do_are_passed_over() -> None:
    rota = a_rota(("ring", "C1"))
    beat, visited = 0, set[int]()
    while beat < BEATS:
        visited.add(beat)
        beat += rota.until[beat]

    busy = {each for each in range(BEATS) if rota.due[each] or rota.sampled[each % TURNS]}
    assert visited == busy | set(range(0, BEATS, SECOND))
    assert beat == BEATS


def test_rota_of_nobody_has_whole_seconds_alone() -> None:
    assert Rota().until[:SECOND] == [*range(SECOND, 0, -1)]
