from collections.abc import Collection
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from twin.points import EntityId
from twin.shedding import Candidate, Excess, Plan, shed
from twin.steps import run

A, B = EntityId("A"), EntityId("B")


def candidates(**kw: float) -> list[Candidate]:
    return [Candidate(EntityId(each), load, 0.0) for each, load in kw.items()]


def an_excess(over: float, **relief: float) -> Excess:
    return Excess(over, {EntityId(each): kw for each, kw in relief.items()})


def planned(racks: list[Candidate], must: Collection[EntityId], excesses: list[Excess]) -> Plan:
    return run(shed(racks, must, excesses))


def test_the_largest_go_first_so_that_few_go() -> None:
    loads = {"A": 10.0, "B": 40.0, "C": 30.0}

    assert planned(candidates(**loads), (), [an_excess(35, **loads)]) == Plan((B,), suffices=True)


def test_nothing_is_shed_where_nothing_is_too_much() -> None:
    assert planned(candidates(A=10.0), (), []) == Plan((), suffices=True)
    assert planned(candidates(A=10.0), (), [an_excess(0, A=10)]) == Plan((), suffices=True)


def test_whoever_cannot_run_relieves_the_others() -> None:
    loads = {"A": 10.0, "B": 40.0}

    plan = planned(candidates(**loads), {EntityId("A")}, [an_excess(5, **loads)])

    assert plan.racks == ("A",)


def test_largest_deficit_is_named_first() -> None:
    racks = [Candidate(EntityId("A"), 50, -5), Candidate(EntityId("B"), 10, 3)]

    plan = planned(racks, {EntityId("A"), EntityId("B")}, [])

    assert plan.racks == ("B", "A")


def test_one_that_another_excess_makes_superfluous_stays_on() -> None:
    # the budget takes B first; the meter needs A, which is enough for the budget as well
    loads = {"A": 30.0, "B": 40.0}
    excesses = [an_excess(25, **loads), an_excess(10, A=30)]

    assert planned(candidates(**loads), (), excesses) == Plan((A,), suffices=True)


def test_what_no_rack_relieves_is_told() -> None:
    plan = planned(candidates(A=10.0, B=0.0), (), [an_excess(25, A=10, B=0)])

    assert plan == Plan((EntityId("A"),), suffices=False)


def test_one_that_is_shed_already_relieves_what_comes_after() -> None:
    loads = {"A": 30.0, "B": 40.0}
    excesses = [an_excess(10, B=40), an_excess(60, **loads)]

    assert planned(candidates(**loads), (), excesses) == Plan((B, A), suffices=True)


def test_nobody_goes_in_vain_though_something_else_cannot_be_helped() -> None:
    loads = {"A": 30.0, "B": 40.0}
    excesses = [an_excess(5), an_excess(25, **loads), an_excess(10, A=30)]

    assert planned(candidates(**loads), (), excesses) == Plan((A,), suffices=False)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=7), st.integers(1, 200))
def test_for_one_excess_no_smaller_set_would_do(loads: list[int], over: int) -> None:
    kw = {f"R{number}": float(load) for number, load in enumerate(loads)}
    plan = planned(candidates(**kw), (), [an_excess(over, **kw)])

    enough = [
        count
        for count in range(len(loads) + 1)
        if any(sum(some) >= over for some in combinations(loads, count))
    ]
    assert plan.suffices is bool(enough)
    assert len(plan.racks) == (enough[0] if enough else len(loads))
