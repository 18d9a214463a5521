from collections.abc import Iterator
from dataclasses import replace

import pytest

from build import (
    Values,
    a_cooled_rack,
    a_fleet_with,
    a_heartbeat,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.balance import FLOW, Balance, Closure
from twin.cdu import cdu_of
from twin.changes import Change, Derived, FindingChanged
from twin.contradictions import UNHEARD_FOR
from twin.fleet import Fleet
from twin.instants import Instant
from twin.parts import Judgement, Part, Unit
from twin.points import EntityId, Point, Retraction

C1 = EntityId("C1")


def a_sensor(point_type: str, *area: str, serves: tuple[str, ...] = ()) -> Point:
    unit = {"LiquidFlow": "LPM", "LiquidTemperature": "C"}[point_type]
    plain = a_point(f"CDU/{point_type}", C1, tag="-".join(area), unit=unit, serves=serves)
    return replace(plain, process_area=area)


SECONDARY = a_sensor("LiquidFlow", "Secondary", serves=("R1", "R2"))
PRIMARY = {
    a_sensor("LiquidFlow", "Primary"): 300.0,
    a_sensor("LiquidTemperature", "Primary", "Inlet"): 24.0,
    a_sensor("LiquidTemperature", "Primary", "Outlet"): 34.0,
}
RACKS = a_cooled_rack("R1", lpm=150.0) | a_cooled_rack("R2", lpm=150.0)


def hear(fleet: Fleet, values: Values, seconds: range) -> list[Change]:
    changes: list[Change] = []
    for second in seconds:
        readings = [a_reading(point, value, at(second)) for point, value in values.items()]
        changes += tell(fleet, at(second), *readings)
    return changes


def a_heard(values: Values, until: int = 120) -> Fleet:
    """A fleet that shows the same until a second."""
    fleet = a_fleet_with(*values)
    hear(fleet, values, range(1, until, 5))
    return fleet


def flow(fleet: Fleet) -> Balance:
    (found,) = (each for each in fleet.audit.balances() if each.code == FLOW)
    return found


def found(fleet: Fleet, *, code: str) -> list[tuple[str, str | None]]:
    return [
        (each.finding.entity, each.finding.suspect)
        for each in fleet.audit.findings()
        if each.finding.code == code
    ]


def told(changes: list[Change], code: str) -> list[bool]:
    return [e.standing for e in changes if isinstance(e, FindingChanged) and e.finding.code == code]


# -- what every part is --------------------------------------------------------------------------


class _Quiet(Part):
    def judge(self, at: Instant) -> Iterator[Judgement]:
        yield Judgement(EntityId("R1"), [], f"{at}")


def test_part_that_only_judges_has_no_balance_and_smooths_nothing() -> None:
    part = _Quiet()
    part.sample(at(0))

    assert [each.entity for each in part.judge(at(0))] == ["R1"]
    assert (part.entities, part.sampled) == ((), None)
    assert ([*part.balances()], [*part.derived(at(0))]) == ([], [])


# -- cooling units -------------------------------------------------------------------------------


def test_unit_has_no_balance_before_it_is_judged() -> None:
    fleet = a_fleet_with(*RACKS, SECONDARY)
    unit = fleet.entity(C1)
    assert unit is not None
    part = Unit(C1, lambda: cdu_of(unit, fleet.topology, fleet.entity, fleet.coolant))
    assert [*part.balances()] == []

    assert [(each.entity, each.by) for each in part.judge(at(1))] == [(C1, "unit")]
    assert [each.closure for each in part.balances()] == [Closure.UNKNOWN]


@pytest.mark.parametrize("lpm", [280.0, 300.0, 900.0])
def test_unit_may_send_as_much_as_its_racks_take_and_more(lpm: float) -> None:
    fleet = a_heard(RACKS | {SECONDARY: lpm})

    assert flow(fleet).closure is Closure.CLOSED
    assert (flow(fleet).shown, flow(fleet).expected) == (lpm, 300.0)
    assert (flow(fleet).fresh, flow(fleet).inputs) == (3, 3)
    assert found(fleet, code=FLOW) == []


def test_unit_that_sends_less_than_its_racks_take_is_found() -> None:
    fleet = a_fleet_with(*RACKS, SECONDARY)
    changes = hear(fleet, RACKS | {SECONDARY: 200.0}, range(1, 120, 5))

    assert flow(fleet).closure is Closure.OPEN
    assert found(fleet, code=FLOW) == [(C1, "LiquidFlow")]
    residuals = [
        each.value
        for each in changes
        if isinstance(each, Derived) and each.metric == "flow_residual_pct"
    ]
    assert residuals
    assert residuals == [pytest.approx(-100 / 3)] * len(residuals)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("RackLiquidReturnTemperature", 315.15), ("RackLiquidFlow", 150.0 * 3.785412)],
)
def test_rack_that_lies_is_no_witness_against_its_unit(kind: str, value: float) -> None:
    lies = next(p for p in RACKS if (p.entity, p.point_type) == ("R1", kind))
    fleet = a_heard({**RACKS, SECONDARY: 300.0, **PRIMARY, lies: value})

    assert [each.finding.entity for each in fleet.audit.findings()].count(C1) == 0


