"""Trees of meters, part by part: who is judged by which branch, of sensors moved by hand."""

from dataclasses import dataclass, field

import pytest

from build import Values, a_fleet_showing, a_meter, a_point, at
from twin.balance import POWER, Balance, Closure
from twin.balances import Groups
from twin.branches import branches_by_member, branches_of, electric_of
from twin.changes import Derived
from twin.feeding import Feeding
from twin.finding import Finding
from twin.fleet import Fleet
from twin.parts import Judgement
from twin.points import EntityId
from twin.suspects import LIQUID_SHARE, Readings
from twin.thermal import Coolant
from twin.witness import Electric

R1, R2 = (a_point("Rack/RackPower", rack) for rack in ("R1", "R2"))
ROW = a_meter("BUS", "T1", "T2", kw=100.0)
TAPS = a_meter("T1", "R1", kw=60.0) | a_meter("T2", "R2", kw=40.0)
DRAWN: Values = {R1: 60.0, R2: 40.0}
TREE = {**ROW, **TAPS, **DRAWN}
"""A busway, two taps of it, and a rack on each."""


@dataclass
class Bench:
    """The feedings of a fleet, by their first meter."""

    fleet: Fleet
    heat: dict[EntityId, Readings]
    feedings: dict[str, Feeding] = field(init=False)

    def __post_init__(self) -> None:
        branches = branches_of(self.fleet.topology, self.fleet.entity)
        self.members = branches_by_member(branches)
        self.feedings = {
            branch.meters[0]: Feeding(
                branch, self.fleet.entity, self.heat.get, self.groups, self.among
            )
            for branch in branches
        }

    def among(self, member: EntityId) -> list[Feeding]:
        return [self.feedings[branch.meters[0]] for branch in self.members[member]]

    def groups(self, *members: EntityId) -> Groups:
        taking_part = {id(each): each for member in members for each in self.among(member)}
        return Groups([each.group for each in taking_part.values()], self.electric)

    def electric(self, meter: EntityId) -> Electric | None:
        entity = self.fleet.entity(meter)
        return None if entity is None else electric_of(entity)

    def show(self, entity: str, kw: float | None) -> None:
        """Let an entity read so much power from now on; None is a bad reading."""
        there = self.fleet.entity(EntityId(entity))
        assert there is not None
        (state,) = [*there.of_type("RackPower"), *there.of_type("ActivePower")]
        state.value, state.bad = kw, kw is None

    def run(self, seconds: range) -> None:
        for second in seconds:
            for feeding in self.feedings.values():
                feeding.sample(at(second))

    def judge(self, *meters: str) -> dict[str, Judgement]:
        """What is said of each entity, after the feedings of these were judged in turn."""
        order = meters or tuple(self.feedings)
        return {each.entity: each for meter in order for each in self.judgements(meter)}

    def judgements(self, meter: str) -> list[Judgement]:
        return [*self.feedings[meter].judge(at(60))]

    def balance(self, meter: str) -> Balance:
        (drawn_up,) = self.feedings[meter].balances()
        return drawn_up


def a_settled(values: Values, heat: dict[EntityId, Readings] | None = None) -> Bench:
    bench = Bench(a_fleet_showing(values), heat or {})
    bench.run(range(61))
    return bench


def counting(judged: dict[str, Judgement]) -> list[Finding]:
    """What counts: of two that say the same of one thing, the last."""
    return [each.found[-1] for each in judged.values() if each.found]


def named(judged: dict[str, Judgement]) -> list[tuple[str, str | None]]:
    return [(each.entity, each.suspect) for each in counting(judged)]


def unknown(judged: dict[str, Judgement]) -> set[str]:
    """Those of which nothing can be told."""
    return {entity for entity, each in judged.items() if each.unknown == {POWER}}


def test_every_member_of_a_tree_is_judged_by_one_branch() -> None:
    bench = a_settled(TREE)
    judged = [each.entity for meter in bench.feedings for each in bench.judgements(meter)]

    assert sorted(judged) == ["BUS", "R1", "R2", "T1", "T2"]
    assert counting(bench.judge()) == []
    assert unknown(bench.judge()) == set()
    assert bench.balance("BUS").others == ("T1", "T2")


def test_before_it_is_judged_nothing_is_told_of_a_branch() -> None:
    (feeding, *_) = a_settled(TREE).feedings.values()

    assert [*feeding.balances()] == []
    assert [*feeding.derived(at(60))] == []
    assert feeding.unknown
    assert feeding.sampled


def test_the_residual_of_a_branch_is_derived_in_per_cent() -> None:
    bench = a_settled({**a_meter("M1", "R1", kw=60.3), R1: 60.0})
    bench.judge()

    (derived,) = bench.feedings["M1"].derived(at(70))

    assert derived == Derived(EntityId("M1"), "power_residual_pct", derived.value, at(70))
    assert derived.value == pytest.approx(0.5)


