from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np

from history_rows import a_point
from services.history.roll import SPARE, Roll
from twin.points import Point

PASSING = replace(a_point("passing"), object_type="Passing")


def numbers(roll: Roll, points: Sequence[Point]) -> list[int]:
    found = roll.numbers(np.array([id(point) for point in points], np.int64), points)
    return [int(number) for number in found]


def test_a_point_has_the_number_that_it_got_first() -> None:
    roll = Roll("Passing")
    a, b, c = (a_point(name) for name in "abc")

    assert numbers(roll, [a, b]) == [0, 1]
    assert numbers(roll, [b, c, a]) == [1, 2, 0]
    assert numbers(roll, []) == []


def test_many_points_keep_their_numbers_in_whatever_order_they_come() -> None:
    roll = Roll("Passing")
    points = [a_point(f"R{number}") for number in range(500)]
    first = numbers(roll, points[::3])

    again = numbers(roll, points)

    assert again[::3] == first == list(range(len(first)))
    assert numbers(roll, points[::-1]) == again[::-1]
    assert sorted(again) == list(range(500))


def test_a_point_that_is_described_anew_is_another_one() -> None:
    roll = Roll("Passing")
    point = a_point()

    assert numbers(roll, [point]) == [0]
    assert numbers(roll, [replace(point, unit="W")]) == [1]
    assert numbers(roll, [point]) == [0]


def test_a_point_that_is_made_for_one_row_gets_no_number_but_is_described() -> None:
    roll = Roll("Passing")
    points = [PASSING, a_point(), replace(PASSING, unit="W")]

    found = roll.numbers(np.array([id(point) for point in points], np.int64), points)

    assert found.tolist() == [-1, 0, -1]
    assert roll.texts(found, points) == [msgspec.json.encode(point) for point in points]


def test_it_is_full_when_most_of_it_are_former_descriptions() -> None:
    roll = Roll("Passing")
    numbers(roll, [a_point() for _ in range(SPARE + 2)])
    assert not roll.full

    numbers(roll, [a_point()])
    assert roll.full


def test_it_is_not_full_of_however_many_points() -> None:
    roll = Roll("Passing")
    numbers(roll, [a_point(f"R{number}") for number in range(SPARE + 3)])

    assert not roll.full
