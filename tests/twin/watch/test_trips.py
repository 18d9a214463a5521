"""Leaks and what watches over them, judged as they are heard."""

from dataclasses import replace

import pytest

from build import a_point, a_state, an_entity
from faulty import a_rule
from twin.entities import Entity
from twin.fault import UNKNOWN, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.points import Freshness, Point, PointId, PointState
from twin.severity import Severity
from twin.watch.trips import trip, tripped, trips
from watched import key

LEAK, NO_LEAK = 1.0, 0.0
WORDS = ((0, "NoLeak"), (1, "Leak"), (2, "Sensor fault"))
ROPE = replace(a_point("Rack/RackLeakDetect"), states=WORDS)
FAULT = replace(a_point("Rack/RackLeakSensorFault"), states=((0, "NoFault"), (1, "Fault")))
TRAYS = tuple(a_point("Rack/RackLeakDetectTray", tag=f"tray{n}") for n in (1, 2, 3))
UNIT = a_point("CDU/LeakDetect", "U1")


def a_rack(**values: float | None) -> tuple[Entity, dict[Point, PointState]]:
    """A rack with a rope, its self-test and three trays; all dry unless said otherwise."""
    points = {"rope": ROPE, "fault": FAULT} | {f"tray{n}": p for n, p in enumerate(TRAYS, 1)}
    states = {point: a_state(point, values.get(name, 0.0)) for name, point in points.items()}
    return an_entity("R1", *states.values()), states


def judged(point: Point, value: float | None, *, late: bool = False, **others: float) -> Judged:
    rack, states = a_rack(**others)
    verdict = trip(CATALOGUE, rack, states[point], value, late=late)
    assert verdict is not None
    return verdict[1]


def live(*keys: Key) -> dict[Key, Fault]:
    return {each: Fault(each) for each in keys}


def now(rack: Entity, of: Key) -> Judged:
    """How a fault stands by what is read now."""
    (verdict,) = tripped(CATALOGUE, rack, live(of))
    assert verdict[0] == of
    return verdict[1]


ROPE_KEY = key("leak.detected", ROPE.id)
FAULT_KEY = key("leak.sensor_fault", FAULT.id)
TRAY_KEY = key("leak.tray")


def test_detectors_of_leaks_trip_and_nothing_else() -> None:
    assert all(map(trips, (ROPE, FAULT, *TRAYS, UNIT)))
    assert not trips(a_point("Rack/RackPower"))


def test_a_leak_is_critical_and_names_its_point() -> None:
    rack, states = a_rack()

    assert trip(CATALOGUE, rack, states[ROPE], LEAK) == (
        ROPE_KEY,
        Judged(Severity.CRITICAL, 1.0, None, None, ROPE.id, "RackLeakDetect says Leak"),
    )


def test_a_leak_of_a_unit_is_its_own() -> None:
    state = a_state(UNIT, 1.0)

    verdict = trip(CATALOGUE, an_entity("U1", state), state, LEAK)

    assert verdict is not None
    assert verdict[0] == key("leak.detected", UNIT.id, "U1")
    assert verdict[1].severity is Severity.CRITICAL
    assert verdict[1].message == "LeakDetect says 1"


def test_dry_is_well() -> None:
    assert judged(ROPE, NO_LEAK).severity is Severity.OK


def test_a_reading_that_is_not_to_be_trusted_says_nothing() -> None:
    assert judged(ROPE, None) is UNKNOWN


def test_a_detector_at_fault_gives_no_all_clear_but_a_leak_is_a_leak() -> None:
    assert judged(ROPE, NO_LEAK, fault=1.0) is UNKNOWN
    assert judged(ROPE, LEAK, fault=1.0).severity is Severity.CRITICAL


def test_a_self_test_that_is_silent_takes_nothing_from_the_detector() -> None:
    rack, states = a_rack(fault=1.0)
    states[FAULT].freshness = Freshness.STALE

    verdict = trip(CATALOGUE, rack, states[ROPE], NO_LEAK)

    assert verdict is not None
    assert verdict[1].severity is Severity.OK


def test_a_fault_of_the_detector_is_a_warning() -> None:
    assert judged(FAULT, 1.0).severity is Severity.WARNING
    assert judged(FAULT, 0.0).severity is Severity.OK


def test_a_rope_that_says_that_it_is_broken_is_a_fault_of_the_detector() -> None:
    rack, states = a_rack()

    verdict = trip(CATALOGUE, rack, states[ROPE], 2.0)

    assert verdict is not None
    assert verdict[0] == key("leak.sensor_fault", ROPE.id)
    assert verdict[1].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("trays", "severity"),
    [
        ({}, Severity.OK),
        ({"tray2": 1.0}, Severity.WARNING),
        ({"tray2": 1.0, "tray3": 1.0}, Severity.CRITICAL),
        ({"tray2": None}, None),
        ({"tray2": None, "tray3": 1.0}, Severity.WARNING),
    ],
)
def test_one_leaking_tray_warns_and_two_are_critical(
    trays: dict[str, float | None], severity: Severity | None
) -> None:
    rack, states = a_rack(**trays)

    verdict = trip(CATALOGUE, rack, states[TRAYS[0]], NO_LEAK)

    assert verdict is not None
    assert verdict[0] == TRAY_KEY
    assert verdict[1].severity is severity
    assert now(rack, TRAY_KEY).severity is severity


def test_the_reading_that_came_counts_and_not_the_one_that_the_tray_holds() -> None:
    assert judged(TRAYS[0], LEAK).severity is Severity.WARNING
    assert judged(TRAYS[0], LEAK).point == TRAYS[0].id


def test_what_came_late_still_trips_and_clears_nothing() -> None:
    rack, states = a_rack()

    assert judged(ROPE, LEAK, late=True).severity is Severity.CRITICAL
    for value in (NO_LEAK, None):
        assert trip(CATALOGUE, rack, states[ROPE], value, late=True) is None


def test_what_no_rule_asks_for_is_not_judged() -> None:
    rack, states = a_rack(rope=1.0)
    bare = Rules.of([a_rule("plain")])

    assert trip(bare, rack, states[ROPE], LEAK) is None
    assert trip(bare, rack, states[ROPE], LEAK, late=True) is None
    assert list(tripped(bare, rack, live(ROPE_KEY))) == []


def test_faults_that_stand_follow_what_is_read_now() -> None:
    assert now(a_rack(rope=1.0)[0], ROPE_KEY).severity is Severity.CRITICAL
    assert now(a_rack()[0], ROPE_KEY).severity is Severity.OK
    assert now(a_rack(rope=2.0)[0], ROPE_KEY) is UNKNOWN
    assert now(a_rack(fault=1.0)[0], FAULT_KEY).severity is Severity.WARNING


def test_a_fault_of_a_point_that_is_gone_is_unknown() -> None:
    assert now(a_rack()[0], key("leak.detected", PointId("gone"))) is UNKNOWN


def test_other_faults_are_nobodys_business_here() -> None:
    rack, _ = a_rack()

    assert list(tripped(CATALOGUE, rack, live(key("liquid.flow_low")))) == []


def test_faults_may_go_while_they_are_judged() -> None:
    rack, _ = a_rack(rope=1.0)
    faults = live(ROPE_KEY, FAULT_KEY, TRAY_KEY)

    for of, _ in tripped(CATALOGUE, rack, faults):
        del faults[of]

    assert faults == {}
