from dataclasses import replace

import pytest

from build import a_measured, a_meter, a_state, an_entity
from twin.cdu import Cdu, Primary, Secondary, Served
from twin.entities import Entity
from twin.finding import Finding
from twin.implausible import judge_cdu, judge_meter
from twin.measured import Measured, nothing
from twin.points import EntityId, Freshness, PointId
from twin.thermal import Coolant

UNIT = EntityId("CDU-1")


def a_reading_meter(volts: float, amps: float, limit: float = 100.0) -> Entity:
    shown = {
        point: {"Voltage": volts, "CurrentLimit": limit}.get(point.point_type, value)
        for point, value in a_meter("M1", "R1").items()
    }
    states = [a_state(point, value) for point, value in shown.items()]
    voltage = next(point for point in shown if point.point_type == "Voltage")
    current = replace(
        voltage,
        id=PointId(voltage.id.replace("Voltage", "Current")),
        point_type="Current",
        unit="A",
    )
    return an_entity("M1", *states, a_state(current, amps))


def suspects(found: list[Finding]) -> list[str | None]:
    return [finding.suspect for finding in found]


def of(value: float, unit: str = "LPM", fresh: int = 4, expected: int = 4) -> Measured:
    return a_measured(value, unit)._replace(fresh=fresh, expected=expected)


def a_cdu(
    *,
    flow: float = 400.0,
    primary_flow: float = 300.0,
    return_c: float = 42.0,
    heat: Measured | None = None,
    racks_flow: Measured | None = None,
    notes: tuple[str, ...] = (),
) -> Cdu:
    """A unit that carries 268 kW of four racks, and whose readings agree, but for what is said."""
    nil = nothing("")
    secondary = Secondary(
        supply=a_measured(32.0, "C"),
        return_=a_measured(return_c, "C"),
        supply_setpoint=nil,
        flow=a_measured(flow, "LPM"),
        dp=nil,
        dp_setpoint=nil,
        supply_pressure=nil,
        return_pressure=nil,
        filter_dp=nil,
    )
    return Cdu(
        primary=Primary(
            a_measured(18.0, "C"), a_measured(32.0, "C"), a_measured(primary_flow, "LPM")
        ),
        secondary=secondary,
        heat=nil,
        racks=Served(
            of(400.0) if racks_flow is None else racks_flow,
            of(268.0, "kW") if heat is None else heat,
            alone=True,
        ),
        pumps=(),
        available=nil,
        status=nil,
        coolant=Coolant.PG25,
        capacity_kw=None,
        notes=notes,
    )


def test_a_meter_in_order_is_no_finding() -> None:
    assert list(judge_meter(a_reading_meter(volts=415.0, amps=80.0))) == []


def test_no_volts_under_load_are_the_voltmeters_fault() -> None:
    (found,) = judge_meter(a_reading_meter(volts=0.0, amps=43.0))

    assert (found.code, found.entity, found.suspect) == ("sensor.implausible", "M1", "Voltage")
    assert found.reason == "0 V while 43.0 A flow"


def test_no_volts_without_load_are_a_dead_feed() -> None:
    assert list(judge_meter(a_reading_meter(volts=0.0, amps=0.0))) == []


def test_a_limit_that_is_far_exceeded_without_a_trip_is_the_suspect() -> None:
    (found,) = judge_meter(a_reading_meter(volts=415.0, amps=162.0))

    assert (found.code, found.suspect) == ("sensor.implausible", "CurrentLimit")
    assert found.reason == "162 A flow through a limit of 100 A, and nothing trips"


@pytest.mark.parametrize(("amps", "limit"), [(120.0, 100.0), (50.0, 0.0)])
def test_an_overload_that_a_breaker_bears_is_no_finding_about_data(
    amps: float, limit: float
) -> None:
    assert list(judge_meter(a_reading_meter(415.0, amps, limit))) == []


def test_a_meter_that_says_nothing_is_no_finding() -> None:
    assert list(judge_meter(Entity(EntityId("M1")))) == []


def test_a_unit_that_agrees_with_its_racks_is_no_finding() -> None:
    assert list(judge_cdu(UNIT, a_cdu())) == []


def test_a_unit_cannot_pump_less_than_its_racks_take() -> None:
    (found,) = judge_cdu(UNIT, a_cdu(flow=0.0))

    assert (found.code, found.suspect, found.ratio) == ("balance.flow", "LiquidFlow", 0.0)
    assert (found.implied, found.unit) == (400.0, "LPM")


def test_a_primary_flow_that_cannot_carry_the_racks_heat_is_named() -> None:
    (found,) = judge_cdu(UNIT, a_cdu(primary_flow=5.0))

    assert (found.code, found.suspect) == ("sensor.implausible", "LiquidFlow")
    assert found.implied == pytest.approx(276.0, rel=0.05)


def test_a_return_that_hardly_warms_cannot_carry_the_racks_heat() -> None:
    (found,) = judge_cdu(UNIT, a_cdu(return_c=32.4))

    assert (found.code, found.suspect) == ("sensor.implausible", "LiquidTemperature")
    assert found.reason.startswith("0.4 K warmer than supplied at some 400 LPM")


def test_racks_that_are_not_heard_may_mix_in_as_much_as_the_others() -> None:
    half = a_cdu(return_c=34.0, racks_flow=of(400.0, fresh=2, expected=4))

    assert list(judge_cdu(UNIT, half)) == []


def test_a_misspelt_place_is_a_finding_about_metadata() -> None:
    (found,) = judge_cdu(UNIT, a_cdu(notes=("'Seccondary' read as 'Secondary'",)))

    assert (found.code, found.suspect) == ("data.contract", None)
    assert "Seccondary" in found.reason


@pytest.mark.parametrize(
    "heat", [nothing("kW"), of(0.0, "kW"), of(268.0, "kW")._replace(freshness=Freshness.STALE)]
)
def test_without_known_heat_only_flows_are_compared(heat: Measured) -> None:
    assert list(judge_cdu(UNIT, a_cdu(primary_flow=5.0, return_c=32.4, heat=heat))) == []


def test_unknown_temperatures_and_flows_are_no_findings() -> None:
    unit = a_cdu(return_c=32.4, racks_flow=nothing("LPM"))
    backwards = replace(unit.primary, outlet=a_measured(10.0, "C"))

    assert list(judge_cdu(UNIT, replace(unit, primary=backwards))) == []
