from collections.abc import Collection
from dataclasses import replace

import pytest

from build import a_point, a_state, an_entity, at
from faulty import key
from twin.changes import FaultChanged
from twin.fault import Condition, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.faults.rule import Rules
from twin.points import Freshness, PointState
from twin.severity import Severity
from twin.steady import Steady, gather
from twin.thermal import Coolant
from twin.topology import Topology
from twin.watch.units import UnitWatch

UNAVAILABLE = key("cdu.unavailable", "U1")
PUMP = key("cdu.pump_lost", "U1")
HIGH = key("liquid.supply_temperature_high", "U1")
LOW = key("liquid.supply_temperature_low", "U1")
DP = key("liquid.dp_deviation", "U1")
ALL = (UNAVAILABLE, PUMP, HIGH, LOW, DP)

OK, WARNING, CRITICAL = Severity

AVAILABLE = ((0, "NotAvailable"), (1, "Available"), (2, "Odd"))
STATUS = ((0, "Off"), (1, "On"), (2, "Fault"))

HEALTHY = {
    "supply": 31.5,
    "supply asked": 32.0,
    "dp": 91.0,
    "dp asked": 90.0,
    "pump 1": 44.0,
    "pump 2": 0.0,
    "available": 1.0,
    "status": 1.0,
}
"""As that of NVIDIA's recording."""


def _states() -> dict[str, PointState]:
    supply, side = ("Secondary", "Supply"), ("Secondary",)
    temperature = replace(a_point("CDU/LiquidTemperature", "U1", unit="C"), process_area=supply)
    dp = a_point("CDU/LiquidDifferentialPressure", "U1", unit="kPa")
    dp = replace(dp, process_area=side)
    pump = replace(a_point("CDU/PumpSpeed", "U1", unit="%"), process_area=side)
    points = {
        "supply": temperature,
        "supply asked": replace(temperature, is_setpoint=True),
        "dp": dp,
        "dp asked": replace(dp, is_setpoint=True),
        "pump 1": pump,
        "pump 2": pump,
        "available": replace(a_point("CDU/Available", "U1"), states=AVAILABLE),
        "status": replace(a_point("CDU/Status", "U1"), states=STATUS),
        "pump status": replace(a_point("Pump/Status", "U1"), associated=True, states=STATUS),
    }
    return {
        name: a_state(replace(point, id=type(point.id)(f"{point.id}/{name}")), HEALTHY.get(name))
        for name, point in points.items()
    }


class Unit:
    """A healthy unit of two pumps before racks that draw 178 kW, and a watch of it."""

    def __init__(
        self,
        *without: str,
        load: float | None = 178.0,
        alone: bool = True,
        rules: Rules = CATALOGUE,
        **shows: float | None,
    ) -> None:
        self.states = {name: state for name, state in _states().items() if name not in without}
        self.show("pump_status", None, Freshness.UNHEARD)
        for name, value in shows.items():
            self.show(name, value)
        self.drawn = a_state(a_point("Rack/RackPower"))
        self.supply = a_state(a_point("Rack/RackLiquidSupplyTemperature"))
        rack = Steady(an_entity("R1", self.drawn, self.supply), [], Coolant.PG25)
        silent = Steady(an_entity("R2"), [], Coolant.PG25)
        self._smoothing = gather([rack, silent])
        unit = an_entity("U1", *self.states.values())
        self.watch = UnitWatch(unit, [rack, silent], rules, alone=alone)
        self.second = 0
        self.draw(load)

    def draw(self, kw: float | None, supply_c: float | None = None) -> None:
        """Let its rack draw that, and be supplied so; it has long done so."""
        self.drawn.value, self.supply.value = kw, supply_c
        self._smoothing.sample(at(10 * self.second))

    def show(self, name: str, value: float | None, freshness: Freshness = Freshness.LIVE) -> None:
        """Let a point show that."""
        state = self.states.get(name.replace("_", " "))
        if state is not None:
            state.value, state.freshness = value, freshness
            state.bad = value is None

    def silence(self, *names: str) -> None:
        """Let points be silent."""
        for name in names:
            self.states[name].freshness = Freshness.STALE

    def judged(self, *live: Key | Fault, suspects: Collection[str] = ()) -> dict[Key, Judged]:
        """What the watch says, a second later each time."""
        faults = [each if isinstance(each, Fault) else Fault(each) for each in live]
        self.second += 1
        return dict(self.watch.look(at(self.second), {each.key: each for each in faults}, suspects))

    def told(
        self, *live: Key | Fault, suspects: Collection[str] = ()
    ) -> dict[Key, Severity | None]:
        """The same in short."""
        return {k: j.severity for k, j in self.judged(*live, suspects=suspects).items()}


def test_healthy_unit_says_nothing() -> None:
    assert Unit().told() == {}


def test_fault_that_is_over_is_told_to_be_over() -> None:
    judged = Unit().judged(*ALL)

    assert {k: j.severity for k, j in judged.items()} == dict.fromkeys(ALL, OK)
    assert (judged[HIGH].value, judged[PUMP].value) == (31.5, 1)


