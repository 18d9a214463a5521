from collections.abc import Callable

import pytest

from build import a_cooled_rack, a_state, an_entity, at
from twin.entities import Entity
from twin.limits import Of
from twin.measured import nothing
from twin.points import Freshness
from twin.steady import Steady, gather
from twin.thermal import Coolant
from twin.trends import Trend, trend_of

SUPPLY, RETURN = "RackLiquidSupplyTemperature", "RackLiquidReturnTemperature"
SECONDS = 120


def a_rack(supply: float = 32.0, rise: float = 10.0) -> Entity:
    shown = a_cooled_rack("R1", supply=supply, rise=rise)
    return an_entity("R1", *(a_state(point, value) for point, value in shown.items()))


def watched(
    rack: Entity, moves: dict[str, Callable[[int], float]] | None = None, seconds: int = SECONDS
) -> Steady:
    """A rack looked at once a second, its sensors at each second as ``moves`` say."""
    steady = Steady(rack, [], Coolant.PG25)
    for second in range(seconds + 1):
        for kind, value in (moves or {}).items():
            (state,) = rack.of_type(kind)
            state.value = value(second)
        gather([steady]).sample(at(second))
    return steady


def ramp(start: float, slope: float) -> Callable[[int], float]:
    return lambda second: start + slope * second


def unknown(trend: Trend) -> bool:
    return trend == Trend(nothing("K/s"), nothing("K/s"), nothing("s"), None)


def test_a_rack_that_stands_still_nears_no_limit() -> None:
    trend = trend_of(watched(a_rack()))

    assert (trend.supply.value, trend.return_.value) == (0.0, 0.0)
    assert trend.supply.unit == "K/s"
    assert trend.supply.measured_at == at(SECONDS)
    assert (trend.time_to_limit, trend.limit) == (nothing("s"), None)


def test_slopes_are_those_of_the_sensors() -> None:
    moves = {SUPPLY: ramp(30.0, 0.01), RETURN: ramp(44.0, -0.02)}

    trend = trend_of(watched(a_rack(), moves))

    assert trend.supply.value == pytest.approx(0.01, rel=0.08)
    assert trend.return_.value == pytest.approx(-0.02, rel=0.08)


@pytest.mark.parametrize(
    ("moves", "of", "limit", "lasts_s"),
    [
        ({SUPPLY: ramp(32.0, 0.02), RETURN: ramp(42.0, 0.02)}, Of.SUPPLY_C, 45.0, 530),
        ({SUPPLY: ramp(32.0, -0.05), RETURN: ramp(42.0, -0.05)}, Of.SUPPLY_C, 18.0, 160),
        ({SUPPLY: ramp(44.0, 0.0), RETURN: ramp(56.0, 0.04)}, Of.DELTA_T_K, 20.0, 80),
        ({SUPPLY: ramp(40.0, 0.01), RETURN: ramp(58.0, -0.1)}, Of.SUPPLY_C, 45.0, 380),
        ({SUPPLY: ramp(40.0, 0.0), RETURN: ramp(58.0, -0.1)}, None, None, None),
    ],
)
def test_the_limit_that_is_met_first_is_named_with_the_time_to_it(
    moves: dict[str, Callable[[int], float]],
    of: Of | None,
    limit: float | None,
    lasts_s: float | None,
) -> None:
    trend = trend_of(watched(a_rack(), moves))

    assert (trend.limit and trend.limit.of, trend.limit and trend.limit.critical) == (of, limit)
    assert trend.time_to_limit.value == (lasts_s and pytest.approx(lasts_s, rel=0.12))


def test_beyond_a_limit_no_time_is_left() -> None:
    trend = trend_of(watched(a_rack(supply=46.0)))

    assert (trend.time_to_limit.value, trend.limit and trend.limit.of) == (0.0, Of.SUPPLY_C)
    assert trend.time_to_limit.derived_from == 2


def test_a_limit_an_hour_away_is_not_told() -> None:
    moves = {SUPPLY: ramp(32.0, 0.003), RETURN: ramp(42.0, 0.003)}

    trend = trend_of(watched(a_rack(), moves))

    assert trend.supply.value == pytest.approx(0.003, rel=0.08)
    assert (trend.time_to_limit, trend.limit) == (nothing("s"), None)


def test_nothing_is_known_of_a_rack_that_nobody_has_looked_at() -> None:
    assert unknown(trend_of(None))
    assert unknown(trend_of(Steady(a_rack(), [], Coolant.PG25)))


def test_nothing_is_known_until_its_sensors_were_heard_for_a_while() -> None:
    assert unknown(trend_of(watched(a_rack(), seconds=44)))
    assert not unknown(trend_of(watched(a_rack(), seconds=45)))


def test_nothing_is_known_where_a_sensor_fell_silent() -> None:
    rack = a_rack()
    steady = watched(rack)
    for state in rack.of_type(RETURN):
        state.freshness = Freshness.STALE
    gather([steady]).sample(at(SECONDS + 1))

    assert unknown(trend_of(steady))
