"""Energy is neither made nor lost in a simulated plant, and the twin's balances of it close."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build import START
from services.intake import Intake
from services.simulate.liquid import LIQUID_SHARE, circulate
from services.simulate.load import demand_kw
from services.simulate.noise import Noise
from services.simulate.physics import Physics
from services.simulate.plant import Plant
from services.simulate.script import PumpsLost
from services.simulate.site import site_of
from twin.balance import FLOW, HEAT, POWER, Closure
from twin.balances import readings_of
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.suspects import HEAT_BOUND, heat_ratio
from twin.thermal import Coolant, heat_kw

DAY_S: Final = 86_400
SEEDS: Final = st.integers(0, 2**31 - 1)
STARTS: Final = st.integers(0, 300 * DAY_S).map(lambda seconds: START // 1000 + seconds)
SETTLED: Final = Millis(130_000)
"""Longer than the sensors' memory and any verdict's delay."""


@given(SEEDS, STARTS, st.floats(0.05, 1.0))
def test_power_is_heat_of_liquid_and_air_and_what_is_stored(
    seed: int, start: int, left: float
) -> None:
    rows, seconds = (3, 2), np.arange(start, start + 200)[:, None]
    noise = Noise(seed)
    pumps = np.ones((len(seconds), len(rows)))
    pumps[150:, 0] = left

    liquid = circulate(noise, rows, demand_kw(noise, sum(rows), seconds), pumps, seconds)

    air = (1 - LIQUID_SHARE) * liquid.power_kw
    stored = liquid.power_kw - air - liquid.heat_kw
    assert (stored > -1e-9).all()  # the metal of a rack takes what the coolant cannot
    assert stored[:150] == pytest.approx(0, abs=1e-9)
    assert stored[150:, 3:] == pytest.approx(0, abs=1e-9)


@given(SEEDS, STARTS, st.integers(1, 20), st.none() | st.floats(0.05, 1.0))
def test_what_is_metered_and_pumped_is_the_sum_of_what_is_taken(
    seed: int, start: int, racks: int, left: float | None
) -> None:
    lost = () if left is None else (PumpsLost(Instant(start * 1000), row=0, left=left),)
    site = site_of(racks)
    shown = Physics(site, Noise(seed), lost).shown(start, 20)

    power, taps, busways = (
        shown["rack"]["power"],
        shown["tap"]["active"],
        shown["busway"]["active"],
    )
    edges = np.cumsum((0, *site.rows))[:-1]
    assert taps[:, :racks] + taps[:, racks:] == pytest.approx(power)
    both = sum(np.split(busways, 2, axis=1))
    assert both == pytest.approx(np.add.reduceat(power, edges, axis=1) * 1.0015)
    flow = np.add.reduceat(shown["rack"]["flow"], edges, axis=1)
    assert shown["cdu"]["flow"] == pytest.approx(flow, rel=0.0025)
    cdu = shown["cdu"]
    carried = cdu["primary flow"] * heat_kw(1.0, 24.0, 32.0, Coolant.WATER)
    stored = LIQUID_SHARE * np.add.reduceat(power, edges, axis=1) - carried
    assert (stored > -0.003 * carried).all()
    if left is None:
        assert stored == pytest.approx(0 * carried, abs=0.003 * carried.max())


@settings(max_examples=20)
@given(SEEDS, STARTS, st.integers(1, 4))
def test_every_balance_of_a_healthy_plant_stays_within_its_uncertainty(
    seed: int, start: int, racks: int
) -> None:
    intake, begin = Intake(Fleet()), Instant(start * 1000)
    intake.take_all(Plant(racks, seed).recording(begin, after(begin, SETTLED)))
    fleet = intake.fleet

    balances = list(fleet.audit.balances())
    assert {each.code for each in balances} == {HEAT, POWER, FLOW}
    assert {each.closure for each in balances} == {Closure.CLOSED}
    assert fleet.audit.findings() == []
    for rack in fleet.views():
        readings = readings_of(rack)
        assert readings is not None
        assert heat_ratio(readings, readings.power_kw) == pytest.approx(1, abs=HEAT_BOUND)
