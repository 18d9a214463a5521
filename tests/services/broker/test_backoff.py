from itertools import islice

from services.broker.backoff import FIRST_S, LONGEST_S, Backoff, waits


def _longest(_: float, most: float) -> float:
    return most


def test_waits_double_up_to_the_longest() -> None:
    assert list(islice(waits(_longest), 8)) == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_attempt_that_lasted_starts_afresh() -> None:
    backoff = Backoff(_longest)
    assert [backoff.wait_s(lasted) for lasted in (0, 9, 11, 1)] == [0.25, 0.5, 0.25, 0.5]


def test_every_wait_may_be_nothing() -> None:
    backoff = Backoff(lambda least, _: least)
    assert [backoff.wait_s() for _ in range(3)] == [0, 0, 0]


def test_waits_by_chance_stay_within_bounds() -> None:
    backoff = Backoff()
    assert backoff.wait_s() <= FIRST_S
    assert all(0 <= backoff.wait_s() <= LONGEST_S for _ in range(100))
