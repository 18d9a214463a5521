"""Sensors, one by one and many in one go."""

from collections.abc import Callable
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_point, a_state, an_entity
from twin.points import Freshness, PointState
from twin.ranges import REGISTER_ERRORS
from twin.sensors import Sensor, Sensors, as_told, sensor_of

RETURN = "Rack/RackLiquidReturnTemperature"
POWER = "PowerMeter/ActivePower"


def one(sensor: Sensor) -> float | None:
    """What it reads by itself, which is what it reads among others."""
    alone = sensor.now
    among = Sensors([[Sensor(None, "")], [sensor, sensor]]).now()[1, 1].item()
    assert alone == (None if isnan(among) else among)
    return alone


def reads(
    value: float | None, kind: str = POWER, unit: str | None = None, to: str = "kW"
) -> object:
    return one(Sensor(a_state(a_point(kind, unit=unit), value), to))


def test_a_sensor_reads_what_its_point_shows() -> None:
    assert reads(45.5) == 45.5


def _stale(state: PointState) -> None:
    state.freshness = Freshness.STALE


def _unheard(state: PointState) -> None:
    state.freshness = Freshness.UNHEARD


def _bad(state: PointState) -> None:
    state.bad = True


def _empty(state: PointState) -> None:
    state.value = None


@pytest.mark.parametrize("spoil", [_stale, _unheard, _bad, _empty])
def test_what_is_not_the_truth_of_now_is_no_value(spoil: Callable[[PointState], None]) -> None:
    state = a_state(a_point(POWER), 45.5)
    spoil(state)

    assert one(Sensor(state, "kW")) is None
    assert np.isnan(as_told([state])).all()


def test_what_cannot_be_is_no_value() -> None:
    assert reads(100.0, RETURN, to="C") == 100.0
    assert reads(100.1, RETURN, to="C") is None
    assert reads(-10.0, RETURN, to="C") == -10.0
    assert reads(-10.1, RETURN, to="C") is None
    assert reads(3276.7, RETURN, to="C") is None


@pytest.mark.parametrize("value", sorted(REGISTER_ERRORS))
def test_what_stands_for_none_is_no_value(value: float) -> None:
    assert reads(value) is None
    assert reads(value, unit="W") is None


def test_what_stands_for_none_does_so_as_it_is_told_and_not_as_it_is_converted() -> None:
    assert reads(6_553_500.0, unit="W") == 6553.5
    assert reads(65535.0, unit="W") is None
    assert reads(-5000.0) == -5000.0  # as large as an error, and none


def test_another_unit_is_converted_and_an_unrelated_one_is_no_value() -> None:
    assert reads(45_500.0, unit="W") == 45.5
    assert reads(3.0, unit="bar") is None
    assert reads(0.0, unit="bar") is None


def test_limits_are_in_the_unit_that_is_told() -> None:
    assert reads(2_000_000.0, "Rack/RackPower", "W") == 2000.0
    assert reads(2_000_001.0, "Rack/RackPower", "W") is None


def test_what_has_no_range_may_read_anything() -> None:
    assert reads(-1e9, "Sensor/AirFlow", "LPM", "LPM") == -1e9


def test_a_sensor_that_is_not_there_reads_nothing() -> None:
    assert one(Sensor(None, "kW")) is None
    assert one(sensor_of(None, "ActivePower", "kW")) is None
    assert one(sensor_of(an_entity("M1"), "ActivePower", "kW")) is None


def test_the_first_point_of_a_type_is_its_sensor() -> None:
    first, second = (a_state(a_point(POWER, "M1", tag=each), v) for each, v in (("a", 1), ("b", 2)))

    assert one(sensor_of(an_entity("M1", first, second), "ActivePower", "kW")) == 1.0


def test_things_with_fewer_sensors_read_nothing_of_what_they_lack() -> None:
    first, second, third = (Sensor(a_state(a_point(POWER), value), "kW") for value in (1, 2, 3))
    told = Sensors([[first], [], [second, third]]).now()

    assert [[None if isnan(each) else each for each in row] for row in told.tolist()] == [
        [1.0, None, 2.0],
        [None, None, 3.0],
    ]


@pytest.mark.parametrize("things", [0, 3])
def test_things_without_sensors_have_no_rows(things: int) -> None:
    assert Sensors([[]] * things).now().shape == (0, things)


def test_whole_numbers_are_numbers() -> None:
    whole, odd = Sensor(a_state(a_point(POWER), 5), "kW"), Sensor(a_state(a_point(POWER), -1), "A")

    told = Sensors([[whole, odd]]).now()
    assert told[0].item() == 5.0
    assert np.isnan(told[1]).all()


def test_what_is_read_is_of_now() -> None:
    state = a_state(a_point(POWER), 1.0)
    sensors = Sensors([[Sensor(state, "kW")]])
    before = sensors.now()
    state.value = 2.0

    assert (before.item(), sensors.now().item()) == (1.0, 2.0)


STATES = st.builds(
    a_state,
    st.builds(
        a_point,
        st.sampled_from([POWER, RETURN, "PowerMeter/CurrentLimit", "Sensor/AirFlow"]),
        unit=st.sampled_from(["kW", "W", "C", "F", "A", "mA", "bar"]),
    ),
    st.one_of(st.none(), st.floats(-1e7, 1e7), st.sampled_from(sorted(REGISTER_ERRORS))),
    quality=st.sampled_from([1, 1, 1, 0]),
    freshness=st.sampled_from([Freshness.LIVE, Freshness.LIVE, *Freshness]),
)
SENSORS = st.builds(Sensor, st.one_of(st.none(), STATES), st.sampled_from(["kW", "C", "A"]))


@given(st.lists(st.lists(SENSORS, max_size=4), max_size=6))
def test_many_read_in_one_go_what_each_reads_alone(things: list[list[Sensor]]) -> None:
    told = Sensors(things).now()

    for column, sensors in enumerate(things):
        alone = [each.now for each in sensors] + [None] * (len(told) - len(sensors))
        assert [None if isnan(each) else each for each in told[:, column].tolist()] == alone