def test_nothing_is_judged_without_a_rule() -> None:
    assert Unit(rules=Rules.of(()), pump_1=0.0, supply=50.0).told(*ALL) == {}


def test_unit_without_points_says_nothing() -> None:
    assert Unit(*HEALTHY, "pump status").told() == {}


# -- whether it serves ---------------------------------------------------------------------------


def test_unit_that_says_so_is_unavailable() -> None:
    judged = Unit(available=0.0).judged()[UNAVAILABLE]

    assert judged.severity is CRITICAL
    assert judged.message == "Available says NotAvailable"
    assert judged.point == "CDU/Available/U1/available"


def test_unit_that_is_faulty_is_unavailable() -> None:
    assert Unit(status=2.0, load=None).told() == {UNAVAILABLE: CRITICAL}


def test_unit_that_is_off_is_missed_where_racks_draw_power_and_have_no_other() -> None:
    judged = Unit(status=0.0).judged()[UNAVAILABLE]

    assert judged.severity is CRITICAL
    assert judged.message == "Status says Off, and the racks behind it draw 178 kW"
    assert Unit(status=0.0, load=0.2).told(UNAVAILABLE) == {UNAVAILABLE: OK}
    assert Unit(status=0.0, alone=False).told(UNAVAILABLE) == {UNAVAILABLE: OK}
    assert Unit(status=0.0, load=None).told(UNAVAILABLE) == {UNAVAILABLE: None}


@pytest.mark.parametrize("name", ["available", "status"])
def test_state_that_is_not_known_ends_nothing(name: str) -> None:
    unit = Unit()
    unit.show(name, 9.0)
    assert unit.told(UNAVAILABLE) == {UNAVAILABLE: None}

    unit.silence(name)
    assert unit.told(UNAVAILABLE) == {UNAVAILABLE: None}
    unit.show(name, None, Freshness.UNHEARD)
    assert unit.told(UNAVAILABLE) == {UNAVAILABLE: OK}


def test_suspect_state_ends_nothing() -> None:
    assert Unit(available=0.0).told(suspects={"Status"}) == {}
    assert Unit().told(UNAVAILABLE, suspects={"Available"}) == {UNAVAILABLE: None}


# -- pumps ---------------------------------------------------------------------------------------


def test_no_pump_under_load_is_critical() -> None:
    unit = Unit()
    unit.told()
    unit.show("pump_1", 0.0)

    judged = unit.judged()[PUMP]
    assert (judged.severity, judged.value) == (CRITICAL, 0.0)
    assert judged.point == "CDU/PumpSpeed/U1/pump 1"
    assert judged.message == "no pump runs, and the racks behind it draw 178 kW"


def test_no_pump_is_critical_though_none_was_seen_to_run() -> None:
    assert Unit(pump_1=0.0).told() == {PUMP: CRITICAL}


def test_one_pump_of_two_is_a_warning() -> None:
    unit = Unit(pump_2=44.0)
    unit.told()
    unit.show("pump_2", 0.0)

    judged = unit.judged()[PUMP]
    assert (judged.severity, judged.value) == (WARNING, 1)
    assert judged.message == "1 pump runs, where 2 used to"
    unit.show("pump_2", 30.0)
    assert unit.told(PUMP) == {PUMP: OK}


def test_swap_of_duty_and_standby_is_no_fault() -> None:
    unit = Unit()
    assert unit.told() == {}
    for one, two in ((44.0, 20.0), (20.0, 44.0), (0.0, 44.0)):
        unit.show("pump_1", one)
        unit.show("pump_2", two)
        assert unit.told() == {}


def test_pumps_may_stand_where_there_is_nothing_to_cool() -> None:
    unit = Unit()
    unit.told()
    unit.draw(0.2)
    unit.show("pump_1", 0.0)
    unit.show("dp", 0.0)

    assert unit.told(PUMP, DP) == {PUMP: OK, DP: OK}
    unit.draw(178.0)
    unit.show("pump_2", 44.0)
    unit.show("dp", 90.0)
    assert unit.told(PUMP) == {PUMP: OK}


def test_pump_that_stopped_is_missed_though_nobody_knows_the_load() -> None:
    unit = Unit()
    unit.told()
    unit.draw(None)
    unit.show("pump_1", 0.0)
    assert unit.told() == {PUMP: WARNING}

    assert Unit(load=None, pump_1=0.0).told(PUMP) == {PUMP: None}


def test_unit_in_reserve_may_stand() -> None:
    reserve = Unit(alone=False, pump_1=0.0, dp=0.0, supply=25.0)
    assert reserve.told(PUMP, LOW, DP) == {PUMP: OK, LOW: OK, DP: OK}


def test_unit_that_another_takes_over_from_may_stand_when_it_says_so() -> None:
    unit = Unit(alone=False)
    unit.told()
    unit.show("pump_1", 0.0)
    assert unit.told() == {PUMP: WARNING}

    unit.show("status", 0.0)
    assert unit.told(PUMP) == {PUMP: OK}
    unit.silence("status")
    assert unit.told(PUMP) == {PUMP: OK}


