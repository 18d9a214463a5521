from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.suspects import (
    LIQUID_SHARE,
    Readings,
    Sensor,
    heat_expects,
    judge_heat,
    judge_meters,
)
from twin.thermal import Coolant, heat_kw
from twin.witness import Expected


def a_rack(flow: float = 50.0, supply: float = 32.0, rise: float = 12.0) -> Readings:
    """A rack whose balances close."""
    return_c = supply + rise
    heat = heat_kw(flow, supply, return_c, Coolant.PG25)
    return Readings(heat / LIQUID_SHARE, flow, supply, return_c, Coolant.PG25)


def metered(readings: Readings) -> Readings:
    return replace(readings, meters_kw=readings.power_kw)


GPM = 1 / 3.785412

RACK = a_rack()
PEERS = [a_rack(50.5, 32.2, 13.0), a_rack(49.5, 31.9, 11.0), a_rack(50.2, 32.1, 12.5)]


def test_a_balance_that_closes_is_no_finding() -> None:
    assert judge_heat(metered(RACK), PEERS) is None
    assert judge_meters(metered(RACK)) is None


@pytest.mark.parametrize(
    ("field", "sensor"),
    [
        ("flow_lpm", Sensor.FLOW),
        ("supply_c", Sensor.SUPPLY),
        ("return_c", Sensor.RETURN),
    ],
)
@pytest.mark.parametrize("bias", [0.7, 1.3])
def test_a_biased_sensor_is_named_with_what_it_should_read(
    field: str, sensor: Sensor, bias: float
) -> None:
    truth = getattr(RACK, field)

    verdict = judge_heat(metered(replace(RACK, **{field: truth * bias})), PEERS)

    assert verdict is not None
    assert verdict.suspect is sensor
    assert verdict.implied == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize("bias", [0.7, 0.9, 1.1, 1.3])
def test_a_rack_meter_that_lies_breaks_heat_and_meters_which_agree_on_it(bias: float) -> None:
    lying = replace(metered(RACK), power_kw=RACK.power_kw * bias)

    heat, meters = judge_heat(lying, PEERS), judge_meters(lying)

    assert heat is not None
    assert meters is not None
    assert heat.suspect is meters.suspect is Sensor.POWER
    assert heat.implied == meters.implied == pytest.approx(RACK.power_kw)


@pytest.mark.parametrize("bias", [0.7, 0.9, 1.1, 1.3])
def test_a_feed_meter_that_lies_breaks_the_meters_alone(bias: float) -> None:
    lying = replace(RACK, meters_kw=RACK.power_kw * bias)

    verdict = judge_meters(lying)

    assert judge_heat(lying, PEERS) is None
    assert verdict is not None
    assert (verdict.suspect, verdict.implied) == (Sensor.METERS, RACK.power_kw)


def test_meters_that_fit_neither_side_of_a_heat_balance_say_nothing_about_it() -> None:
    lying = replace(RACK, meters_kw=RACK.power_kw * 2, flow_lpm=RACK.flow_lpm * 5)

    heat, meters = judge_heat(lying, PEERS), judge_meters(lying)

    assert heat is not None
    assert meters is not None
    assert (heat.suspect, meters.suspect) == (Sensor.FLOW, None)


@pytest.mark.parametrize("bias", [0.7, 0.9, 1.1, 1.3])
def test_a_rack_whose_group_is_off_by_as_much_as_its_heat_lies_about_its_power(
    bias: float,
) -> None:
    lying = replace(RACK, power_kw=RACK.power_kw * bias)

    verdict = judge_heat(lying, (), [Expected(RACK.power_kw, 0.05 * RACK.power_kw)])

    assert verdict is not None
    assert (verdict.suspect, verdict.implied) == (Sensor.POWER, RACK.power_kw)


@pytest.mark.parametrize("bias", [0.9, 1.1])
def test_a_rack_whose_group_closes_does_not_lie_about_its_power(bias: float) -> None:
    lying = replace(RACK, return_c=RACK.return_c * bias)

    verdict = judge_heat(lying, PEERS, [Expected(RACK.power_kw, 0.05 * RACK.power_kw)])

    assert verdict is not None
    assert verdict.suspect is Sensor.RETURN
    assert verdict.implied == pytest.approx(RACK.return_c, rel=0.01)


@pytest.mark.parametrize("bias", [0.7, 1.3])
@pytest.mark.parametrize("heat", [-0.05, 0.05])
def test_meters_name_a_power_that_lies_as_far_as_heat_can_tell(bias: float, heat: float) -> None:
    lying = replace(a_rack(flow=50.0 * (1 + heat)), power_kw=RACK.power_kw * bias)
    word = Expected(RACK.power_kw, 0.01 * RACK.power_kw)

    verdict = judge_heat(lying, PEERS, [word])

    assert verdict is not None
    assert (verdict.suspect, verdict.implied) == (Sensor.POWER, RACK.power_kw)


def test_a_group_so_large_that_it_hides_a_rack_says_nothing_of_it() -> None:
    lying = replace(RACK, power_kw=RACK.power_kw * 1.1)
    words = [Expected(RACK.power_kw, RACK.power_kw)]

    assert judge_heat(lying, PEERS, words) == judge_heat(lying, PEERS)


