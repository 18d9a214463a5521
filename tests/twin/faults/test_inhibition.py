from build import at
from faulty import CRITICAL, RULES, SILENT, WARNING, Bench, a_plant, a_rule, key
from twin.fault import FINE, UNKNOWN, State, What
from twin.faults import inhibition
from twin.faults.engine import Faults
from twin.faults.inhibition import Inhibition
from twin.faults.ledger import Books, Ledger
from twin.faults.rule import Rules
from twin.points import EntityId
from twin.topology import Domain, Topology


def _states(bench: Bench) -> dict[tuple[str, str], State]:
    return {(f.key.code, f.key.entity): f.state for f in bench.faults.standing()}


def _raise(bench: Bench, when: float, *keys: tuple[str, str]) -> None:
    for code, entity in keys:
        bench.judge(when, WARNING, code, entity)


def test_effect_waits_for_its_cause_and_then_speaks_for_itself() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "R1"))
    bench.until(2)
    assert not bench.one("hot").annunciated
    assert bench.calls() == []
    bench.until(7)

    assert bench.one("hot").annunciated
    assert bench.told[-1].what is What.WAITED
    assert bench.calls() == [key("hot")]


def test_effect_whose_cause_comes_in_time_calls_nobody() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "R1"))
    _raise(bench, 6, ("broken", "U1"))
    bench.until(100)

    cause = bench.one("broken", "U1")
    assert bench.one("hot").suppressed_by == (cause.id,)
    assert bench.one("hot").state is State.DSUPR
    assert bench.one("hot").beneath is State.UNACK
    assert bench.calls() == [key("broken", "U1")]
    assert [each.key for each in bench.faults.suppresses(cause.id)] == [key("hot")]


def test_effect_of_a_known_cause_is_suppressed_when_it_is_raised() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.until(2)

    assert bench.whats("hot") == [What.PENDING, What.RAISED, What.SUPPRESSED]


def test_redundant_sources_explain_only_when_all_of_them_do() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "R2"), ("broken", "U1"))
    bench.until(10)
    assert bench.one("hot", "R2").state is State.UNACK
    _raise(bench, 11, ("broken", "U2"))

    assert len(bench.one("hot", "R2").suppressed_by) == 2


def test_cause_above_what_carries_none_explains_as_well() -> None:
    bench = Bench()
    _raise(bench, 0, ("off", "CH"), ("broken", "U1"))
    bench.until(2)

    assert bench.one("broken", "U1").suppressed_by == (bench.one("off", "CH").id,)


def test_nothing_explains_what_is_worse_than_itself() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.until(10)
    bench.judge(10, CRITICAL, "hot")
    assert not bench.one("hot").annunciated  # what is worse may come at that instant, too
    bench.until(10.001)
    assert bench.one("hot").annunciated
    assert bench.calls() == [key("broken", "U1"), key("hot")]
    bench.judge(11, CRITICAL, "broken", "U1")
    assert bench.one("hot").state is State.DSUPR
    bench.judge(12, WARNING, "broken", "U1")

    assert bench.one("hot").state is State.DSUPR  # it was that bad


def test_same_code_further_up_explains() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "U1"), ("hot", "R1"))
    bench.until(10)

    assert _states(bench) == {("hot", "U1"): State.UNACK, ("hot", "R1"): State.DSUPR}


def test_what_nobody_serves_speaks_for_itself() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R3"))
    bench.until(10)

    assert bench.one("hot", "R3").state is State.UNACK


def test_what_serves_one_another_explains_nothing_of_one_another() -> None:
    ring = Topology()
    for one, other in ("AB", "BA"):
        ring.connect(EntityId(one), Domain.LIQUID, [EntityId(other)])
    bench = Bench(topology=ring)
    _raise(bench, 0, ("hot", "A"), ("hot", "B"))
    bench.until(10)

    assert set(_states(bench).values()) == {State.UNACK}


def test_leak_is_never_suppressed() -> None:
    rules = Rules.of([a_rule("leak", effects_of=["off"], suppressible=False), a_rule("off")])
    bench = Bench(rules)
    _raise(bench, 0, ("off", "U1"), ("leak", "R1"))

    assert rules.causes == frozenset()
    assert bench.calls() == [key("off", "U1"), key("leak")]


def test_cause_beside_explains() -> None:
    bench = Bench()
    _raise(bench, 0, ("steep", "R1"), ("hot", "R1"), ("steep", "R3"))
    bench.until(10)

    assert bench.one("steep").suppressed_by == (bench.one("hot").id,)
    assert bench.one("steep", "R3").state is State.UNACK


def test_silence_of_a_publisher_folds_that_of_its_points() -> None:
    bench = Bench()
    for rack in ("R1", "R2", "R3"):
        bench.judge(0, SILENT, "stale", rack)
    bench.judge(1, WARNING, "lost", "PUB")
    bench.judge(2, WARNING, "stale", "R9")
    bench.until(10)

    lost = bench.one("lost", "PUB")
    assert [each.key.entity for each in bench.faults.suppresses(lost.id)] == ["R1", "R2", "R3"]
    assert bench.calls() == [key("lost", "PUB"), key("stale", "R9")]


