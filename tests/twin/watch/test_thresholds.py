"""Thresholds of a site over the points of one entity, moved by hand."""

import pytest

from build import a_point, a_state, an_entity, at
from twin.fault import UNKNOWN, Condition, Fault, Judged, Key
from twin.faults.rule import Limits
from twin.faults.thresholds import Threshold
from twin.points import Freshness, PointState
from twin.severity import Severity
from twin.watch.thresholds import ThresholdWatch

LIMITS = Limits("AirTemperature", "C", 32.0, 38.0, "a test", deadband=1.0)
WARM = Threshold("site.warm", "AirTemperature", LIMITS)
POINT = a_point("Sensor/AirTemperature", "S1", unit="C")
KEY = Key("site.warm", POINT.entity, POINT.id)


def look(
    state: PointState, *suspects: str, fault: Fault | None = None, threshold: Threshold = WARM
) -> list[tuple[Key, Judged]]:
    watch = ThresholdWatch(an_entity("S1", state), [threshold])
    live = {} if fault is None else {fault.key: fault}
    return list(watch.look(at(0), live, suspects))


def standing(severity: Severity, condition: Condition = Condition.ACTIVE) -> Fault:
    return Fault(KEY, condition=condition, severity_now=severity)


def test_what_is_well_says_nothing() -> None:
    assert look(a_state(POINT, 32.0)) == []


@pytest.mark.parametrize(
    ("value", "severity", "limit"),
    [(32.5, Severity.WARNING, 32.0), (40.0, Severity.CRITICAL, 38.0)],
)
def test_what_is_beyond_a_limit_is_told_with_it(
    value: float, severity: Severity, limit: float
) -> None:
    message = f"AirTemperature {value:g} C, limit {limit:g} C"

    assert look(a_state(POINT, value)) == [
        (KEY, Judged(severity, value, limit, "C", POINT.id, message))
    ]


def test_a_limit_from_below_says_so_and_a_unit_need_not_be() -> None:
    limits = Limits("PowerFactor", "", 0.9, None, "a test", below=True)
    factor = a_point("PowerMeter/PowerFactor", "M1")
    low = Threshold("site.factor", "PowerFactor", limits)

    (found,) = look(a_state(factor, 0.8), threshold=low)

    assert found[1].message == "PowerFactor 0.8, lower limit 0.9"


@pytest.mark.parametrize(
    ("fault", "severity"),
    [
        (standing(Severity.WARNING), Severity.WARNING),
        (standing(Severity.WARNING, Condition.CLEARING), Severity.OK),
        (Fault(KEY, condition=Condition.PENDING), Severity.OK),
    ],
)
def test_deadband_holds_what_stands_and_nothing_else(fault: Fault, severity: Severity) -> None:
    ((key, judged),) = look(a_state(POINT, 31.5), fault=fault)

    assert (key, judged.severity, judged.value) == (KEY, severity, 31.5)


def test_what_is_well_again_is_told_where_there_is_a_fault() -> None:
    ((_, judged),) = look(a_state(POINT, 20.0), fault=standing(Severity.CRITICAL))

    assert judged == Judged(Severity.OK, 20.0, None, "C", POINT.id)


@pytest.mark.parametrize(
    "state",
    [
        a_state(POINT, 40.0, freshness=Freshness.STALE),
        a_state(POINT, 40.0, quality=0),
        a_state(a_point("Sensor/AirTemperature", "S1", unit="F"), 104.0),
        a_state(POINT, 999.0),
    ],
)
def test_without_a_reading_to_go_by_nothing_is_raised_and_what_stands_is_unknown(
    state: PointState,
) -> None:
    assert look(state) == []
    assert look(state, fault=standing(Severity.WARNING)) == [(KEY, UNKNOWN)]


def test_suspect_is_not_believed() -> None:
    assert look(a_state(POINT, 40.0), "AirTemperature") == []
    assert look(a_state(POINT, 40.0), "AirTemperature", fault=standing(Severity.WARNING)) == [
        (KEY, UNKNOWN)
    ]


def test_every_point_of_the_type_is_judged_for_itself() -> None:
    other = a_point("Sensor/AirTemperature", "S1", tag="2", unit="C")
    watch = ThresholdWatch(an_entity("S1", a_state(other, 39.0), a_state(POINT, 33.0)), [WARM])

    assert [key.qualifier for key, _ in watch.look(at(0), {}, ())] == [POINT.id, other.id]


def test_nobody_is_well_before_he_was_looked_at() -> None:
    assert not ThresholdWatch(an_entity("S1", a_state(POINT)), [WARM]).well()


def test_a_watch_is_false_where_nothing_is_covered() -> None:
    assert ThresholdWatch(an_entity("S1", a_state(POINT)), [WARM])
    assert not ThresholdWatch(an_entity("R1", a_state(a_point())), [WARM])
