import numpy as np
import pytest

from services.simulate.noise import Noise, smoothstep

LANES = np.arange(50)
SECONDS = np.arange(1_767_225_600, 1_767_226_200)[:, None]


def test_same_question_has_the_same_answer_in_any_order() -> None:
    whole = Noise(7).wander("supply", LANES, SECONDS, 60)
    part = Noise(7).wander("supply", LANES[10:20], SECONDS[200:300], 60)
    # a lane's number says who it is, not where it stands
    assert (whole[200:300, 10:20] == part).all()


@pytest.mark.parametrize("other", [Noise(2).uniform("a", LANES), Noise(1).uniform("b", LANES)])
def test_seeds_and_subjects_have_nothing_to_do_with_each_other(other: np.ndarray) -> None:
    assert abs(np.corrcoef(Noise(1).uniform("a", LANES), other)[0, 1]) < 0.5
    assert (Noise(1).uniform("a", LANES) != other).all()


def test_uniform_fills_the_range_evenly() -> None:
    drawn = Noise(3).uniform("x", LANES, SECONDS)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.var() == pytest.approx(1 / 12, abs=0.005)


def test_white_is_new_at_each_step_and_lane() -> None:
    drawn = Noise(3).white("x", LANES, SECONDS)
    assert len(np.unique(drawn)) == drawn.size
    assert drawn.min() < -0.99


def test_wander_never_jumps() -> None:
    drawn = Noise(3).wander("x", LANES, SECONDS, 60)
    assert np.abs(np.diff(drawn, axis=0)).max() < 2 * 1.5 / 60 + 1e-9
    assert drawn.std() > 0.3


def test_bits_stay_what_they_were() -> None:
    drawn = Noise(42).uniform("pinned", np.arange(2))
    assert drawn.tolist() == [0.9105862543896448, 0.66482551444179]


def test_smoothstep_is_level_at_both_ends() -> None:
    share = smoothstep(np.array([-1.0, 0.0, 0.001, 0.5, 0.999, 1.0, 2.0]))
    assert share.tolist() == pytest.approx([0, 0, 0, 0.5, 1, 1, 1], abs=1e-5)
