"""The coolant of a rack, held against its rules."""

import pytest

from faulty import a_rule
from twin.fault import UNKNOWN, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.points import Freshness, PointId
from twin.severity import Severity
from watched import (
    DP,
    DP_SETPOINT,
    FLOW,
    KW,
    LPM,
    POWER,
    RETURN,
    RISE_K,
    SUPPLY,
    SUPPLY_C,
    Told,
    Watched,
    a_settled_loop,
    key,
    standing,
    warm_c,
)

FLOW_LOW = key("liquid.flow_low")
SUPPLY_HIGH = key("liquid.supply_temperature_high")
SUPPLY_LOW = key("liquid.supply_temperature_low")
RETURN_HIGH = key("liquid.return_temperature_high")
DELTA_T = key("liquid.delta_t_high")
DP_OFF = key("liquid.dp_deviation")
TIME = key("liquid.time_to_limit")

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


def brought(loop: Watched, lpm: float, *, supply: float = SUPPLY_C, racks: int = 1) -> None:
    """Let so much flow, and the return be what comes of it in the end."""
    for number in range(1, racks + 1):
        loop.show(FLOW, lpm, f"R{number}")
        loop.show(SUPPLY, supply, f"R{number}")
        loop.show(RETURN, warm_c(lpm) + supply - SUPPLY_C, f"R{number}")


def test_a_rack_that_is_cooled_is_well() -> None:
    assert a_settled_loop().look() == {}


def test_a_low_flow_waits_for_temperatures_that_were_never_heard_but_not_for_long() -> None:
    loop = a_settled_loop()
    loop.show(FLOW, 0.3 * KW)
    loop.states["R1", SUPPLY].freshness = Freshness.UNHEARD

    first = loop.look()
    loop.run(40)

    assert FLOW_LOW not in first
    assert loop.look()[FLOW_LOW].severity is CRITICAL


def test_no_flow_waits_for_nothing() -> None:
    loop = a_settled_loop()
    loop.show(FLOW, 0.0)
    loop.states["R1", SUPPLY].freshness = Freshness.UNHEARD

    assert loop.look()[FLOW_LOW].severity is CRITICAL


# -- flow ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lpm_per_kw", "severity"), [(1.0, OK), (0.9, WARNING), (0.7, CRITICAL), (0.1, CRITICAL)]
)
def test_flow_is_judged_by_what_the_load_needs(lpm_per_kw: float, severity: Severity) -> None:
    loop = a_settled_loop()
    brought(loop, lpm_per_kw * KW)

    judged = loop.look().get(FLOW_LOW, Judged(OK))

    assert judged.severity is severity
    if severity is not OK:
        assert judged.value == pytest.approx(lpm_per_kw)
        assert judged.point == "Rack/RackLiquidFlow/R1"


def test_a_flow_that_is_lost_is_told_within_the_second() -> None:
    loop = a_settled_loop()
    loop.show(FLOW, 0.1 * LPM)

    assert list(loop.look()) == [FLOW_LOW]


@pytest.mark.parametrize("lpm", [0.0, 0.1 * LPM])
def test_a_flow_that_is_lost_stays_told_while_the_rack_throttles(lpm: float) -> None:
    loop = a_settled_loop(taps=())
    loop.show(FLOW, lpm)
    for second in range(60):
        loop.show(POWER, max(KW - 5 * second, 0.4 * KW))
        assert loop.look()[FLOW_LOW].severity is CRITICAL


def test_a_flow_that_falls_while_nothing_warms_up_is_in_doubt() -> None:
    loop = a_settled_loop()
    loop.show(FLOW, 0.6 * KW)

    assert loop.look() == {}
    assert loop.look(standing(FLOW_LOW))[FLOW_LOW].severity is None


def test_a_power_that_lies_makes_no_flow_low() -> None:
    loop = a_settled_loop()
    loop.show(POWER, KW * 1.6)
    loop.show("ActivePower", None, "TAP-A")

    for _ in range(120):
        assert loop.look() == {}


@pytest.mark.parametrize("part", [0.5, 0.6, 0.7])
@pytest.mark.parametrize("lag_s", [12, 20])
def test_a_part_of_the_flow_that_is_lost_is_told_as_soon_as_the_coolant_warms_up(
    part: float, lag_s: int
) -> None:
    loop = a_settled_loop()
    lpm, seconds = part * KW, 0
    loop.show(FLOW, lpm)
    while FLOW_LOW not in loop.look():
        seconds += 1  # a first-order sensor
        warm = loop.states["R1", RETURN].value
        assert warm is not None
        loop.show(RETURN, warm + (warm_c(lpm) - warm) / (lag_s + 1))

    assert 0 < seconds < 6


