from collections.abc import Collection
from dataclasses import replace

import pytest

from build import a_point, a_state, an_entity, at
from faulty import key
from twin.changes import FaultChanged
from twin.circuits import UNRATED, Rating
from twin.fault import UNKNOWN, Condition, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.faults.rule import Rules
from twin.points import Freshness, PointState
from twin.severity import Severity
from twin.topology import Topology
from twin.watch.meters import MeterWatch

OVER = key("power.over_current", "M1")
APART = key("power.phase_imbalance", "M1")
BUDGET = key("power.over_budget", "M1")
ALL = (OVER, APART, BUDGET)

OK, WARNING, CRITICAL = Severity


class Meter:
    """A meter of 200 A, and a watch of it."""

    def __init__(
        self,
        amps: float = 80.0,
        *,
        limit: float | None = 200.0,
        phases: tuple[float, ...] = (),
        rating: Rating = UNRATED,
        rules: Rules = CATALOGUE,
    ) -> None:
        self.current = a_state(a_point("PowerMeter/Current", "M1"), amps)
        self.limit = a_state(a_point("PowerMeter/CurrentLimit", "M1"), limit)
        self.power = a_state(a_point("PowerMeter/ActivePower", "M1"), 50.0)
        self.phases = [self._phase(name, v) for name, v in zip("ABC", phases, strict=False)]
        unnamed = a_state(a_point("PowerMeter/PhaseCurrent", "M1", unit="A"), 999.0)
        again = [self._phase("A", 999.0, "z")] if phases else []
        states = [self.current, self.limit, self.power, unnamed, *self.phases, *again]
        self.watch = MeterWatch(an_entity("M1", *states), rating, rules)

    @staticmethod
    def _phase(name: str, amps: float, tag: str = "") -> PointState:
        plain = a_point("PowerMeter/PhaseCurrent", "M1", tag=tag or name, unit="A")
        return a_state(replace(plain, phase=name), amps)

    def told(
        self, *live: Key | Fault, suspects: Collection[str] = ()
    ) -> dict[Key, tuple[Severity | None, float | None]]:
        """What the watch says, with the value rounded."""
        faults = [each if isinstance(each, Fault) else Fault(each) for each in live]
        found = self.watch.look(at(0), {each.key: each for each in faults}, suspects)
        return {k: (j.severity, j.value and round(j.value, 1)) for k, j in found}


def _standing(which: Key, severity: Severity = CRITICAL) -> Fault:
    return Fault(which, "x", condition=Condition.ACTIVE, severity_now=severity)


def test_healthy_meter_says_nothing() -> None:
    assert Meter().told() == {}
    assert Meter(phases=(80.0, 82.0, 78.0), rating=Rating(rated_kw=60.0)).told() == {}


def test_fault_that_is_over_is_told_to_be_over() -> None:
    meter = Meter(phases=(80.0, 82.0, 78.0), rating=Rating(rated_kw=100.0))

    assert meter.told(*ALL) == {OVER: (OK, 41.0), APART: (OK, 2.5), BUDGET: (OK, -50.0)}


@pytest.mark.parametrize(
    ("amps", "said"),
    [(160.0, None), (161.0, (WARNING, 80.5)), (201.0, (CRITICAL, 100.5))],
)
def test_current_is_held_against_its_limit(
    amps: float, said: tuple[Severity, float] | None
) -> None:
    assert Meter(amps).told().get(OVER) == said


def test_worst_phase_counts() -> None:
    ((found, judged),) = Meter(80.0, phases=(170.0, 165.0, 160.0)).watch.look(at(0), {}, ())

    assert (found, judged.value, judged.limit, judged.unit) == (OVER, 85.0, 80.0, "%")
    assert judged.point == "PowerMeter/PhaseCurrent/M1/A"
    assert judged.message == "current 170.0 A, 85 % of the 200 A that it may be, limit 80 %"


