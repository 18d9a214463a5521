import pytest

from twin.steps import Steps, run, some


def count(done: list[int], until: int) -> Steps[str]:
    for number in range(until):
        done.append(number)
        yield
    return "all"


def test_all_parts_are_done_and_what_they_found_is_returned() -> None:
    done: list[int] = []

    assert run(count(done, 3)) == "all"
    assert done == [0, 1, 2]


def test_nothing_to_do_is_done_at_once() -> None:
    assert run(count([], 0)) == "all"


def test_what_a_part_raises_is_raised() -> None:
    def wrong() -> Steps[None]:
        yield
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        run(wrong())


def test_some_parts_are_done_at_a_time_until_there_are_none_left() -> None:
    done: list[int] = []
    steps = count(done, 3)

    assert some(steps, 2) is None
    assert done == [0, 1]
    assert some(steps, 2) == "all"
    assert done == [0, 1, 2]