def test_a_flow_that_dwindles_is_told_before_that_is_critical() -> None:
    loop = a_settled_loop()
    lpm = LPM
    while FLOW_LOW not in loop.look():
        lpm -= LPM / 60
        warm = loop.states["R1", RETURN].value
        assert warm is not None
        loop.show(FLOW, lpm)
        loop.show(RETURN, warm + (warm_c(lpm) - warm) / 13)

    assert 0.8 < lpm / KW < 0.95


def test_a_load_that_falls_later_bears_out_no_flow_meter_that_lies() -> None:
    """Less flows and as warm, which is more than the rack draws now with what flowed long since."""
    loop = a_settled_loop(taps=())
    loop.show(FLOW, 0.6 * KW)
    for _ in range(120):
        loop.look()
    for second in range(60):
        loop.show(POWER, KW * max(0.7, 1 - 0.05 * second))
        loop.show(FLOW, 0.6 * KW * max(0.7, 1 - 0.05 * second))
        assert loop.look().get(FLOW_LOW, UNKNOWN).severity is None


def test_without_a_temperature_nothing_bears_out_a_flow() -> None:
    loop = a_settled_loop()
    brought(loop, 0.7 * KW)
    loop.show(RETURN, None)

    assert loop.look()[FLOW_LOW].severity is CRITICAL


def test_a_flow_that_falls_again_is_held_against_what_it_was_before_that() -> None:
    loop = a_settled_loop()
    for lpm in (0.7 * KW, LPM):
        brought(loop, lpm)
        for _ in range(90):
            loop.look()
    loop.show(FLOW, 0.7 * KW)
    loop.show(RETURN, SUPPLY_C + RISE_K + 2.0)

    assert loop.look()[FLOW_LOW].severity is CRITICAL


def test_a_part_of_the_flow_that_the_whole_loop_loses_is_told_at_once() -> None:
    loop = a_settled_loop()
    for number in range(1, 5):
        loop.show(FLOW, 0.6 * KW, f"R{number}")

    assert loop.look()[FLOW_LOW].severity is CRITICAL


def test_a_flow_told_in_another_unit_is_no_loss_however_small_it_looks() -> None:
    loop = a_settled_loop()
    loop.show(FLOW, LPM / 3.785412)

    assert loop.look() == {}


def test_a_rack_at_rest_needs_no_flow() -> None:
    loop = a_settled_loop()
    loop.show(POWER, 1.5)
    loop.show(FLOW, 0.0)

    assert loop.look() == {}
    assert loop.look(standing(FLOW_LOW))[FLOW_LOW].severity is OK


@pytest.mark.parametrize("kw", [40.0, 260.0])
def test_a_load_that_jumps_leaves_the_valve_its_time(kw: float) -> None:
    """The flow has not moved yet, or it has moved already: neither is a loss."""
    loop = a_settled_loop(taps=())
    loop.show(POWER, kw)
    loop.show(FLOW, min(LPM, 1.5 * kw))

    assert loop.look() == {}


def test_without_flow_or_load_nothing_is_known_of_the_flow() -> None:
    loop = a_settled_loop(taps=())
    loop.show(FLOW, None)
    assert loop.look(standing(FLOW_LOW))[FLOW_LOW].severity is None
    loop.show(FLOW, 1.0)
    loop.show(POWER, None)
    assert loop.look() == {}
    assert loop.look(standing(FLOW_LOW))[FLOW_LOW].severity is None


# -- temperatures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supply", "expected"),
    [
        (41.5, {SUPPLY_HIGH: WARNING}),
        (46.0, {SUPPLY_HIGH: CRITICAL}),
        (20.5, {SUPPLY_LOW: WARNING}),
        (17.0, {SUPPLY_LOW: CRITICAL}),
    ],
)
def test_supply_has_two_sides(supply: float, expected: dict[object, Severity]) -> None:
    loop = a_settled_loop()
    brought(loop, LPM, supply=supply, racks=4)
    loop.run(200)

    assert {of: judged.severity for of, judged in loop.look().items()} == expected


def test_return_and_rise_are_judged() -> None:
    loop = a_settled_loop()
    brought(loop, 0.97 * KW, supply=46.0, racks=4)
    loop.run(200)

    told = loop.look()

    assert told[RETURN_HIGH].severity is WARNING
    assert told[RETURN_HIGH].point == "Rack/RackLiquidReturnTemperature/R1"
    assert DELTA_T not in told
    brought(loop, 0.9 * KW, supply=46.0, racks=4)
    assert loop.look()[DELTA_T].severity is WARNING


