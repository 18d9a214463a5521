import numpy as np

from history_rows import a_point
from schemas.numbered import NOBODY, Enrolled, Found
from twin.points import Point

A, B, C = (a_point(name) for name in "abc")
LENGTHS = {A.id: 10, B.id: 20, C.id: 30}


class Asked:
    """Answers, and knows for whom."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, point: Point) -> int:
        self.names.append(str(point.entity))
        return LENGTHS[point.id]


def enrolled(roll: object, *numbers: int) -> Enrolled[object]:
    return Enrolled(roll, np.array(numbers, np.int32))


def test_who_has_a_number_is_asked_for_once() -> None:
    found, ask, roll = Found(), Asked(), object()

    assert found.of([B, A], enrolled(roll, 0, 7), ask).tolist() == [20, 10]
    assert found.of([A, C, B], enrolled(roll, 7, 3, 0), ask).tolist() == [10, 30, 20]
    assert ask.names == ["b", "a", "c"]


def test_who_has_none_is_asked_for_again() -> None:
    found, ask, roll = Found(), Asked(), object()

    for _ in range(2):
        assert found.of([A, B], enrolled(roll, NOBODY, 0), ask).tolist() == [10, 20]
        assert found.of([C, A], enrolled(roll, NOBODY, NOBODY), ask).tolist() == [30, 10]
        assert found.of([C], None, ask).tolist() == [30]
    assert ask.names == ["a", "b", "c", "a", "c", "a", "c", "a", "c"]


def test_another_roll_has_other_numbers() -> None:
    found, ask, roll = Found(), Asked(), object()
    found.of([A], enrolled(roll, 0), ask)

    assert found.of([B], enrolled(object(), 0), ask).tolist() == [20]
    assert found.of([], enrolled(roll), ask).tolist() == []
    assert found.of([A], enrolled(roll, 0), ask).tolist() == [10]
    assert ask.names == ["a", "b", "a"]


def test_what_is_forgotten_is_asked_for_again() -> None:
    found, ask, roll = Found(), Asked(), object()
    found.of([A, B], enrolled(roll, 0, 1), ask)

    found.forget([20])

    assert found.of([A, B], enrolled(roll, 0, 1), ask).tolist() == [10, 20]
    assert ask.names == ["a", "b", "b"]