def test_unit_is_not_judged_by_racks_that_read_what_cannot_be() -> None:
    lies = {p: 15_000.0 for p in RACKS if p.point_type == "RackLiquidFlow"}
    fleet = a_heard({**RACKS, SECONDARY: 300.0, **PRIMARY, **lies})

    assert found(fleet, code=FLOW) == []
    assert flow(fleet).closure is Closure.UNKNOWN


def test_unit_is_held_against_what_racks_that_do_not_balance_say_together() -> None:
    powers = {p: 60.0 for p in RACKS if p.point_type == "RackPower"}
    fleet = a_heard({**RACKS, **powers, SECONDARY: 200.0})

    assert found(fleet, code=FLOW) == [(C1, "LiquidFlow")]


def test_unit_whose_racks_are_not_heard_is_not_judged() -> None:
    fleet = a_fleet_with(*RACKS, SECONDARY)
    changes = hear(fleet, {SECONDARY: 200.0}, range(1, 120, 5))

    assert flow(fleet).closure is Closure.UNKNOWN
    assert flow(fleet).fresh == 1
    assert not [each for each in changes if isinstance(each, Derived)]


def test_unit_keeps_its_finding_while_its_racks_are_silent() -> None:
    fleet = a_fleet_with(*RACKS, SECONDARY)
    hear(fleet, RACKS | {SECONDARY: 200.0}, range(1, 120, 5))

    assert told(hear(fleet, {SECONDARY: 200.0}, range(120, 700, 5)), FLOW) == []
    assert found(fleet, code=FLOW) == [(C1, "LiquidFlow")]
    assert told(hear(fleet, RACKS | {SECONDARY: 300.0}, range(700, 800, 5)), FLOW) == [False]


def test_primary_side_that_could_not_carry_the_heat_is_found() -> None:
    gallons = {p: 30.0 if p.point_type == "LiquidFlow" else v for p, v in PRIMARY.items()}

    assert found(a_heard(RACKS | {SECONDARY: 300.0} | PRIMARY), code="sensor.implausible") == []
    assert found(a_heard(RACKS | {SECONDARY: 300.0} | gallons), code="sensor.implausible") == [
        (C1, "LiquidFlow")
    ]


# -- things by themselves ------------------------------------------------------------------------


def test_what_the_metadata_say_wrong_is_found_until_they_say_it_right() -> None:
    power = a_point(entity="R1")
    wrong = replace(power, is_setpoint=True)
    fleet = a_heard({wrong: 1.0}, until=40)
    assert found(fleet, code="data.contract") == [("R1", "RackPower")]

    tell(fleet, at(40), power)
    changes = hear(fleet, {power: 1.0}, range(41, 150, 5))

    assert told(changes, "data.contract") == [False]