@pytest.mark.parametrize(
    ("sensor", "value"),
    [
        (SUPPLY, 41.6),
        (SUPPLY, 12.0),
        (SUPPLY, 0.0),
        (RETURN, 61.0),
        (RETURN, 85.0),
        (SUPPLY, SUPPLY_C * 1.8 + 32),
        (RETURN, 95.0),
    ],
)
def test_one_sensor_that_lies_raises_nothing(sensor: str, value: float) -> None:
    """Nor does one that reads Fahrenheit, or what a DS18B20 reads before it has measured."""
    loop = a_settled_loop()
    if value == 95.0:
        brought(loop, LPM, supply=25.0, racks=4)  # 95 °F are 35 °C
        loop.run(300)
    loop.show(sensor, value)

    for _ in range(90):
        assert loop.look() == {}


@pytest.mark.parametrize(
    ("sensor", "value", "of"), [(SUPPLY, 46.0, SUPPLY_HIGH), (RETURN, 66.0, RETURN_HIGH)]
)
def test_what_is_critically_warm_is_never_doubted(sensor: str, value: float, of: object) -> None:
    loop = a_settled_loop()
    loop.show(sensor, value)

    assert {each: judged.severity for each, judged in loop.look().items()} == {of: CRITICAL}


@pytest.mark.parametrize("sensor", [FLOW, SUPPLY, RETURN])
def test_a_suspect_is_not_believed(sensor: str) -> None:
    loop = a_settled_loop()
    loop.show(sensor, {FLOW: 1.0, SUPPLY: 50.0, RETURN: 70.0}[sensor])
    live: dict[Key, Fault] = {}
    for of in (FLOW_LOW, SUPPLY_HIGH, RETURN_HIGH, DELTA_T, TIME):
        live |= standing(of)

    assert loop.look({}, sensor) == {}
    unknown = {of for of, judged in loop.look(live, sensor).items() if judged.severity is None}
    assert (
        unknown
        == {
            FLOW: {FLOW_LOW},
            SUPPLY: {SUPPLY_HIGH, DELTA_T, TIME},
            RETURN: {RETURN_HIGH, DELTA_T, TIME},
        }[sensor]
    )


def test_a_fault_that_stands_is_told_to_be_over() -> None:
    told = a_settled_loop().look(standing(RETURN_HIGH))

    assert told == {
        RETURN_HIGH: Judged(
            OK, SUPPLY_C + RISE_K, None, "C", PointId("Rack/RackLiquidReturnTemperature/R1")
        )
    }


# -- differential pressure -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kpa", "setpoint", "severity", "unit"),
    [
        (95.0, 80.0, OK, None),
        (101.0, 80.0, WARNING, "%"),
        (59.0, 80.0, WARNING, "%"),
        (39.0, 80.0, CRITICAL, "%"),
        (190.0, None, WARNING, "1"),
        (155.0, None, OK, None),
        (20.0, None, OK, None),
        (190.0, 0.0, WARNING, "1"),
    ],
)
def test_differential_pressure_has_a_set_point_and_peers(
    kpa: float, setpoint: float | None, severity: Severity, unit: str | None
) -> None:
    loop = a_settled_loop()
    loop.show(DP, kpa)
    loop.show(DP_SETPOINT, setpoint)

    judged = loop.look().get(DP_OFF, Judged(OK))

    assert (judged.severity, judged.unit) == (severity, unit)


def test_too_few_peers_are_no_measure() -> None:
    loop = a_settled_loop(3)
    loop.show(DP, 190.0)
    loop.show(DP_SETPOINT, None)

    assert loop.look() == {}
    assert loop.look(standing(DP_OFF))[DP_OFF].severity is None


def test_a_pressure_that_is_not_known_is_not_judged() -> None:
    loop = a_settled_loop()
    loop.show(DP, None)

    assert loop.look() == {}
    assert loop.look(standing(DP_OFF))[DP_OFF].severity is None


def test_a_deadband_belongs_to_the_limit_that_was_passed() -> None:
    loop = a_settled_loop()
    loop.show(DP, 99.0)  # 23.75 % over its set-point, and 1.24 times its peers

    by_setpoint = standing(DP_OFF, judged=Judged(WARNING, 26.0, 25.0, "%"))
    by_peers = standing(DP_OFF, judged=Judged(WARNING, 2.1, 2.0, "1"))

    assert loop.look(by_setpoint)[DP_OFF].severity is WARNING
    assert loop.look(by_peers)[DP_OFF].severity is OK


# -- where it is going ---------------------------------------------------------------------------


