"""What the texts of state points mean."""

from dataclasses import replace

import pytest

from build import a_point, a_state
from twin.points import Freshness, Point
from twin.watch.states import Says, is_so, says, told

PLAIN = a_point("Rack/RackLeakDetect")


def texted(zero: str, one: str) -> Point:
    return replace(PLAIN, states=((0, zero), (1, one)))


@pytest.mark.parametrize(
    ("zero", "one"),
    [
        ("NoLeak", "Leak"),
        ("No leak", "Leak"),
        ("Normal", "Alarm"),
        ("Dry", "Wet"),
        ("NotIsolated", "Isolated"),
        ("NoIsolateRequest", "IsolateRequest"),
        ("Off", "On"),
        ("Open", "Closed"),
    ],
)
def test_usual_texts_mean_what_their_numbers_do(zero: str, one: str) -> None:
    point = texted(zero, one)

    assert says(point, 0) is Says.NOT_SO
    assert says(point, 1) is Says.SO


def test_texts_count_more_than_numbers() -> None:
    point = texted("Leak detected", "OK")

    assert says(point, 0) is Says.SO
    assert says(point, 1) is Says.NOT_SO


@pytest.mark.parametrize("text", ["Sensor fault", "Unavailable", "Not available", "No data"])
def test_a_sensor_that_cannot_tell_is_broken(text: str) -> None:
    assert says(texted("Normal", text), 1) is Says.BROKEN


def test_no_fault_is_no_fault() -> None:
    assert says(texted("NoFault", "Fault"), 0) is Says.NOT_SO
    assert says(texted("NoFault", "Fault"), 1) is Says.BROKEN


def test_without_texts_all_but_0_is_so() -> None:
    assert says(PLAIN, 0) is Says.NOT_SO
    assert says(PLAIN, 2) is Says.SO


def test_only_the_truth_of_now_is_told() -> None:
    assert told(a_state(PLAIN, 1.0)) == 1.0
    assert told(a_state(PLAIN, 1.0, quality=0)) is None
    assert told(a_state(PLAIN, 1.0, freshness=Freshness.STALE)) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.0], False),
        ([0.0, 1.0], True),
        ([None, 1.0], True),
        ([0.0, None], None),
        ([], None),
    ],
)
def test_one_of_several_is_enough_and_all_must_say_that_it_is_not(
    values: list[float | None], *, expected: bool | None
) -> None:
    assert is_so([a_state(PLAIN, value) for value in values]) is expected
