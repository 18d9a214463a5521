from math import sqrt

import numpy as np
import pytest

from services.simulate.electric import Shown, meter_gauges
from services.simulate.noise import Noise

ROWS = (3, 2)
SECONDS = np.arange(1_767_225_600, 1_767_225_660)[:, None]
POWER = 60.0 + 14 * np.arange(5.0) + np.zeros((len(SECONDS), 1))


@pytest.fixture
def meters() -> tuple[Shown, Shown]:
    return meter_gauges(Noise(9), ROWS, POWER, SECONDS)


def test_taps_of_a_rack_carry_what_it_draws(meters: tuple[Shown, Shown]) -> None:
    side_a, side_b = np.split(meters[0]["active"], 2, axis=1)
    assert side_a + side_b == pytest.approx(POWER)
    assert side_a / POWER == pytest.approx(0.5, abs=0.021)


def test_busways_carry_their_taps_and_a_small_loss(meters: tuple[Shown, Shown]) -> None:
    tap, busway = meters
    for index, taps in enumerate((slice(3), slice(3, 5), slice(5, 8), slice(8, 10))):
        below = tap["active"][:, taps].sum(axis=1)
        assert busway["active"][:, index] / below == pytest.approx(1.0015)


@pytest.mark.parametrize("kind", [0, 1])
def test_meters_agree_with_themselves(meters: tuple[Shown, Shown], kind: int) -> None:
    meter = meters[kind]
    power = sqrt(3) * meter["voltage"] * meter["current"] * meter["factor"] / 1000
    assert power == pytest.approx(meter["active"])
    assert meter["active"] / meter["apparent"] == pytest.approx(meter["factor"])
    phases = meter["phase A"] + meter["phase B"] + meter["phase C"]
    assert phases / 3 == pytest.approx(meter["current"])


@pytest.mark.parametrize("kind", [0, 1])
def test_either_side_could_carry_racks_at_their_most(
    meters: tuple[Shown, Shown], kind: int
) -> None:
    meter = meters[kind]
    may = sqrt(3) * meter["voltage"] * meter["limit"] * meter["factor"] / 1000
    racks = np.array([*ROWS, *ROWS]) if kind else np.ones(2 * sum(ROWS))
    assert (may > 132 * 1.0015 * racks).all()


def test_mains_are_the_same_for_all(meters: tuple[Shown, Shown]) -> None:
    assert (meters[0]["frequency"] == meters[1]["frequency"][:, :1]).all()
    assert meters[0]["frequency"] == pytest.approx(60, abs=0.02)
