import numpy as np
import pytest

from services.simulate.lag import REACH, lag


def test_answer_to_a_step_is_first_order() -> None:
    step = np.concatenate((np.zeros((REACH, 1)), np.ones((60, 1))))
    answer = lag(step, 8.0)[REACH:, 0]
    assert answer[7] == pytest.approx(1 - np.exp(-1), abs=0.03)
    assert answer[-1] == pytest.approx(1)
    assert (np.diff(answer[: REACH - 1]) > 0).all()


def test_what_stands_still_is_not_changed() -> None:
    assert lag(np.full((100, 3), 42.0), 12.0) == pytest.approx(42.0)


def test_only_the_reach_counts_to_the_last_bit() -> None:
    driven = np.random.default_rng(1).random((300, 4))
    assert (lag(driven, 10.0)[REACH + 50 :] == lag(driven[50:], 10.0)[REACH:]).all()
