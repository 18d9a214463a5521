from hypothesis import given
from hypothesis import strategies as st

from build import at
from faulty import key
from twin.fault import Condition, Fault
from twin.faults.timers import Timers
from twin.instants import NEVER


def _fault(name: str, seconds: float | None, condition: Condition = Condition.CLEARING) -> Fault:
    until = NEVER if seconds is None else at(seconds)
    return Fault(key(name), condition=condition, until=until)


def test_earliest_is_first_and_what_is_raised_comes_before_what_else_is_due() -> None:
    timers = Timers()
    timers.set(_fault("a", 5))
    timers.set(_fault("b", 5, Condition.PENDING))
    timers.set(_fault("c", 7))

    assert timers.next_at == at(5)
    assert timers.first() == (at(5), key("b"))
    timers.drop(key("b"))
    assert timers.first() == (at(5), key("a"))


def test_what_is_set_anew_counts() -> None:
    timers = Timers()
    timers.set(_fault("a", 5))
    timers.set(_fault("a", 9))
    assert timers.next_at == at(9)
    timers.set(_fault("a", None))
    assert timers.next_at == NEVER
    timers.set(_fault("a", None))
    assert timers.next_at == NEVER


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), max_size=300))
def test_it_is_always_known_what_is_next_and_nothing_piles_up(sets: list[tuple[str, int]]) -> None:
    timers, expected = Timers(), dict[str, int]()
    for name, seconds in sets:
        timers.set(_fault(name, seconds))
        expected[name] = seconds
        assert timers.next_at == at(min(expected.values()))
        assert len(timers) <= 2 * 3 + 64


def test_what_was_set_long_ago_does_not_pile_up() -> None:
    timers = Timers()
    timers.set(_fault("a", 0))
    for second in range(1_000, 0, -1):
        timers.set(_fault("b", second))

    assert len(timers) <= 68
