from dataclasses import replace

import pytest

from build import a_point, a_state, an_entity
from schemas.contract import CATALOGUE, Says
from twin.entities import Entity
from twin.finding import Finding
from twin.points import EntityId, Freshness, Point, PointId
from twin.ranges import RANGES, Ranged

RETURN = "Rack/RackLiquidReturnTemperature"
SUPPLY = "Rack/RackLiquidSupplyTemperature"

UNLIMITED = {"AirFlow", "GenericPoint"}
"""Point types of which nothing can be said: they come in any unit, or are anything."""


def ranged(entity: Entity) -> list[Finding]:
    return list(Ranged(entity).judge())


def judged(kind: str, value: float, unit: str | None = None) -> list[Finding]:
    return ranged(an_entity("E1", a_state(a_point(kind, "E1", unit=unit), value)))


def reason(kind: str, value: float, unit: str | None = None) -> str:
    (found,) = judged(kind, value, unit)
    return found.reason


def test_every_quantity_of_the_contract_has_a_range() -> None:
    told_in_states = {Says.STATES}
    quantities = {
        point_type
        for kinds in CATALOGUE.values()
        for point_type, kind in kinds.items()
        if kind.says not in told_in_states and not point_type.startswith("Heartbeat")
    }

    assert RANGES.keys() == quantities - UNLIMITED


def test_a_range_is_in_the_unit_of_the_contract() -> None:
    units = {
        (point_type, kind.unit)
        for kinds in CATALOGUE.values()
        for point_type, kind in kinds.items()
        if kind.unit is not None
    }

    assert {(point_type, RANGES[point_type].unit) for point_type, _ in units} == units


@pytest.mark.parametrize("point_type", sorted(RANGES))
def test_what_lies_within_the_range_is_no_finding_and_what_lies_beyond_is(point_type: str) -> None:
    limits = RANGES[point_type]
    kind = f"Sensor/{point_type}"

    assert judged(kind, limits.low, limits.unit) == []
    assert judged(kind, limits.high, limits.unit) == []
    for value in (limits.low - 1, limits.high + 1):
        (found,) = judged(kind, value, limits.unit)
        assert (found.code, found.entity, found.suspect) == ("sensor.implausible", "E1", point_type)


def test_the_reason_says_what_keeps_it_there() -> None:
    assert reason("Rack/RackLiquidFlow", 4000.0) == (
        "4000 LPM: beyond -2000 to 2000 LPM (the largest rack takes no more)"
    )


def test_values_are_judged_in_the_unit_they_are_told_in() -> None:
    assert judged("Rack/RackPower", 132_000.0, "W") == []
    assert reason("Rack/RackPower", 5.0, "MW").startswith("5 MW: beyond -2 to 2000 kW")


@pytest.mark.parametrize("unit", ["furlong", "K"])
def test_unit_that_cannot_be_converted_leaves_nothing_to_judge(unit: str) -> None:
    assert judged(RETURN, 4000.0, unit) == []


@pytest.mark.parametrize(
    ("kind", "value", "unit", "meant", "name"),
    [
        (SUPPLY, 89.6, "C", 32.0, "degrees Fahrenheit told as Celsius"),
        (RETURN, 113.0, "C", 45.0, "degrees Fahrenheit told as Celsius"),
        (SUPPLY, 305.15, "C", 32.0, "kelvins told as degrees Celsius"),
        ("Rack/RackPower", 132_000.0, "kW", 132.0, "watts told as kilowatts"),
        ("CDU/LiquidPressure", 300_000.0, "kPa", 300.0, "pascals told as kilopascals"),
        ("PowerMeter/PowerFactor", 98.4, None, 0.984, "per cent told as a ratio"),
    ],
)
def test_a_wrong_unit_is_named_where_it_makes_the_value_a_usual_one(
    kind: str, value: float, unit: str | None, meant: float, name: str
) -> None:
    (found,) = judged(kind, value, unit)

    assert found.implied == pytest.approx(meant)
    assert found.reason.endswith(f" would be, {name}")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (9223372036854775794.0, "what DCGM tells where it has no value"),
        (-127.0, "what the driver of a DS18B20 tells where there is none"),
        (85.0, "what a DS18B20 reads before it has measured"),
        (-3276.8, "the end of a 16-bit register, in tenths"),
    ],
)
def test_value_that_stands_for_none_is_named_as_such(value: float, name: str) -> None:
    assert reason(RETURN, value).endswith(f" C: {name}")


def test_a_register_full_of_ones_is_none_even_where_it_could_be_one() -> None:
    assert reason("Rack/RackPower", 65535.0, "W") == (
        "65535 W: a register full of ones, as Modbus devices fill one that they do not have"
    )
    assert "full of ones" in reason(RETURN, 65535.0, "F")


def test_what_stands_for_none_in_thermometers_means_nothing_elsewhere() -> None:
    assert judged("PowerMeter/Voltage", 85.0, "V") == []
    assert judged("CDU/LiquidTemperatureSpRequest", 85.0, "C") == []


def test_a_set_point_may_be_what_a_thermometer_never_reads() -> None:
    setpoint = replace(a_point("CDU/LiquidTemperature", unit="C"), is_setpoint=True)

    assert ranged(an_entity("R1", a_state(setpoint, 85.0))) == []


def test_a_dead_feed_has_no_frequency() -> None:
    assert judged("PowerMeter/Frequency", 0.0, "Hz") == []
    assert reason("PowerMeter/Frequency", 30.0, "Hz").startswith("30 Hz: beyond 42.5 to 69 Hz")


@pytest.mark.parametrize(
    ("quality", "freshness"),
    [(0, Freshness.LIVE), (1, Freshness.STALE)],
)
def test_only_what_is_live_and_good_is_judged(quality: int, freshness: Freshness) -> None:
    state = a_state(a_point(RETURN), 4000.0, quality=quality, freshness=freshness)

    assert ranged(an_entity("R1", state)) == []


def test_states_and_what_nobody_knows_are_not_judged() -> None:
    states = replace(a_point("Pump/PumpSpeed", unit="%"), states=((0, "Off"), (1000, "On")))
    null = a_point(SUPPLY)

    assert ranged(an_entity("R1", a_state(states, 1000.0), a_state(null, None))) == []
    assert ranged(Entity(EntityId("R1"))) == []
    assert judged("CDU/AirFlow", 1e30, "m3/h") == []


def test_several_points_of_a_type_are_one_finding_by_the_first_and_types_stand_in_order() -> None:
    def at_tag(kind: str, tag: str) -> Point:
        return replace(a_point(kind, unit="C"), id=PointId(f"{kind}/{tag}"))

    states = [
        a_state(at_tag("CDU/LiquidTemperature", "b"), 500.0),
        a_state(at_tag("CDU/LiquidTemperature", "a"), 400.0),
        a_state(at_tag("CDU/AirTemperature", "c"), 300.0),
    ]

    found = list(ranged(an_entity("R1", *states)))

    assert [each.suspect for each in found] == ["AirTemperature", "LiquidTemperature"]
    assert found[1].reason.startswith("400 C")
    assert found == list(ranged(an_entity("R1", *reversed(states))))
