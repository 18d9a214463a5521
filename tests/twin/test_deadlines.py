from hypothesis import given
from hypothesis import strategies as st

from build import a_point
from twin.deadlines import Deadlines
from twin.instants import NEVER, Instant
from twin.points import PointState


def _state(tag: str = "") -> PointState:
    return PointState(a_point(tag=tag))


def test_nothing_is_due_where_nothing_was_set() -> None:
    deadlines = Deadlines()

    assert deadlines.take(Instant(10**15)) == []
    assert deadlines.next_at == NEVER


def test_point_is_taken_at_its_deadline_and_not_before() -> None:
    deadlines, state = Deadlines(), _state()
    deadlines.add(Instant(250), state)

    assert deadlines.take(Instant(249)) == []
    assert deadlines.take(Instant(250)) == [state]
    assert deadlines.take(Instant(251)) == []


def test_next_is_the_earliest_of_all() -> None:
    deadlines = Deadlines()
    for instant in (990, 970, 1_010):
        deadlines.add(Instant(instant), _state())

    assert deadlines.next_at == 970


def test_next_moves_on_when_the_earliest_is_taken() -> None:
    deadlines = Deadlines()
    for instant in (100, 700):
        deadlines.add(Instant(instant), _state())

    deadlines.take(Instant(100))

    assert deadlines.next_at == 700


@given(st.lists(st.integers(0, 2_000)), st.lists(st.integers(0, 2_500)))
def test_everything_due_is_taken_once_however_often_one_looks(
    due: list[int], looks: list[int]
) -> None:
    deadlines = Deadlines()
    expected = {}
    for number, instant in enumerate(due):
        state = _state(str(number))
        expected[state] = instant
        deadlines.add(Instant(instant), state)

    taken: list[PointState] = []
    for now in sorted(looks):
        taken += deadlines.take(Instant(now))
        assert {s for s, instant in expected.items() if instant <= now} <= set(taken)
        assert deadlines.next_at > now

    assert len(taken) == len(set(taken))