def test_point_that_is_never_heard_is_found_in_the_end() -> None:
    fleet = a_fleet_with(*RACKS)
    heard = {point: value for point, value in RACKS.items() if point.entity == "R2"}
    before = hear(fleet, heard, range(1, UNHEARD_FOR // 1000 - 5, 5))
    later = hear(fleet, heard, range(UNHEARD_FOR // 1000, UNHEARD_FOR // 1000 + 40, 5))

    assert told(before, "data.contract") == []
    assert told(later, "data.contract") == [True]
    assert found(fleet, code="data.contract") == [("R1", None)]


def test_reading_beyond_all_that_can_be_is_found_and_no_part_of_a_balance() -> None:
    shown = a_cooled_rack("R1")
    (hot,) = (p for p in shown if p.point_type == "RackLiquidReturnTemperature")
    fleet = a_heard(shown | {hot: 3276.7})

    assert found(fleet, code="sensor.implausible") == [("R1", hot.point_type)]
    assert [each.closure for each in fleet.audit.balances()] == [Closure.UNKNOWN]


@pytest.mark.parametrize(("volts", "suspects"), [(0.0, [("M1", "Voltage")]), (400.0, [])])
def test_meter_without_voltage_cannot_carry_current(
    volts: float, suspects: list[tuple[str, str]]
) -> None:
    amps = a_point("PowerMeter/Current", "M1", serves=("R1",))
    shown = RACKS | a_meter("M1", "R1", kw=100.0, volts=volts) | {amps: 50.0}

    assert found(a_heard(shown), code="sensor.implausible") == suspects


# -- neighbours ----------------------------------------------------------------------------------


def test_sensor_that_stands_while_its_neighbours_move_is_found_and_its_next_move_ends_it() -> None:
    loads = [a_point(entity=f"R{number}") for number in range(1, 6)]
    fleet = a_fleet_with(*loads)

    def moving(second: int, still: float | None) -> dict[Point, float | None]:
        shown = {load: 100.0 + (second * 7 + n) % 13 for n, load in enumerate(loads)}
        return {**shown, loads[2]: 100.0 if still is None else still}

    changes: list[Change] = []
    for second in range(1, 900):
        changes += hear(fleet, moving(second, 100.0), range(second, second + 1))
    assert found(fleet, code="sensor.frozen") == [("R3", "RackPower")]
    assert told(changes, "sensor.frozen") == [True]

    tell(fleet, at(900), *(Retraction(load.id) for load in loads[:1]))
    changes = []
    for second in range(901, 1_100):
        shown = moving(second, 100.0 + second % 5)
        del shown[loads[0]]
        changes += hear(fleet, shown, range(second, second + 1))

    assert told(changes, "sensor.frozen") == [False]


def test_what_was_never_heard_is_told_when_its_publishers_heart_beats_and_not_before() -> None:
    heart, power = a_heartbeat(), a_point("Rack/RackPower", "R1")
    fleet = a_fleet_with(heart, power, a_point("Rack/RackLiquidFlow", "R1"))
    for second in range(1, 400, 10):
        tell(fleet, at(second), a_reading(power, float(second), at(second)))
    before = [each.finding.code for each in fleet.audit.findings()]
    for second in range(400, 620, 10):
        readings = a_reading(power, float(second), at(second)), a_reading(heart, 1.0, at(second))
        tell(fleet, at(second), *readings)

    assert before == []
    (found,) = fleet.audit.findings()
    assert found.finding.suspect == "RackLiquidFlow"


def test_a_unit_is_not_judged_while_the_supply_of_its_racks_moves() -> None:
    flow = replace(
        a_point("CDU/LiquidFlow", "C1", unit="LPM", serves=("R1",)), process_area=("Secondary",)
    )
    supply = next(p for p in a_cooled_rack("R1") if p.point_type == "RackLiquidSupplyTemperature")
    shown = {**a_cooled_rack("R1", kw=100.0, lpm=150.0), flow: 1.0}
    fleet = a_fleet_with(*shown)
    for second in range(1, 200):
        values = {**shown, supply: 30.0 + 0.1 * second}
        tell(fleet, at(second), *(a_reading(p, v, at(second)) for p, v in values.items()))

    assert [e for e in fleet.audit.findings() if e.finding.code == "balance.flow"] == []
