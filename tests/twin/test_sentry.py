"""What points, publishers and findings do to faults, at once."""

from dataclasses import replace

from build import a_cooled_rack, a_fleet_with, a_heartbeat, a_point, a_reading, at, tell
from twin.changes import FaultChanged
from twin.fault import Condition, Fault, State
from twin.fleet import Fleet
from twin.points import Point, Retraction
from twin.severity import Severity

LEAK = replace(
    a_point("Rack/RackLeakDetect", "R1"), states=((0, "NoLeak"), (1, "LeakDetected")), unit=None
)
POWER = a_point("Rack/RackPower", "R1")
FLOW = a_point("Rack/RackLiquidFlow", "R1")
BEAT = a_heartbeat()


def faults(fleet: Fleet) -> dict[tuple[str, str], Fault]:
    """What stands, by code and entity."""
    return {(each.key.code, each.key.entity): each for each in fleet.faults.standing()}


def a_fleet_heard(*points: Point) -> Fleet:
    """A fleet whose every point reads 0."""
    fleet = a_fleet_with(*points)
    tell(fleet, at(1), *(a_reading(point, 0.0, at(1)) for point in points))
    return fleet


def test_a_leak_is_a_fault_the_moment_it_is_heard() -> None:
    fleet = a_fleet_heard(LEAK)

    changes = tell(fleet, at(2.345), a_reading(LEAK, 1.0, at(2.3)))

    (fault,) = fleet.faults.standing()
    assert any(type(each) is FaultChanged for each in changes)
    assert (fault.key.code, fault.key.entity, fault.raised_at) == ("leak.detected", "R1", at(2.345))
    assert (fault.severity_now, fault.state) == (Severity.CRITICAL, State.UNACK)


def test_a_leak_that_is_the_first_word_of_its_detector_trips() -> None:
    fleet = a_fleet_with(LEAK)

    tell(fleet, at(1), a_reading(LEAK, 1.0, at(1)))

    assert ("leak.detected", "R1") in faults(fleet)


def test_a_leak_that_is_told_late_still_trips_and_is_over_at_once() -> None:
    fleet = a_fleet_heard(LEAK)
    tell(fleet, at(10), a_reading(LEAK, 0.0, at(10)))

    tell(fleet, at(11), a_reading(LEAK, 1.0, at(9)))

    fault = faults(fleet)["leak.detected", "R1"]
    assert fault.latched
    assert fault.condition is Condition.CLEARING


def test_a_late_word_that_is_not_to_be_trusted_trips_nothing() -> None:
    fleet = a_fleet_heard(LEAK)
    tell(fleet, at(10), a_reading(LEAK, 0.0, at(10)))

    tell(fleet, at(11), a_reading(LEAK, 1.0, at(9), quality=0))

    assert fleet.faults.standing() == []


def test_a_silent_point_makes_one_fault_of_its_entity_until_all_are_heard() -> None:
    fleet = a_fleet_heard(POWER, FLOW)

    fleet.advance(at(300))
    (fault,) = fleet.faults.standing()
    tell(fleet, at(301), a_reading(POWER, 1.0, at(301)))
    still = fleet.faults.standing()
    tell(fleet, at(302), a_reading(FLOW, 1.0, at(302)))

    assert (fault.key.code, fault.key.entity, fault.raised_at) == ("data.stale", "R1", at(251))
    assert [each.key for each in still] == [fault.key]
    assert fleet.faults.standing() == []


def test_the_silence_of_a_publisher_folds_that_of_all_it_tells() -> None:
    points = [a_point("Rack/RackPower", f"R{number}") for number in range(50)]
    fleet = a_fleet_heard(BEAT, *points)

    fleet.advance(at(40))

    standing = fleet.faults.standing()
    (lost,) = [each for each in standing if each.annunciated]
    assert lost.key.code == "data.publisher_lost"
    assert len(standing) == 51
    assert len(fleet.faults.suppresses(lost.id)) == 50


HALLS = [a_heartbeat(scope=hall, tag=hall) for hall in ("R1", "R2")]
RACKS = [a_point("Rack/RackPower", rack) for rack in ("R1", "R2")]


def beat(fleet: Fleet, heart: Point, until: int) -> None:
    """Let a heart beat every ten seconds."""
    for second in range(10, until + 1, 10):
        tell(fleet, at(second), a_reading(heart, second, at(second)))


