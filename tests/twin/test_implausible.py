from dataclasses import replace

import pytest

from build import a_fleet_showing, a_measured, a_meter, a_point, a_state, an_entity
from twin.cdu import Cdu, Primary, Secondary, Served
from twin.entities import Entity
from twin.finding import Finding
from twin.fleet import Fleet
from twin.implausible import judge_cdu, judge_meter, judge_phases
from twin.measured import Measured, nothing
from twin.points import EntityId, Freshness, Point, PointId
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


def test_heat_that_hardly_warms_the_racks_coolant_up_says_nothing_of_a_unit() -> None:
    """Of idle racks, whose thermometers are off by more than there is."""
    assert list(judge_cdu(UNIT, a_cdu(primary_flow=0.0, heat=of(20.0, "kW")))) == []


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


def test_a_primary_flow_in_another_unit_is_named_for_what_it_is() -> None:
    (needed,) = judge_cdu(UNIT, a_cdu(primary_flow=5.0))
    assert needed.implied is not None

    (found,) = judge_cdu(UNIT, a_cdu(primary_flow=needed.implied * 0.06))

    assert found.reason.endswith(": as cubic metres an hour told as litres a minute")


def test_a_primary_flow_far_below_any_unit_is_told_by_how_much() -> None:
    (found,) = judge_cdu(UNIT, a_cdu(primary_flow=8.0))

    assert found.reason == "8.0 LPM carry 8 kW away where the racks give off 268: 2.9% of it"


def test_no_unit_is_named_where_silent_racks_may_give_off_more() -> None:
    part = of(268.0, "kW", fresh=2, expected=4)
    (found,) = judge_cdu(UNIT, a_cdu(primary_flow=16.5, heat=part))

    assert found.reason.endswith(": at most 6.0% of it")


def phases(meter: str, *amps: float, serves: str = "R1") -> dict[Point, float | None]:
    """What a meter shows of its phases."""
    plain = a_point("PowerMeter/PhaseCurrent", meter, unit="A", serves=(serves,))
    return {
        replace(plain, id=PointId(f"{plain.id}/{phase}"), phase=phase): each
        for phase, each in zip("ABC", amps, strict=False)
    }


def uneven(fleet: Fleet, meter: str = "M1") -> list[Finding]:
    found = fleet.entity(EntityId(meter))
    assert found is not None
    return list(judge_phases(found, fleet.topology, fleet.entity))


def test_phases_that_lie_apart_beside_a_meter_whose_do_not_are_implausible() -> None:
    fleet = a_fleet_showing(phases("M1", 27.9, 33.5, 24.3) | phases("M2", 43.0, 42.9, 43.0))

    (found,) = uneven(fleet)

    assert (found.code, found.entity, found.suspect) == ("sensor.implausible", "M1", "PhaseCurrent")
    assert found.reason == (
        "phases of 27.9, 33.5, 24.3 A, 17 % apart, where those of M2 beside it are 0.2 %: "
        "a current transformer, or only its load is uneven"
    )
    assert uneven(fleet, "M2") == []


def test_an_uneven_load_is_as_uneven_on_both_of_its_meters() -> None:
    fleet = a_fleet_showing(phases("M1", 30.0, 20.0, 20.0) | phases("M2", 27.0, 21.0, 21.0))

    assert uneven(fleet) == []


@pytest.mark.parametrize(
    "other",
    [
        {},
        phases("M2", 43.0, 42.9, 43.0, serves="R2"),
        phases("M2", 0.5, 0.5, 0.5),
        {a_point("PowerMeter/ActivePower", "M2", serves=("R1",)): 10.0},
    ],
)
def test_without_a_meter_beside_it_under_load_nobody_can_tell(
    other: dict[Point, float | None],
) -> None:
    assert uneven(a_fleet_showing(phases("M1", 27.9, 33.5, 24.3) | other)) == []


def test_a_sister_that_is_only_named_bears_no_witness() -> None:
    fleet = a_fleet_showing(phases("M1", 27.9, 33.5, 24.3) | phases("M2", 43.0, 42.9, 43.0))
    sister = EntityId("M2")

    def find(entity: EntityId) -> Entity | None:
        return None if entity == sister else fleet.entity(entity)

    meter = fleet.entity(EntityId("M1"))
    assert meter is not None
    assert list(judge_phases(meter, fleet.topology, find)) == []


@pytest.mark.parametrize("amps", [(40.0, 41.0, 44.0), (40.0, 44.1, 40.0), (0.9, 0.6, 0.6), (40.0,)])
def test_phases_that_lie_near_carry_little_or_stand_alone_are_no_finding(
    amps: tuple[float, ...],
) -> None:
    assert uneven(a_fleet_showing(phases("M1", *amps) | phases("M2", 43.0, 43.0, 43.0))) == []