def test_what_stands_ends_only_below_its_deadband() -> None:
    assert Meter(158.0).told(_standing(OVER, WARNING)) == {OVER: (WARNING, 79.0)}
    assert Meter(155.0).told(_standing(OVER, WARNING)) == {OVER: (OK, 77.5)}
    assert Meter(158.0).told(Fault(OVER)) == {OVER: (OK, 79.0)}


@pytest.mark.parametrize("limit", [None, 0.0])
def test_limit_of_the_fleet_file_counts_where_the_bus_has_none(limit: float | None) -> None:
    assert Meter(110.0, limit=limit, rating=Rating(limit_a=100.0)).told() == {
        OVER: (CRITICAL, 110.0)
    }
    assert Meter(110.0, limit=limit).told(OVER) == {OVER: (None, None)}


def test_limit_that_never_held_is_no_overload() -> None:
    meter = Meter(162.0, limit=100.0)

    assert meter.told() == {}
    assert meter.told(suspects={"CurrentLimit"}) == {}
    assert meter.told(OVER) == {OVER: (None, None)}
    assert meter.told(OVER, suspects={"CurrentLimit"}) == {OVER: (OK, None)}


def test_limit_that_is_silent_ends_nothing() -> None:
    meter = Meter(162.0, limit=100.0)
    meter.limit.freshness = Freshness.STALE

    assert meter.told(OVER, suspects={"CurrentLimit"}) == {OVER: (None, None)}


def test_fleet_file_knows_better_than_a_limit_that_never_held() -> None:
    meter = Meter(162.0, limit=100.0, rating=Rating(limit_a=250.0))
    assert meter.told(OVER) == {OVER: (OK, 64.8)}

    meter.current.value = 260.0
    assert meter.told() == {OVER: (CRITICAL, 104.0)}


def test_overload_of_a_limit_that_held_stands_as_long_as_it_lasts() -> None:
    meter = Meter(70.0, limit=100.0)
    assert meter.told() == {}
    meter.current.value = 162.0

    assert meter.told() == {OVER: (CRITICAL, 162.0)}
    assert meter.told(suspects={"CurrentLimit"}) == {OVER: (CRITICAL, 162.0)}


def test_limit_that_is_another_has_to_hold_anew() -> None:
    meter = Meter(162.0)
    meter.told()
    meter.limit.value = 100.0

    assert meter.told() == {}


def test_limit_held_where_a_little_overload_was_seen() -> None:
    meter = Meter(120.0, limit=100.0)
    meter.told()
    meter.current.value = 162.0

    assert meter.told() == {OVER: (CRITICAL, 162.0)}


def test_limit_held_where_a_fault_stands_after_a_restart() -> None:
    assert Meter(162.0, limit=100.0).told(_standing(OVER)) == {OVER: (CRITICAL, 162.0)}


def test_phases_are_held_against_a_limit_though_the_current_is_silent() -> None:
    meter = Meter(80.0, phases=(201.0, 200.0, 199.0))
    meter.current.freshness = Freshness.STALE

    assert meter.told() == {OVER: (CRITICAL, 100.5)}


def test_current_that_is_silent_ends_nothing() -> None:
    meter = Meter(80.0, phases=(80.0, 80.0, 80.0))
    meter.phases[1].freshness = Freshness.STALE
    assert meter.told(OVER) == {OVER: (None, None)}

    meter.phases[1].freshness = Freshness.UNHEARD
    assert meter.told(OVER) == {OVER: (OK, 40.0)}
    for each in (meter.current, *meter.phases):
        each.freshness = Freshness.STALE
    assert meter.told(OVER) == {OVER: (None, None)}
    assert meter.told() == {}


def test_suspect_sensor_is_left_out() -> None:
    meter = Meter(80.0, phases=(300.0, 80.0, 80.0))

    assert meter.told(OVER, suspects={"PhaseCurrent"}) == {OVER: (OK, 40.0)}
    assert meter.told(APART, suspects={"PhaseCurrent"})[APART] == (None, None)