def test_pump_that_is_silent_ends_nothing() -> None:
    unit = Unit()
    unit.told()
    unit.silence("pump 1")
    assert unit.told(PUMP) == {PUMP: None}

    unit.silence("pump 2")
    assert unit.told(PUMP) == {PUMP: None}


def test_suspect_pump_ends_nothing() -> None:
    assert Unit(pump_1=0.0).told(PUMP, suspects={"PumpSpeed"}) == {PUMP: None}


@pytest.mark.parametrize(("value", "said"), [(2.0, WARNING), (1.0, OK), (9.0, OK), (None, None)])
def test_pump_may_say_that_it_has_failed(value: float | None, said: Severity | None) -> None:
    unit = Unit(pump_status=value)

    assert unit.told(PUMP) == {PUMP: said}
    assert Unit("pump 1", "pump 2", pump_status=2.0).told(PUMP) == {PUMP: CRITICAL}


def test_pump_that_was_lost_before_a_restart_is_still_missed() -> None:
    judged = Judged(WARNING, point="CDU/PumpSpeed/U1/pump 2")
    fault = Fault(PUMP, "x", condition=Condition.ACTIVE, judged=judged, severity_now=WARNING)

    assert Unit().told(fault) == {PUMP: WARNING}


# -- what it controls ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supply", "said"),
    [
        (35.0, {}),
        (35.1, {HIGH: WARNING}),
        (38.1, {HIGH: CRITICAL}),
        (29.0, {}),
        (28.9, {LOW: WARNING}),
        (25.9, {LOW: CRITICAL}),
    ],
)
def test_supply_is_held_against_its_set_point(supply: float, said: dict[Key, Severity]) -> None:
    assert Unit(supply=supply).told() == said


def test_difference_to_the_set_point_is_told() -> None:
    judged = Unit(supply=36.0).judged()[HIGH]

    assert (judged.value, judged.limit, judged.unit) == (4.0, 3.0, "K")
    assert judged.message == "supply 36 C, 4 K over its set-point of 32 C, limit 3 K"


@pytest.mark.parametrize(
    ("supply", "said"), [(42.0, {HIGH: WARNING}), (46.0, {HIGH: CRITICAL}), (20.0, {LOW: WARNING})]
)
def test_supply_is_held_against_what_is_good_for_racks(
    supply: float, said: dict[Key, Severity]
) -> None:
    assert Unit("supply asked", supply=supply).told() == said
    assert Unit(supply=supply, supply_asked=supply).told() == said


def test_set_point_that_moves_is_given_time() -> None:
    unit = Unit()
    unit.told()
    unit.show("supply_asked", 25.0)
    unit.show("dp_asked", 60.0)
    assert unit.told() == {}

    unit.second = 400
    assert unit.told() == {HIGH: CRITICAL, DP: WARNING}


def test_set_point_that_is_silent_ends_nothing() -> None:
    unit = Unit()
    unit.silence("supply asked", "dp asked")

    assert unit.told(HIGH, LOW, DP) == {HIGH: None, LOW: None, DP: None}
    unit.silence("supply", "dp")
    assert unit.told(HIGH, LOW, DP) == {HIGH: None, LOW: None, DP: None}


@pytest.mark.parametrize(
    ("dp", "said"),
    [
        (112.0, {}),
        (113.0, {DP: WARNING}),
        (68.0, {}),
        (67.0, {DP: WARNING}),
        (44.0, {DP: CRITICAL}),
    ],
)
def test_pressure_is_held_against_its_set_point(dp: float, said: dict[Key, Severity]) -> None:
    assert Unit(dp=dp).told() == said


def test_pressure_says_nothing_of_a_set_point_of_nothing() -> None:
    assert Unit(dp_asked=0.0).told(DP) == {DP: None}


def test_suspect_sensor_ends_nothing() -> None:
    suspects = {"LiquidTemperature", "LiquidDifferentialPressure"}

    assert Unit(supply=50.0, dp=200.0).told(HIGH, DP, suspects=suspects) == {HIGH: None, DP: None}


def test_lost_pump_is_raised_within_two_seconds_and_told_at_once_when_nothing_explains_it() -> None:
    unit, faults = Unit(), Faults(CATALOGUE, Topology())
    told: list[FaultChanged] = []
    for second in range(1, 60):
        unit.show("pump_1", 0.0 if 10 <= second < 30 else 44.0)
        live = {each.key: each for each in faults.books().live}
        for found, judged in unit.watch.look(at(second), live, ()):
            told += faults.judge(found, judged, at(second))
        told += faults.advance(at(second))

    whats = [(str(each.what), each.at) for each in told]
    assert whats == [
        ("PENDING", at(10)),
        ("RAISED", at(12)),
        ("WAITED", at(17)),
        ("CLEARING", at(30)),
        ("CLEARED", at(40)),
    ]


@pytest.mark.parametrize(("supply", "told"), [(89.6, {}), (50.0, {HIGH: CRITICAL})])
def test_a_supply_told_in_fahrenheit_is_not_warm_where_its_racks_get_it_cool(
    supply: float, told: dict[Key, Severity]
) -> None:
    unit = Unit(supply=supply)
    unit.draw(178.0, supply_c=32.0)

    assert unit.told() == told