def test_the_power_that_heat_expects_is_what_was_drawn() -> None:
    word = heat_expects(RACK)

    assert word is not None
    assert word.agrees(RACK.power_kw / 1.07)
    assert not word.agrees(RACK.power_kw / 1.09)
    assert heat_expects(replace(RACK, flow_lpm=0.0)) is None


def test_power_without_meters_is_named_where_it_alone_is_unlike_its_peers() -> None:
    verdict = judge_heat(replace(RACK, power_kw=RACK.power_kw * 3), PEERS)

    assert verdict is not None
    assert verdict.suspect is Sensor.POWER


def test_too_few_peers_say_nothing_about_what_is_usual() -> None:
    verdict = judge_heat(replace(RACK, flow_lpm=20.0), PEERS[:2])

    assert verdict is not None
    assert verdict.suspect is None


def test_what_several_sensors_explain_as_well_names_none() -> None:
    peers = [a_rack(rise=2.0), a_rack(rise=20.0), a_rack(flow=5.0), a_rack(flow=500.0)]

    verdict = judge_heat(replace(RACK, return_c=RACK.return_c + 2.0), peers)

    assert verdict is not None
    assert (verdict.suspect, verdict.implied) == (None, None)


@pytest.mark.parametrize("field", ["flow_lpm", "supply_c", "return_c"])
@pytest.mark.parametrize("bias", [0.7, 0.9, 1.1, 1.3])
def test_where_flow_follows_power_a_rack_is_not_odd_for_drawing_little(
    field: str, bias: float
) -> None:
    busy = [a_rack(flow, supply) for flow, supply in ((169.0, 32.4), (170.0, 32.5), (172.0, 32.3))]
    idle = [a_rack(flow, supply) for flow, supply in ((100.0, 32.4), (99.0, 32.5))]
    lying = replace(RACK, flow_lpm=101.0, power_kw=RACK.power_kw * 101.0 / RACK.flow_lpm)
    truth = getattr(lying, field)

    verdict = judge_heat(metered(replace(lying, **{field: truth * bias})), [*busy, *idle])

    assert verdict is not None
    assert verdict.suspect is not None
    assert verdict.implied == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize(
    "still", [replace(RACK, flow_lpm=0.0), replace(RACK, return_c=RACK.supply_c)]
)
def test_where_no_heat_is_carried_no_reading_is_named(still: Readings) -> None:
    verdict = judge_heat(still, PEERS)

    assert verdict is not None
    assert (verdict.ratio, verdict.suspect) == (0.0, None)


@pytest.mark.parametrize("power_kw", [0.0, -1.0])
def test_a_rack_that_draws_nothing_has_no_balance(power_kw: float) -> None:
    idle = replace(RACK, power_kw=power_kw, meters_kw=1.0)

    assert judge_heat(idle, PEERS) is None
    assert judge_meters(idle) is None


def test_meters_that_are_not_known_are_no_witness() -> None:
    assert judge_meters(RACK) is None


@pytest.mark.parametrize(
    ("lying", "suspect", "name"),
    [
        (replace(RACK, flow_lpm=RACK.flow_lpm * GPM), Sensor.FLOW, "US gallons told as litres"),
        (
            replace(RACK, flow_lpm=RACK.flow_lpm * 0.06),
            Sensor.FLOW,
            "cubic metres an hour told as litres a minute",
        ),
        (replace(RACK, power_kw=RACK.power_kw * 1000), Sensor.POWER, "watts told as kilowatts"),
        (
            replace(RACK, supply_c=RACK.supply_c * 1.8 + 32),
            Sensor.SUPPLY,
            "degrees Fahrenheit told as Celsius",
        ),
        (
            replace(RACK, return_c=RACK.return_c * 1.8 + 32),
            Sensor.RETURN,
            "degrees Fahrenheit told as Celsius",
        ),
        (replace(RACK, flow_lpm=RACK.flow_lpm * 0.7), Sensor.FLOW, None),
    ],
)
def test_a_unit_that_is_taken_for_another_is_named(
    lying: Readings, suspect: Sensor, name: str | None
) -> None:
    verdict = judge_heat(lying, PEERS)

    assert verdict is not None
    assert (verdict.suspect, verdict.misread) == (suspect, name)


def test_a_whole_loop_in_gallons_shows_though_no_peer_can_name_it() -> None:
    loop = [replace(each, flow_lpm=each.flow_lpm * GPM) for each in (RACK, *PEERS)]

    verdict = judge_heat(loop[0], loop[1:])

    assert verdict is not None
    assert (verdict.suspect, verdict.misread) == (None, "US gallons told as litres")


@given(
    st.floats(5.0, 300.0),
    st.floats(18.0, 45.0),
    st.floats(3.0, 25.0),
    st.floats(0.95, 1.05),
)
def test_no_healthy_rack_is_ever_accused(
    flow: float, supply: float, rise: float, noise: float
) -> None:
    healthy = metered(a_rack(flow, supply, rise))
    noisy = replace(healthy, flow_lpm=healthy.flow_lpm * noise)

    assert judge_heat(noisy, PEERS) is None
    assert judge_meters(noisy) is None