def test_value_that_stands_for_none_is_no_overload() -> None:
    assert Meter(65535.0).told() == {}
    assert Meter(65535.0).told(OVER) == {OVER: (None, None)}


def test_phases_that_lie_apart_under_load_are_told() -> None:
    meter = Meter(phases=(100.0, 60.0, 50.0))

    assert meter.told() == {APART: (WARNING, 42.9)}
    assert Meter(phases=(100.0, 30.0, 30.0)).told() == {APART: (CRITICAL, 87.5)}


@pytest.mark.parametrize("phases", [(30.0, 10.0, 10.0), (0.9, 0.1, 0.1), (100.0,), ()])
def test_phases_of_little_load_or_of_one_say_nothing(phases: tuple[float, ...]) -> None:
    assert Meter(17.0, phases=phases).told() == {}


def test_phases_of_little_load_are_even_enough() -> None:
    assert Meter(17.0, phases=(30.0, 10.0, 10.0)).told(APART)[APART] == (OK, None)


def test_phases_need_no_limit() -> None:
    assert Meter(limit=None, phases=(100.0, 60.0, 50.0)).told() == {APART: (WARNING, 42.9)}


def test_phase_that_is_silent_ends_nothing() -> None:
    meter = Meter(phases=(80.0, 80.0, 80.0))
    meter.phases[1].freshness = Freshness.STALE

    assert meter.told(APART)[APART] == (None, None)


def test_budget_that_is_written_no_more_is_not_exceeded_any_more() -> None:
    assert Meter().told(_standing(BUDGET)) == {BUDGET: (OK, None)}


def test_power_that_is_described_no_more_is_unknown_against_its_budget() -> None:
    watch = MeterWatch(an_entity("M1"), Rating(rated_kw=40.0), CATALOGUE)

    assert [*watch.look(at(0), {BUDGET: _standing(BUDGET)}, ())] == [(BUDGET, UNKNOWN)]


@pytest.mark.parametrize(("rated", "said"), [(48.0, (WARNING, 4.2)), (40.0, (CRITICAL, 25.0))])
def test_power_is_held_against_what_is_allotted(rated: float, said: tuple[Severity, float]) -> None:
    assert Meter(rating=Rating(rated_kw=rated)).told() == {BUDGET: said}


def test_power_that_is_silent_or_suspect_ends_nothing() -> None:
    meter = Meter(rating=Rating(rated_kw=100.0))
    assert meter.told(BUDGET, suspects={"ActivePower"})[BUDGET] == (None, None)

    meter.power.freshness = Freshness.STALE
    assert meter.told(BUDGET)[BUDGET] == (None, None)
    assert meter.told() == {}


def test_nothing_is_judged_without_a_rule() -> None:
    meter = Meter(300.0, phases=(300.0, 1.0, 1.0), rating=Rating(rated_kw=1.0), rules=Rules.of(()))

    assert meter.told(*ALL) == {}


def test_meter_that_nobody_described_says_nothing() -> None:
    watch = MeterWatch(an_entity("M1"), UNRATED, CATALOGUE)

    assert list(watch.look(at(0), {OVER: Fault(OVER)}, ())) == [
        (OVER, Judged(None)),
    ]


def test_overload_is_raised_after_ten_seconds_and_is_over_a_minute_after_it() -> None:
    meter, faults = Meter(100.0), Faults(CATALOGUE, Topology())
    told: list[FaultChanged] = []
    for second in range(200):
        meter.current.value = 220.0 if 20 <= second < 60 else 100.0
        live = {each.key: each for each in faults.books().live}
        for found, judged in meter.watch.look(at(second), live, ()):
            told += faults.judge(found, judged, at(second))
        told += faults.advance(at(second))

    whats = [(str(each.what), each.at) for each in told]
    assert whats == [
        ("PENDING", at(20)),
        ("RAISED", at(30)),
        ("CLEARING", at(60)),
        ("CLEARED", at(120)),
    ]
