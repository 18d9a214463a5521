from itertools import islice

from services.broker.backoff import FIRST_S, LONGEST_S, waits


def _longest(_: float, most: float) -> float:
    return most


def test_waits_double_up_to_the_longest() -> None:
    assert list(islice(waits(_longest), 8)) == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_every_wait_may_be_nothing() -> None:
    assert list(islice(waits(lambda least, _: least), 3)) == [0, 0, 0]


def test_waits_by_chance_stay_within_bounds() -> None:
    assert all(0 <= wait <= LONGEST_S for wait in islice(waits(), 100))
    assert next(waits()) <= FIRST_S