def lost(fleet: Fleet) -> list[tuple[str, Condition]]:
    """Scopes of the hearts that are told not to beat."""
    return [
        (each.key.qualifier, each.condition)
        for each in fleet.faults.standing()
        if each.key.code == "data.publisher_lost"
    ]


def test_each_heart_of_a_publisher_is_lost_on_its_own() -> None:
    fleet = a_fleet_heard(*HALLS)
    beat(fleet, HALLS[1], 40)
    assert lost(fleet) == [("R1", Condition.ACTIVE)]
    fleet.advance(at(75))
    assert lost(fleet) == [("R1", Condition.ACTIVE), ("R2", Condition.ACTIVE)]

    tell(fleet, at(76), a_reading(HALLS[0], 76.0, at(76)))

    assert lost(fleet) == [("R1", Condition.CLEARING), ("R2", Condition.ACTIVE)]


def test_hearts_of_one_scope_are_lost_until_all_of_them_beat() -> None:
    one, other = (a_heartbeat(tag=tag) for tag in "AB")
    fleet = a_fleet_heard(one, other)
    fleet.advance(at(40))

    tell(fleet, at(41), a_reading(one, 41.0, at(41)))
    assert lost(fleet) == [("", Condition.ACTIVE)]
    tell(fleet, at(42), a_reading(other, 42.0, at(42)))

    assert lost(fleet) == [("", Condition.CLEARING)]


def test_a_lost_heart_explains_the_silence_of_what_it_beats_for_alone() -> None:
    fleet = a_fleet_heard(*HALLS, *RACKS)
    beat(fleet, HALLS[1], 260)
    fleet.advance(at(265))

    standing = faults(fleet)
    gone = standing["data.publisher_lost", "PUB"].id
    assert standing["data.stale", "R1"].suppressed_by == (gone,)
    assert standing["data.stale", "R2"].suppressed_by == ()


def test_a_heart_that_is_no_more_is_not_lost() -> None:
    fleet = a_fleet_heard(*HALLS, POWER)
    fleet.advance(at(40))

    tell(fleet, at(41), Retraction(HALLS[0].id))

    assert lost(fleet) == [("R2", Condition.ACTIVE)]


def test_a_heart_that_is_no_more_leaves_another_of_its_scope_lost() -> None:
    one, other = (a_heartbeat(tag=tag) for tag in "AB")
    fleet = a_fleet_heard(one, other)
    fleet.advance(at(40))

    tell(fleet, at(41), Retraction(one.id))
    assert lost(fleet) == [("", Condition.ACTIVE)]
    tell(fleet, at(42), Retraction(other.id))

    assert lost(fleet) == []


def test_a_lost_heart_of_another_scope_is_another_fault() -> None:
    fleet = a_fleet_heard(BEAT)
    fleet.advance(at(40))
    tell(fleet, at(41), replace(BEAT, name="BMS"))
    assert lost(fleet) == [("", Condition.ACTIVE)]

    tell(fleet, at(42), replace(BEAT, scope="R1"))

    assert lost(fleet) == [("R1", Condition.ACTIVE)]


def test_a_heart_that_beats_is_lost_for_nothing_under_another_scope() -> None:
    fleet = a_fleet_heard(BEAT)

    tell(fleet, at(2), replace(BEAT, scope="R1"))

    assert lost(fleet) == []


def test_silence_neither_clears_a_leak_nor_is_it_all_clear() -> None:
    fleet = a_fleet_heard(LEAK)
    tell(fleet, at(2), a_reading(LEAK, 1.0, at(2)))

    fleet.advance(at(1_000))

    fault = faults(fleet)["leak.detected", "R1"]
    assert fault.held
    assert fault.condition is Condition.ACTIVE


def test_bad_quality_is_a_fault_of_its_point_until_it_is_good() -> None:
    fleet = a_fleet_heard(POWER, FLOW)
    tell(fleet, at(2), a_reading(POWER, 5.0, at(2), quality=0), a_reading(FLOW, None, at(2)))

    fleet.advance(at(40))
    bad = {(each.key.code, each.key.qualifier) for each in fleet.faults.standing()}
    tell(fleet, at(41), a_reading(POWER, 5.0, at(41)), a_reading(FLOW, 6.0, at(41)))
    fleet.advance(at(120))

    assert bad == {("data.bad_quality", POWER.id), ("data.bad_quality", FLOW.id)}
    assert fleet.faults.standing() == []


