from math import sqrt

import pytest

from build import Values, a_measured, a_meter, a_point, a_state, an_entity
from twin.circuits import (
    UNRATED,
    Rating,
    able_of,
    capacity_of,
    circuit_of,
    limit_of,
    load_of,
    power_factor_of,
    three_phase_kw,
)
from twin.entities import Entity
from twin.points import Freshness

APPARENT = a_point("PowerMeter/ApparentPower", "M1", unit="kVA")
CURRENT = a_point("PowerMeter/Current", "M1")
LIMIT = a_point("PowerMeter/CurrentLimit", "M1")
RATED = Rating(limit_a=160.0, rated_kw=90.0)
FULL_KW = sqrt(3) * 400 * 200 / 1000


def showing(values: Values) -> Entity:
    return an_entity("M1", *(a_state(point, value) for point, value in values.items()))


def without(point_type: str, values: Values) -> Values:
    return {point: value for point, value in values.items() if point.point_type != point_type}


def capacity(meter: Entity, rating: Rating = UNRATED) -> float | None:
    return capacity_of(meter, limit_of(meter, rating), rating).value


def test_circuit_has_what_its_limit_leaves_beside_its_load() -> None:
    meter = showing(a_meter("M1", kw=50.0) | {CURRENT: 72.0})
    circuit = circuit_of(meter, UNRATED)

    assert (circuit.load, circuit.current.value) == (load_of(meter), 72.0)
    assert circuit.capacity.value == pytest.approx(FULL_KW)
    assert circuit.headroom.value == pytest.approx(FULL_KW - 50)


@pytest.mark.parametrize(
    ("volts", "power_factor"), [(0.0, 1.0), (-1.0, 1.0), (400.0, 0.0), (400.0, 98.4)]
)
def test_what_cannot_be_right_is_no_power(volts: float, power_factor: float) -> None:
    assert three_phase_kw(volts, 100.0, power_factor) is None


def test_power_factor_is_the_meter_s_own() -> None:
    meter = showing(a_meter("M1", kw=50.0, power_factor=0.9) | {APPARENT: 100.0})

    assert power_factor_of(meter).value == 0.9


def test_power_factor_without_one_is_active_by_apparent_power() -> None:
    meter = showing({**without("PowerFactor", a_meter("M1", kw=50.0)), APPARENT: 62.5})

    assert power_factor_of(meter).value == 0.8
    assert capacity(meter) == pytest.approx(FULL_KW * 0.8)


@pytest.mark.parametrize(("active", "apparent"), [(0.0, 0.1), (0.0, 0.0), (50.1, 50.0)])
def test_power_factor_that_is_not_known_limits_nothing(active: float, apparent: float) -> None:
    meter = showing({**without("PowerFactor", a_meter("M1", kw=active)), APPARENT: apparent})

    assert power_factor_of(meter).value is None
    assert capacity(meter) == pytest.approx(FULL_KW)


def test_what_is_written_down_is_asked_where_the_bus_does_not_say() -> None:
    told, silent = a_meter("M1"), without("CurrentLimit", a_meter("M1"))

    assert limit_of(showing(told), RATED).value == 200.0
    assert limit_of(showing(silent), RATED).value == 160.0
    assert limit_of(showing(silent), UNRATED).freshness is Freshness.UNHEARD
    assert capacity(showing(silent), RATED) == pytest.approx(FULL_KW * 0.8)
    assert capacity(showing(a_meter("M1", volts=0.0)), RATED) == 90.0


def test_circuit_without_volts_could_carry_in_proportion_to_its_current() -> None:
    meter = showing(a_meter("M1", kw=20.0, volts=0.0) | {CURRENT: 50.0})
    circuit = circuit_of(meter, UNRATED)

    assert circuit.capacity.value is None
    assert able_of(meter, circuit).value == 80.0


@pytest.mark.parametrize(("kw", "amps"), [(0.0, 50.0), (20.0, 0.0), (-1.0, 1.0)])
def test_idle_circuit_without_volts_does_not_show_what_it_could(kw: float, amps: float) -> None:
    meter = showing(a_meter("M1", kw=kw, volts=0.0) | {CURRENT: amps})

    assert able_of(meter, circuit_of(meter, UNRATED)).value is None


def test_circuit_with_a_capacity_could_carry_just_that() -> None:
    meter = showing(a_meter("M1") | {CURRENT: 1.0})
    circuit = circuit_of(meter, UNRATED)

    assert (
        able_of(meter, circuit)
        == circuit.capacity
        == a_measured(circuit.capacity.value)._replace(derived_from=3)
    )
