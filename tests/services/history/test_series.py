from dataclasses import replace

import numpy as np

from history_rows import a_point
from schemas.numbered import Enrolled
from services.history.series import Register
from twin.points import Point

POINT = replace(a_point(), states=((0, "Off"), (1, "On")), serves=(a_point("R2").entity,))


def test_a_point_is_numbered_once_and_described_anew_when_it_changed() -> None:
    register = Register([])
    moved = replace(POINT, process_area=("Hall1",))

    said = [register.number([each]) for each in (POINT, POINT, replace(POINT), moved, POINT)]

    assert [(numbers.tolist(), anew) for numbers, anew in said] == [
        ([0], [0]),
        ([0], []),
        ([0], []),
        ([0], [0]),
        ([0], [0]),
    ]


def test_another_unit_is_another_number_and_the_first_is_found_again() -> None:
    register = Register([])
    points = [POINT, replace(POINT, unit="W"), POINT]

    numbers, anew = register.number(points)

    assert (numbers.tolist(), anew) == ([0, 1, 0], [0, 1])


def test_a_point_on_a_roll_is_numbered_as_any_other() -> None:
    register, roll = Register([]), object()
    moved, other = replace(POINT, process_area=("Hall1",)), a_point("R2")
    enrolled = {POINT: 0, moved: 1, other: 2}

    def number(*points: Point) -> tuple[list[int], list[int]]:
        places = [enrolled[point] for point in points]
        numbers, anew = register.number(points, Enrolled(roll, np.array(places, np.int32)))
        return numbers.tolist(), anew

    assert number(other, POINT) == ([0, 1], [0, 1])
    assert number(POINT, other) == ([1, 0], [])
    assert number(moved) == ([1], [1])
    assert number(POINT, other) == ([1, 0], [1])
    assert register.points == [other, POINT]


def test_a_register_is_the_same_after_it_was_kept() -> None:
    first = Register([])
    first.number([POINT, a_point("R2")])
    columns = first.columns([0, 1])

    again = Register((row["id"], row["described"]) for row in columns.to_pylist())

    assert again.points == [POINT, a_point("R2")]
    numbers, anew = again.number([a_point("R2"), POINT])
    assert (numbers.tolist(), anew) == ([1, 0], [])