def ramp(loop: Watched, kelvins_a_second: float, seconds: int) -> list[Severity | None]:
    """The whole loop warms up; what is said of the time that is left, second by second."""
    told = []
    for second in range(1, seconds + 1):
        for number in range(1, 5):
            for sensor, start in ((SUPPLY, SUPPLY_C), (RETURN, SUPPLY_C + RISE_K)):
                loop.show(sensor, start + kelvins_a_second * second, f"R{number}")
        told.append(loop.look().get(TIME, Judged(OK)).severity)
    return told


def test_a_limit_that_comes_near_is_told_before_it_is_met() -> None:
    told = ramp(a_settled_loop(), 0.15, 80)  # 45 °C are met after 87 s

    assert told[0] is OK
    assert WARNING in told
    assert told[-1] is CRITICAL


def test_a_slope_that_leads_nowhere_near_is_well() -> None:
    assert set(ramp(a_settled_loop(), 0.02, 120)) == {OK}


def test_a_rack_that_starts_to_work_warms_up_steeply_and_raises_nothing() -> None:
    loop = a_settled_loop(taps=())
    for number in range(1, 5):
        loop.show(POWER, 1.35 * KW, f"R{number}")
    end = warm_c(LPM, 1.35 * KW)
    for _ in range(90):
        for number in range(1, 5):
            warm = loop.states[f"R{number}", RETURN].value
            assert warm is not None
            loop.show(RETURN, warm + (end - warm) / 4, f"R{number}")
        assert loop.look() == {}


def test_a_return_that_goes_on_to_its_limit_is_told() -> None:
    loop = a_settled_loop()
    told = set()
    end = warm_c(0.3 * KW)
    for number in range(1, 5):
        loop.show(FLOW, 0.3 * KW, f"R{number}")
    for _ in range(12):
        for number in range(1, 5):
            warm = loop.states[f"R{number}", RETURN].value
            assert warm is not None
            loop.show(RETURN, warm + (end - warm) / 13, f"R{number}")
        told.add(loop.look().get(TIME, Judged(OK)).severity)

    assert told == {OK, WARNING, CRITICAL}


@pytest.mark.parametrize(("flow", "suspects"), [(0.0, ()), (LPM, (FLOW,)), (LPM, (POWER,))])
def test_where_it_ends_is_not_known_without_flow_or_load(
    flow: float, suspects: tuple[str, ...]
) -> None:
    loop = a_settled_loop(taps=())
    for number in range(1, 5):
        loop.show(FLOW, flow, f"R{number}")
    told: Told = {}
    for second in range(1, 15):
        for number in range(1, 5):
            loop.show(RETURN, SUPPLY_C + RISE_K + second, f"R{number}")
        told = loop.look({}, *suspects)

    assert told[TIME].severity is CRITICAL


def test_what_is_predicted_is_in_doubt_where_its_sensors_are() -> None:
    loop = a_settled_loop()
    told: Told = {}
    for second in range(1, 30):
        loop.show(SUPPLY, SUPPLY_C + 0.3 * second)
        told = loop.look(standing(TIME))

    assert told[TIME].severity is None


def test_no_time_is_told_before_sensors_were_heard_for_a_while() -> None:
    loop = Watched()

    assert loop.look(standing(TIME))[TIME].severity is None
    loop.run(60)
    assert loop.look(standing(TIME))[TIME] == Judged(OK, unit="s")


def test_cold_that_comes_near_counts_as_well() -> None:
    assert WARNING in ramp(a_settled_loop(), -0.12, 80)


# -- rules ---------------------------------------------------------------------------------------


def test_what_no_rule_asks_for_is_not_judged() -> None:
    loop = a_settled_loop(rules=Rules.of([a_rule("plain")]))
    loop.show(FLOW, 0.0)
    loop.show(SUPPLY, 50.0)
    loop.show(DP, 500.0)
    live: dict[Key, Fault] = {}
    for of in (FLOW_LOW, SUPPLY_HIGH, RETURN_HIGH, DELTA_T, DP_OFF, TIME):
        live |= standing(of)

    assert loop.look() == {}
    assert loop.look(live) == {}


def test_nothing_comes_near_where_a_limit_is_not_asked_for() -> None:
    rules = Rules.of([CATALOGUE[TIME.code], CATALOGUE[DELTA_T.code]])

    assert set(ramp(a_settled_loop(rules=rules), 0.15, 80)) == {OK}


def test_a_rack_without_such_sensors_is_well() -> None:
    loop = a_settled_loop(without=(FLOW, SUPPLY, RETURN, DP, DP_SETPOINT))

    assert loop.look() == {}
    assert loop.look(standing(DP_OFF))[DP_OFF].severity is None
