from collections.abc import Mapping
from dataclasses import replace

from build import (
    START,
    a_cooled_rack,
    a_fleet_showing,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Limits, Rules
from twin.faults.thresholds import Threshold
from twin.feeding import Feeding
from twin.fleet import Fleet
from twin.parts import Part, Ring
from twin.points import EntityId, Point, Retraction
from twin.site import RackPlace, Site
from twin.steps import run
from twin.thermal import Coolant
from twin.topology import Domain
from twin.wiring import Key, Wiring

R1, R2, R3, R4 = (EntityId(f"R{number}") for number in range(1, 5))


def a_unit(unit: str, *racks: str) -> dict[Point, float | None]:
    return {a_point("CDU/LiquidFlow", unit, unit="LPM", serves=racks): 600.0}


def a_plant() -> Fleet:
    """Two racks on a unit with a meter each, a third on another, and a fourth on nothing."""
    shown = a_unit("C1", "R1", "R2") | a_unit("C2", "R3")
    for rack in (R1, R2, R3, R4):
        shown |= a_cooled_rack(rack)
    return a_fleet_showing(shown | a_meter("M1", "R1", kw=100.0) | a_meter("M2", "R2", kw=100.0))


class Wired:
    """A wiring of a fleet's things, which is told what the fleet tells its own."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.entities = {each.id: each for each in (*fleet.racks(), *fleet.equipment())}
        self.wiring = Wiring(fleet.topology, self.entities, Coolant.PG25)
        self.draw_up(*self.entities)

    def draw_up(self, *touched: EntityId, rules: Rules = CATALOGUE) -> None:
        self.wiring.touched.update(touched)
        self.plan = run(self.wiring.draw_up(rules))
        self.wiring.take(self.plan)

    @property
    def parts(self) -> Mapping[Key, Part]:
        return self.plan.parts

    def again(self, *touched: EntityId) -> None:
        self.entities.clear()
        fleet = self.fleet
        self.entities.update({each.id: each for each in (*fleet.racks(), *fleet.equipment())})
        self.draw_up(*touched)

    def rings(self) -> set[tuple[str, ...]]:
        return {tuple(part.entities) for part in self.parts.values() if isinstance(part, Ring)}


def served(wired: Wired, meter: str) -> tuple[str, ...]:
    part = wired.parts["feeding", meter]
    assert isinstance(part, Feeding)
    return part.branch.served


def test_racks_that_the_same_units_cool_are_judged_together() -> None:
    assert Wired(a_plant()).rings() == {("R1", "R2"), ("R3",), ("R4",)}


def test_everything_is_judged_by_itself_and_units_against_their_racks() -> None:
    parts = Wired(a_plant()).parts
    kinds = sorted({kind for kind, *_ in parts})

    assert kinds == ["feeding", "lone", "ring", "still", "unit"]
    assert {key for key in parts if key[0] == "unit"} == {("unit", "C1"), ("unit", "C2")}
    assert sorted(each for kind, each, *_ in parts if kind == "lone") == [
        "C1",
        "C2",
        "M1",
        "M2",
        "R1",
        "R2",
        "R3",
        "R4",
    ]


def test_meters_and_what_they_serve_are_judged_together() -> None:
    parts = Wired(a_plant()).parts

    assert {key for key in parts if key[0] == "feeding"} == {("feeding", "M1"), ("feeding", "M2")}


def test_nobody_watches_where_there_is_nothing_to_be_judged_by() -> None:
    wired = Wired(a_plant())
    assert wired.plan.guards
    wired.draw_up(rules=Rules({}))
    assert wired.plan.guards == {}


def test_order_of_parts_does_not_depend_on_who_came_first() -> None:
    plant, other = a_plant(), Wired(a_plant())
    other.entities = dict(reversed(other.entities.items()))
    other.wiring = Wiring(plant.topology, other.entities, Coolant.PG25)
    other.draw_up(*other.entities)

    assert [*other.parts] == [*Wired(plant).parts]


def test_what_was_not_touched_remembers() -> None:
    wired = Wired(a_plant())
    before = wired.parts
    wired.again()

    kept = {key for key, part in before.items() if wired.parts[key] is part}

    assert kept == {key for key in before if key[0] in {"ring", "feeding", "still"}}
    assert wired.wiring.touched == set()


def test_what_was_touched_begins_anew_and_nothing_else() -> None:
    wired = Wired(a_plant())
    before = wired.parts
    steady = {each: wired.wiring.steady(each) for each in (R1, R2, R3)}
    wired.again(R1)

    assert wired.wiring.steady(R1) is not steady[R1]
    assert wired.wiring.steady(R2) is steady[R2]
    assert wired.wiring.steady(R3) is steady[R3]
    assert wired.parts["ring", "C1"] is not before["ring", "C1"]
    assert wired.parts["ring", "C2"] is before["ring", "C2"]
    assert wired.parts["feeding", "M1"] is not before["feeding", "M1"]
    assert wired.parts["feeding", "M2"] is before["feeding", "M2"]


def test_rack_whose_meter_was_touched_begins_anew() -> None:
    wired = Wired(a_plant())
    before = wired.wiring.steady(R1)
    wired.again(EntityId("M1"))

    assert wired.wiring.steady(R1) is not before


def test_rack_is_moved_by_an_edge_above_it() -> None:
    wired = Wired(a_plant())
    wired.fleet.topology.connect(EntityId("C1"), Domain.LIQUID, [R1])
    wired.fleet.topology.connect(EntityId("C2"), Domain.LIQUID, [R2, R3])
    wired.again(EntityId("C1"), EntityId("C2"))

    assert wired.rings() == {("R1",), ("R2", "R3"), ("R4",)}


def test_rack_that_left_is_judged_no_more() -> None:
    wired = Wired(a_plant())
    tell(wired.fleet, START, *(Retraction(point.id) for point in a_cooled_rack(R1)))
    wired.again(R1)

    assert wired.rings() == {("R2",), ("R3",), ("R4",)}
    assert wired.wiring.steady(R1) is None
    assert ("lone", "R1") not in wired.parts


def test_what_is_a_rack_no_more_is_in_no_ring() -> None:
    wired = Wired(a_plant())
    word = replace(a_point("Sensor/AirTemperature", R4, unit="C"), associated=True)
    tell(wired.fleet, START, word, *(Retraction(point.id) for point in a_cooled_rack(R4)))
    wired.again(R4)

    assert wired.rings() == {("R1", "R2"), ("R3",)}
    assert ("lone", "R4") in wired.parts


def test_racks_begin_anew_with_another_coolant() -> None:
    wired = Wired(a_plant())
    before = wired.wiring.steady(R1)
    wired.wiring.configure(Site(coolant=Coolant.WATER))
    wired.again()
    steady = wired.wiring.steady(R1)

    assert steady is not None
    assert steady is not before
    assert steady.coolant is Coolant.WATER


def test_meters_that_are_written_down_make_a_branch() -> None:
    tap = EntityId("TAP-7")
    wired = Wired(a_fleet_showing(a_cooled_rack(R1) | a_meter("B1", tap, kw=100.0)))
    assert ("feeding", "B1") not in wired.parts

    wired.wiring.configure(Site(racks={R1: RackPlace(feeds=(tap,))}))
    wired.again()

    assert served(wired, "B1") == (R1,)


def test_rack_of_which_nothing_is_drawn_up_has_no_steady() -> None:
    assert Wired(a_plant()).wiring.steady(EntityId("R9")) is None


def test_heat_of_a_rack_bears_out_its_meter_once_it_has_settled() -> None:
    """A rack that reads 20 % too much: its meter and its heat say so, which only then is known."""
    fleet = a_plant()
    shown = a_cooled_rack(R1, kw=124.0, rise=10.0) | a_meter("M1", "R1", kw=103.5)
    for second in range(1, 200, 5):
        tell(fleet, at(second), *(a_reading(p, v, at(second)) for p, v in shown.items()))

    found = {each.finding.code: each.finding for each in fleet.audit.findings()}

    assert found["balance.power"].entity == R1
    assert found["balance.power"].suspect == "RackPower"
    assert found["balance.heat"].suspect == "RackPower"


def test_all_stays_as_it_was_until_what_is_drawn_up_is_taken() -> None:
    wired = Wired(a_plant())
    before = wired.wiring.steady(R1)
    wired.wiring.touched.add(R1)
    plan = run(wired.wiring.draw_up(CATALOGUE))

    assert wired.wiring.steady(R1) is before
    wired.wiring.take(plan)
    assert wired.wiring.steady(R1) is not before


def test_what_was_drawn_up_in_vain_is_drawn_up_the_next_time() -> None:
    wired = Wired(a_plant())
    before = wired.wiring.steady(R1)
    wired.wiring.touched.add(R1)
    in_vain = wired.wiring.draw_up(CATALOGUE)
    next(in_vain)
    wired.draw_up(R2)

    assert wired.wiring.steady(R1) is not before


def test_what_goes_while_it_is_drawn_up_has_no_guard() -> None:
    wired = Wired(a_plant())
    drawing = wired.wiring.draw_up(CATALOGUE)
    for _ in range(len([*wired.wiring.draw_up(Rules({}))])):  # all but the guards
        next(drawing)
    wired.entities.clear()
    plan = run(drawing)

    assert {key for key in plan.parts if key[0] == "ring"} == {
        ("ring", "C1"),
        ("ring", "C2"),
        ("ring", "R4"),
    }
    assert plan.guards == {}
    assert not any(plan.loops.values())
    wired.wiring.take(plan)
    assert wired.wiring.touched == set()


def test_unit_that_comes_while_all_is_drawn_up_is_watched_the_next_time() -> None:
    wired = Wired(a_plant())
    late = wired.entities.pop(EntityId("C2"))
    drawing = wired.wiring.draw_up(CATALOGUE)
    for _ in range(len([*wired.wiring.draw_up(Rules({}))])):  # all but the guards
        next(drawing)
    wired.entities[late.id] = late
    plan = run(drawing)

    assert ("lone", "C2") not in plan.guards
    wired.wiring.take(plan)
    wired.draw_up(late.id)
    assert ("lone", "C2") in wired.plan.guards


def test_limits_of_the_sites_own_have_their_points_looked_at() -> None:
    wired = Wired(a_plant())
    assert ("lone", "R1") not in wired.plan.guards
    limits = Limits("RackPower", "kW", 90.0, None, "a test")
    wired.wiring.thresholds = [Threshold("site.load", "RackPower", limits)]
    wired.draw_up(R1)

    guard = wired.plan.guards["lone", "R1"]
    found = guard.look(at(1), lambda _: {}, lambda _: ())
    assert [key.code for key, _ in found] == ["site.load"]