def test_cause_explains_for_a_minute_after_it_is_over() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.judge(20, FINE, "broken", "U1")
    bench.until(79)
    assert bench.one("hot").state is State.DSUPR
    bench.until(80)
    assert bench.one("hot").state is State.UNACK
    bench.until(80.001)

    assert bench.calls() == [key("broken", "U1"), key("hot")]
    assert [each.key for each in bench.faults.standing()] == [key("hot")]


def test_effect_raised_after_its_cause_is_over_is_still_explained() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"))
    bench.judge(20, FINE, "broken", "U1")
    _raise(bench, 30, ("hot", "R1"))
    bench.until(40)

    assert bench.one("hot").state is State.DSUPR


def test_cause_that_comes_back_within_the_minute_goes_on_explaining() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "U1"), ("hot", "R1"))
    bench.until(10)
    bench.judge(20, FINE, "hot", "U1")
    bench.until(40)
    bench.take(bench.faults.ack(bench.one("hot", "U1").id, "ann", bench.now))
    _raise(bench, 50, ("hot", "U1"))
    bench.until(200)

    assert bench.one("hot").suppressed_by == (bench.one("hot", "U1").id,)
    assert What.RELEASED not in bench.whats()


def test_effect_that_clears_unseen_asks_nobody_to_take_note() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.judge(10, FINE, "hot")
    bench.until(120)

    assert _states(bench) == {("broken", "U1"): State.UNACK}
    assert bench.calls() == [key("broken", "U1")]


def test_effect_that_was_seen_before_has_to_be_noted() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "R1"))
    _raise(bench, 10, ("broken", "U1"))
    bench.judge(11, FINE, "hot")
    bench.until(30)

    assert bench.one("hot").state is State.RTNUN


def test_cause_without_data_explains_as_it_did() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.judge(5, UNKNOWN, "broken", "U1")
    bench.until(1_000)

    assert bench.one("hot").state is State.DSUPR


def test_what_goes_on_is_not_looked_at_anew_before_the_topology_is_told() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.until(10)
    bare = Faults.restore(RULES, Topology(), bench.told)  # after a restart nothing was told yet

    assert [each.what for each in bare.judge(key("hot"), UNKNOWN, at(11))] == [What.HELD]


def test_removed_cause_explains_nothing_any_more() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"))
    bench.until(10)
    bench.take(bench.faults.remove(EntityId("U1"), bench.now))

    assert bench.one("hot").state is State.UNACK


def test_other_wiring_is_looked_at_when_it_is_told() -> None:
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R2"))
    bench.until(10)
    bench.topology.connect(EntityId("U2"), Domain.LIQUID, [])
    bench.take(bench.faults.rewire(at(11)))
    assert bench.one("hot", "R2").state is State.DSUPR
    bench.topology.connect(EntityId("U2"), Domain.LIQUID, [EntityId("R2")])
    bench.take(bench.faults.rewire(at(12)))

    assert bench.one("hot", "R2").state is State.UNACK


def test_first_out_is_what_came_before_all_that_belongs_to_it() -> None:
    bench = Bench()
    _raise(bench, 0, ("hot", "R1"))
    _raise(bench, 4, ("broken", "U1"))
    _raise(bench, 5, ("hot", "U1"))
    bench.until(20)
    faults = bench.faults

    assert faults.first_out(bench.one("hot").id)
    assert not faults.first_out(bench.one("broken", "U1").id)
    assert not faults.first_out("nonsense")
    assert faults.suppresses("nonsense") == []


def test_fault_alone_is_no_first_out() -> None:
    bench = Bench()
    _raise(bench, 0, ("off", "R1"))

    assert not bench.faults.first_out(bench.one("off").id)


def test_what_causes_cut_off_is_worked_out_once_for_all_their_effects() -> None:
    ledger = Ledger(Books(), 10)
    found = Inhibition(RULES, a_plant(), ledger)
    bench = Bench()
    _raise(bench, 0, ("broken", "U1"), ("hot", "R1"), ("hot", "R2"))
    bench.until(5)
    ledger.fold(bench.told, RULES)
    for _ in range(3):
        for each in bench.faults.standing():
            found.causes_of(each)

    assert found.walked == 1


def test_what_is_kept_of_cuts_is_bounded() -> None:
    bench = Bench(topology=Topology())
    for number in range(inhibition.PATHS + 10):
        unit, rack = EntityId(f"U{number}"), EntityId(f"R{number}")
        bench.topology.connect(unit, Domain.LIQUID, [rack])
        _raise(bench, 0, ("broken", unit), ("hot", rack))
    bench.until(2)

    assert set(_states(bench).values()) == {State.UNACK, State.DSUPR}