def test_a_meter_that_lies_is_named_once_where_two_branches_find_it() -> None:
    bench = a_settled({**TREE, **a_meter("T1", "R1", kw=70.0)})
    bench.judge()
    judged = bench.judge()

    assert bench.balance("BUS").closure is bench.balance("T1").closure is Closure.OPEN
    assert named(judged) == [("T1", "ActivePower")]
    assert counting(judged)[0].implied == pytest.approx(60.0)


def test_what_one_branch_finds_of_a_meter_is_not_taken_back_by_that_above_it() -> None:
    row = a_meter("BUS", "T1", "T2", kw=1000.0) | a_meter("T1", "R1", kw=960.0)
    bench = a_settled({**row, **a_meter("T2", "R2", kw=44.0), R1: 960.0, R2: 40.0})
    judged = bench.judge("T1", "T2", "BUS")

    assert bench.balance("BUS").closure is Closure.CLOSED
    assert [each.entity for each in counting(judged)] == ["T2"]
    assert {each.entity for each in bench.judgements("BUS")} == {"BUS"}


def test_what_the_branch_above_finds_of_a_meter_counts_where_its_own_cannot_tell() -> None:
    bench = a_settled({**TREE, **a_meter("T1", "R1", kw=70.0)})
    bench.show("R1", None)
    bench.run(range(61, 65))
    judged = bench.judge("BUS", "T1", "T2")

    assert bench.feedings["T1"].unknown
    assert unknown(judged) == {"R1"}
    (above,) = counting(judged)
    assert above.code == POWER


def test_of_two_findings_of_one_meter_that_which_names_the_reading_counts() -> None:
    bench = a_settled({**TREE, **a_meter("T1", "R1", kw=70.0)})
    bench.judge()
    bench.show("BUS", None)
    bench.run(range(61, 65))
    before = bench.judge("T1")
    bench.judge("BUS")
    above, own = bench.feedings["BUS"], bench.feedings["T1"]
    above.finding = Finding(POWER, EntityId("T1"), "ActivePower", "the branch above is sure")

    after = bench.judge("T1")

    assert own.finding is not None
    assert (own.finding.entity, own.finding.suspect) == ("T1", None)
    assert named(before) == [("T1", "ActivePower")]
    assert named(after) == [("T1", "ActivePower")]
    assert after["T1"].found == [own.finding, above.finding]


def test_a_rack_is_named_where_its_heat_bears_that_out() -> None:
    rack = Readings(130.0, 150.0, 32.0, 42.0, Coolant.PG25)
    shown_by = a_meter("M1", "R1", kw=rack.heat_kw / LIQUID_SHARE) | {R1: 130.0}

    assert named(a_settled(shown_by, {EntityId("R1"): rack}).judge()) == [("R1", "RackPower")]


def test_a_meter_that_reads_nothing_while_its_racks_draw_is_found() -> None:
    bench = a_settled({**a_meter("M1", "R1", kw=0.0), R1: 60.0})

    assert [each.entity for each in counting(bench.judge())] == ["M1"]
    assert bench.balance("M1").closure is Closure.OPEN


def test_a_meter_that_tells_megawatts_as_kilowatts_is_found() -> None:
    bench = a_settled({**a_meter("M1", "R1", kw=0.06), R1: 60.0})

    (finding,) = counting(bench.judge())

    assert finding.ratio == pytest.approx(1000.0)


def test_a_rack_that_reads_nothing_while_its_meter_runs_is_found_without_a_residual() -> None:
    bench = a_settled({**a_meter("M1", "R1", kw=60.0), R1: 0.0})
    judged = bench.judge()

    assert [each.entity for each in counting(judged)] == ["M1"]
    assert unknown(judged) == set()
    assert (bench.balance("M1").residual, bench.balance("M1").uncertainty) == (None, 0.0)
    assert [*bench.feedings["M1"].derived(at(60))] == []


def test_a_silent_meter_leaves_nothing_to_be_told() -> None:
    bench = a_settled({**a_meter("M1", "R1"), **a_meter("M2", "R1"), R1: 60.0})
    bench.show("M2", None)
    bench.run(range(61, 65))

    assert unknown(bench.judge()) == {"M1", "M2", "R1"}


def test_while_power_moves_its_balance_may_be_off_by_as_much() -> None:
    bench = a_settled({**a_meter("M1", "R1", kw=60.0), R1: 60.0})
    for second in range(61, 90):  # the meter follows three seconds later
        bench.show("R1", 60.0 + (second - 60))
        bench.show("M1", 60.0 + max(0, second - 63))
        bench.run(range(second, second + 1))
    judged = bench.judge()
    moving = bench.balance("M1")

    assert moving.residual is not None
    assert 0.01 < -moving.residual < moving.uncertainty
    assert counting(judged) == []
    bench.run(range(90, 200))
    assert len(counting(bench.judge())) == 1