def test_a_finding_is_a_fault_while_it_stands() -> None:
    volts = a_point("PowerMeter/Voltage", "M1", unit="V")
    amps = a_point("PowerMeter/Current", "M1", unit="A")
    fleet = a_fleet_heard(volts, amps)
    for second in range(2, 100):
        tell(fleet, at(second), a_reading(amps, 40.0 + second, at(second)))

    assert ("sensor.implausible", "M1") in faults(fleet)


def test_a_point_that_is_no_more_has_no_faults() -> None:
    fleet = a_fleet_heard(LEAK, POWER, FLOW)
    tell(fleet, at(2), a_reading(LEAK, 1.0, at(2)), a_reading(POWER, 1.0, at(2)))
    fleet.advance(at(251.5))  # the flow alone is silent

    tell(fleet, at(251.6), Retraction(LEAK.id), Retraction(FLOW.id))

    assert [each.key.code for each in fleet.faults.standing()] == []


def test_an_entity_that_is_no_more_has_no_faults() -> None:
    fleet = a_fleet_heard(POWER)
    fleet.advance(at(300))

    tell(fleet, at(301), Retraction(POWER.id))

    assert fleet.faults.standing() == []


def test_a_healthy_rack_has_none() -> None:
    shown = a_cooled_rack("R1", kw=100.0, lpm=150.0)
    fleet = a_fleet_with(*shown)
    for second in range(1, 200, 2):
        tell(fleet, at(second), *(a_reading(each, v, at(second)) for each, v in shown.items()))

    assert fleet.faults.occurrences() == []


# -- publishers as a whole -----------------------------------------------------------------------

MANY = [a_point("Rack/RackPower", f"R{number}") for number in range(20)]


def called(fleet: Fleet) -> list[tuple[str, str]]:
    """What somebody was called for, by code and entity."""
    raised = fleet.faults.occurrences()
    return [each.key[:2] for each in raised if each.annunciated_at is not None]


def test_a_publisher_whose_values_stop_is_one_fault_though_its_heart_beats() -> None:
    fleet = a_fleet_heard(BEAT, *MANY)
    beat(fleet, BEAT, 290)

    assert called(fleet) == [("data.publisher_lost", "PUB")]

    tell(fleet, at(291), a_reading(MANY[0], 1.0, at(291)))
    assert lost(fleet) == [("values", Condition.CLEARING)]


def test_a_publisher_that_tells_something_is_not_lost_for_what_it_does_not() -> None:
    fleet = a_fleet_heard(*MANY)
    for second in range(50, 400, 50):
        tell(fleet, at(second), *(a_reading(each, second, at(second)) for each in MANY[2:]))

    assert sorted(called(fleet)) == [("data.stale", "R0"), ("data.stale", "R1")]


def test_a_publisher_is_not_back_with_its_heart_alone() -> None:
    fleet = a_fleet_heard(BEAT, *MANY)
    fleet.advance(at(40))
    for second in range(50, 400, 10):
        tell(fleet, at(second), a_reading(BEAT, second, at(second)))
    before = lost(fleet)

    tell(fleet, at(400), a_reading(MANY[0], 1.0, at(400)))

    assert before == [("", Condition.ACTIVE)]
    assert lost(fleet) == [("", Condition.CLEARING)]
    assert called(fleet) == [("data.publisher_lost", "PUB")]


def test_a_heart_that_repeats_a_beat_does_not_beat() -> None:
    fleet = a_fleet_heard(BEAT)
    for second in range(10, 60, 10):
        tell(fleet, at(second), a_reading(BEAT, 0.0, at(1)))

    assert lost(fleet) == [("", Condition.ACTIVE)]


def test_a_publisher_that_trusts_nothing_is_one_fault() -> None:
    fleet = a_fleet_heard(*MANY)
    for second, point in enumerate(MANY, 2):
        tell(fleet, at(second), a_reading(point, 5.0, at(second), quality=0))
    fleet.advance(at(120))

    assert called(fleet) == [("data.bad_quality", "PUB")]

    tell(fleet, at(121), *(a_reading(each, 5.0, at(121)) for each in MANY))
    fleet.advance(at(200))
    assert fleet.faults.standing() == []
