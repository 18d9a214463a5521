"""The heat balance of one rack over time, of sensors that the tests move by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from build import a_cooled_rack, a_meter, a_point, a_state, an_entity, at
from twin.balance import HEAT, Closure
from twin.points import Freshness, Point, PointState
from twin.sensors import Sensor
from twin.smoothing import TAU_S, Smoothing
from twin.steady import SETTLING_S, Smoothed, Steady, gather
from twin.suspects import LIQUID_SHARE
from twin.thermal import NVL72, Coolant, heat_kw

POWER_SENSOR, FLOW_SENSOR, SUPPLY_SENSOR, RETURN_SENSOR = (
    "RackPower",
    "RackLiquidFlow",
    "RackLiquidSupplyTemperature",
    "RackLiquidReturnTemperature",
)
ALL = (POWER_SENSOR, FLOW_SENSOR, SUPPLY_SENSOR, RETURN_SENSOR)

LPM, SUPPLY_C, RISE_K = 150.0, 32.0, 10.0
HEAT_KW = heat_kw(LPM, SUPPLY_C, SUPPLY_C + RISE_K, Coolant.PG25)
KW = HEAT_KW / LIQUID_SHARE


@dataclass(frozen=True)
class Bench:
    """A rack whose sensors can be moved, what is made of them, and when it was looked at last."""

    steady: Steady
    smoothing: Smoothing
    states: dict[str, PointState]

    def run(self, seconds: Iterable[int]) -> None:
        for second in seconds:
            self.smoothing.sample(at(second))

    def show(self, sensor: str, value: float | None) -> None:
        self.states[sensor].value = value


def a_rack(*, kw: float = KW, meters_kw: tuple[float, ...] = (), without: str = "") -> Bench:
    """A rack whose balance closes, with a meter for each of ``meters_kw``."""
    shown = a_cooled_rack(kw=kw, lpm=LPM, supply=SUPPLY_C, rise=RISE_K)
    states = [a_state(p, value) for p, value in shown.items() if p.point_type != without]
    named = {state.point.point_type: state for state in states}
    meters = []
    for number, value in enumerate(meters_kw):
        of_meter = [a_state(p, v) for p, v in a_meter(f"M{number}", "R1", kw=value).items()]
        meters.append(an_entity(f"M{number}", *of_meter))
        named[f"M{number}"] = of_meter[0]
    steady = Steady(an_entity("R1", *states), meters, Coolant.PG25)
    return Bench(steady, gather([steady]), named)


def a_settled_rack(*, kw: float = KW, meters_kw: tuple[float, ...] = ()) -> Bench:
    bench = a_rack(kw=kw, meters_kw=meters_kw)
    bench.run(range(61))
    return bench


# -- what stands still ---------------------------------------------------------------------------


def test_what_does_not_move_reads_what_its_sensors_read() -> None:
    bench = a_settled_rack()
    heat = bench.steady.heat()

    assert heat.shown == pytest.approx(HEAT_KW)
    assert heat.expected == pytest.approx(HEAT_KW)
    assert (heat.code, heat.entity, heat.unit) == (HEAT, "R1", "kW")
    assert (heat.fresh, heat.inputs, heat.at) == (4, 4, at(60))
    assert heat.closure is Closure.CLOSED


def test_uncertainty_at_rest_is_what_sensors_are_sold_with() -> None:
    heat = a_settled_rack().steady.heat()

    assert heat.uncertainty == pytest.approx(0.02 + 0.03 + 2**0.5 * 0.2 / RISE_K)


def test_a_small_rise_says_less() -> None:
    bench = a_settled_rack()
    bench.show(RETURN_SENSOR, SUPPLY_C + 2.0)
    bench.run(range(61, 400))
    small = bench.steady.heat().uncertainty
    bench.show(RETURN_SENSOR, SUPPLY_C - 1.0)
    bench.run(range(400, 800))

    assert small == pytest.approx(0.05 + 0.2 * 2**0.5 / 2, abs=0.001)
    assert bench.steady.heat().uncertainty == pytest.approx(0.05 + 0.2 * 2**0.5, abs=0.001)


@pytest.mark.parametrize("rise", [0.05, 0.0, -0.1])
def test_an_idle_rack_closes_whatever_its_thermometers_make_of_next_to_nothing(rise: float) -> None:
    bench = a_settled_rack(kw=0.1)
    bench.show(RETURN_SENSOR, SUPPLY_C + rise)
    bench.run(range(61, 400))

    assert bench.steady.heat().closure is Closure.CLOSED


@pytest.mark.parametrize(("sensor", "value"), [(RETURN_SENSOR, SUPPLY_C), (FLOW_SENSOR, 0.0)])
def test_a_load_whose_heat_goes_nowhere_is_off_however_small_the_rise(
    sensor: str, value: float
) -> None:
    bench = a_settled_rack()
    bench.show(RETURN_SENSOR, SUPPLY_C + 0.1)
    bench.show(sensor, value)
    bench.run(range(61, 400))

    assert bench.steady.heat().closure is Closure.OPEN


def test_rack_that_draws_nothing_has_no_residual() -> None:
    bench = a_settled_rack(kw=0.0, meters_kw=(5.0,))

    assert bench.steady.heat().closure is Closure.UNKNOWN
    assert bench.steady.readings is not None
    assert bench.steady.readings.meters_kw == 5.0


# -- what moves ----------------------------------------------------------------------------------


def test_a_sensor_has_come_half_way_when_its_time_constant_says_so() -> None:
    bench = a_settled_rack()
    bench.show(SUPPLY_SENSOR, SUPPLY_C + 1.0)
    bench.run(range(61, 61 + round(TAU_S)))

    assert bench.steady.supply == pytest.approx(SUPPLY_C + 1 - 0.38, abs=0.02)


def test_slope_of_a_ramp_is_learnt() -> None:
    bench = a_settled_rack()
    for second in range(61, 181):
        bench.show(RETURN_SENSOR, SUPPLY_C + RISE_K + 0.1 * (second - 60))
        bench.run([second])

    assert bench.steady.return_slope == pytest.approx(0.1, rel=0.07)  # in steps of a second
    assert bench.steady.supply_slope == 0.0


@pytest.mark.parametrize("sensor", [SUPPLY_SENSOR, RETURN_SENSOR])
def test_what_still_drifts_is_less_sure(sensor: str) -> None:
    bench = a_settled_rack()
    before = bench.steady.heat().uncertainty
    bench.show(sensor, SUPPLY_C + RISE_K / 2)
    bench.run(range(61, 66))

    assert bench.steady.heat().uncertainty > 2 * before


def test_power_comes_as_late_as_the_coolant_that_it_warms() -> None:
    bench = a_settled_rack()
    bench.show(POWER_SENSOR, 2 * KW)
    bench.run(range(61, 62 + round(60 * NVL72.coolant_l / LPM)))
    steady = bench.steady

    assert steady.power is not None
    assert steady.lagged is not None
    assert KW < steady.lagged < steady.power < 2 * KW
    assert steady.heat().uncertainty > (steady.power - steady.lagged) / steady.lagged


def test_where_nothing_flows_the_heat_stays_in_the_rack() -> None:
    bench = a_settled_rack()
    bench.show(FLOW_SENSOR, 0.0)
    bench.show(POWER_SENSOR, 2 * KW)
    bench.run(range(61, 181))

    assert bench.steady.lagged == pytest.approx(KW)
    bench.show(FLOW_SENSOR, -1.0)
    bench.run(range(181, 241))
    assert bench.steady.lagged == pytest.approx(KW)


@pytest.mark.parametrize(
    ("sensor", "bent"),
    [
        (POWER_SENSOR, KW * 1.15),
        (POWER_SENSOR, KW * 0.85),
        (FLOW_SENSOR, LPM * 1.15),
        (FLOW_SENSOR, LPM * 0.85),
        (SUPPLY_SENSOR, SUPPLY_C * 1.15),
        (RETURN_SENSOR, (SUPPLY_C + RISE_K) * 0.85),
    ],
)
def test_a_lasting_bias_opens_the_balance(sensor: str, bent: float) -> None:
    bench = a_settled_rack()
    bench.show(sensor, bent)
    bench.run(range(61, 181))

    assert bench.steady.heat().closure is Closure.OPEN


# -- what is missing -----------------------------------------------------------------------------


@pytest.mark.parametrize("sensor", ALL)
def test_sensor_that_is_not_there_leaves_the_balance_unknown(sensor: str) -> None:
    bench = a_rack(without=sensor)
    bench.run(range(121))

    assert (bench.steady.heat().closure, bench.steady.heat().fresh) == (Closure.UNKNOWN, 3)
    assert bench.steady.readings is None
    assert not bench.steady.settled


def _silent(state: PointState) -> None:
    state.freshness = Freshness.STALE


def _bad(state: PointState) -> None:
    state.bad = True


def _empty(state: PointState) -> None:
    state.value = None


@pytest.mark.parametrize("sensor", ALL)
@pytest.mark.parametrize("spoil", [_silent, _bad, _empty])
def test_sensor_without_a_truth_of_now_has_no_value_and_starts_anew(
    sensor: str, spoil: Callable[[PointState], None]
) -> None:
    bench = a_settled_rack()
    sound = bench.states[sensor]
    was = (sound.value, sound.freshness, sound.bad)
    spoil(sound)
    bench.run([61])

    assert bench.steady.heat().closure is Closure.UNKNOWN
    assert bench.steady.readings is None

    sound.value, sound.freshness, sound.bad = was
    bench.run(range(62, 61 + round(SETTLING_S)))
    assert bench.steady.heat().closure is Closure.CLOSED
    assert not bench.steady.settled
    bench.run([61 + round(SETTLING_S)])
    assert bench.steady.settled


def test_one_look_that_is_left_out_starts_everything_anew() -> None:
    bench = a_settled_rack()
    bench.show(RETURN_SENSOR, SUPPLY_C + 2 * RISE_K)
    bench.run([62])

    assert bench.steady.return_ == SUPPLY_C + 2 * RISE_K
    assert not bench.steady.settled


def test_unit_that_is_unrelated_is_no_value() -> None:
    plain = a_cooled_rack()
    states = [a_state(point, value) for point, value in plain.items()]
    odd = a_state(a_point("Rack/RackLiquidFlow", unit="bar"), 3.0)
    steady = Steady(an_entity("R1", *states, odd), [], Coolant.PG25)
    gather([steady]).sample(at(0))

    assert steady.heat().fresh == 3


def test_unit_that_is_related_is_converted() -> None:
    def told_in(point: Point, value: float | None) -> PointState:
        watts = a_point("Rack/RackPower", unit="W")
        of_power = point.point_type == POWER_SENSOR
        return a_state(watts, KW * 1000) if of_power else a_state(point, value)

    shown = a_cooled_rack(lpm=LPM, supply=SUPPLY_C, rise=RISE_K)
    steady = Steady(an_entity("R1", *(told_in(*each) for each in shown.items())), [], Coolant.PG25)
    gather([steady]).sample(at(0))

    assert steady.power == pytest.approx(KW)


# -- its meters ----------------------------------------------------------------------------------


def test_sum_of_its_meters_stands_beside_what_the_rack_says() -> None:
    bench = a_settled_rack(meters_kw=(KW / 2, KW / 2 + 1))

    assert bench.steady.meters == pytest.approx(KW + 1)
    assert bench.steady.own == bench.steady.power == pytest.approx(KW)


def test_sum_of_which_one_is_silent_is_no_load() -> None:
    bench = a_settled_rack(meters_kw=(KW / 2, KW / 2))
    _silent(bench.states["M1"])
    bench.run([61])

    assert bench.steady.meters is None
    assert bench.steady.heat().closure is Closure.CLOSED
    assert bench.steady.readings is not None
    assert bench.steady.readings.meters_kw is None


def test_sum_of_which_one_has_no_such_point_is_no_load() -> None:
    bench = a_rack(meters_kw=(KW,))
    rack = an_entity("R1", *(bench.states[sensor] for sensor in ALL))
    metered = an_entity("M0", bench.states["M0"])
    steady = Steady(rack, [metered, an_entity("M1")], Coolant.PG25)
    gather([steady]).sample(at(0))

    assert steady.meters is None
    assert steady.own == pytest.approx(KW)


def test_meters_stand_in_for_a_rack_that_does_not_say_what_it_draws() -> None:
    bench = a_rack(meters_kw=(KW / 2, KW / 2), without=POWER_SENSOR)
    bench.run(range(61))

    assert bench.steady.heat().closure is Closure.CLOSED
    assert bench.steady.own is None
    assert bench.steady.readings is not None
    assert bench.steady.readings.meters_kw is None


def test_meters_are_as_late_as_the_power_that_they_stand_beside() -> None:
    bench = a_settled_rack(meters_kw=(KW,))
    bench.show(POWER_SENSOR, 2 * KW)
    bench.show("M0", 2 * KW)
    bench.run(range(61, 66))
    readings = bench.steady.readings

    assert readings is not None
    assert readings.meters_kw == pytest.approx(readings.power_kw)
    assert readings.power_kw == bench.steady.lagged


# -- one sensor alone ------------------------------------------------------------------------------


def test_smoothed_sensor_follows_over_its_time_constant_and_starts_anew() -> None:
    state = a_state(a_point(), 100.0)
    smoothed = Smoothed(Sensor(state, "kW"))
    smoothed.sample()
    assert (smoothed.value, smoothed.slope) == (100.0, 0.0)

    state.value = 116.0
    smoothed.sample()
    assert smoothed.value == pytest.approx(101.0)
    assert smoothed.slope > 0

    _silent(state)
    smoothed.sample()
    assert (smoothed.value, smoothed.slope) == (None, 0.0)
