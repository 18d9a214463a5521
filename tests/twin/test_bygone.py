from build import START, a_heartbeat, a_point, a_reading, at
from twin.bygone import Bygone
from twin.entities import PointCounts
from twin.finding import Finding
from twin.fleet import AHEAD_AT_MOST, Fleet
from twin.held import Standing
from twin.instants import Millis, after
from twin.points import EntityId, Freshness, Point, PublisherId
from twin.steps import run
from twin.topology import Domain

POWER = a_point()
HEART = a_heartbeat()
R1, R2 = EntityId("R1"), EntityId("R2")


def a_fleet_of(*points: Point) -> Bygone:
    fleet = Bygone()
    for point in points:
        fleet.describe(point, START)
    run(fleet.connect())
    return fleet


def freshness(fleet: Fleet, point: Point = POWER) -> Freshness:
    state = fleet.point(point.id)
    assert state is not None
    return state.freshness


def test_a_point_reads_what_it_read_last_and_nothing_is_judged() -> None:
    leak = a_point("Rack/RackLeakDetect")
    fleet = a_fleet_of(POWER, leak)

    fleet.recollect(a_reading(POWER, 35.0, at(1)), at(2))
    fleet.recollect(a_reading(leak, 1.0, at(1)), at(2))

    state = fleet.point(POWER.id)
    assert state is not None
    assert (state.value, state.measured_at, state.received_at) == (35.0, at(1), at(2))
    assert fleet.counts == PointCounts(live=2, stale=0, unheard=0, bad=0)
    assert fleet.faults.standing() == []


def test_it_holds_what_a_fleet_holds_that_was_told_the_same() -> None:
    ahead = a_reading(POWER, None, after(at(3), Millis(AHEAD_AT_MOST + 1)))
    other = a_point("Rack/RackLiquidFlow")
    bygone, live = a_fleet_of(POWER, other), Fleet()
    for point in (POWER, other):
        live.apply(point, START)
    for reading in (ahead, a_reading(other, 2.0, at(3))._replace(quality=0)):
        bygone.recollect(reading, at(3))
        live.apply(reading, at(3))

    for point in (POWER, other):
        mine, its = bygone.point(point.id), live.point(point.id)
        assert mine is not None
        assert its is not None
        for slot in (
            "value",
            "quality",
            "bad",
            "freshness",
            "measured_at",
            "ordered_at",
            "heard_at",
        ):
            assert getattr(mine, slot) == getattr(its, slot)
    assert bygone.counts == live.counts


def test_what_somebody_else_told_of_a_point_is_not_taken() -> None:
    fleet = a_fleet_of(POWER)

    fleet.recollect(a_reading(POWER, 1.0, at(1))._replace(publisher=PublisherId("X")), at(1))
    fleet.repeat(POWER.id, at(2))

    assert freshness(fleet) is Freshness.UNHEARD


def test_everything_serves_what_all_its_points_say() -> None:
    meters = [a_point("PowerMeter/ActivePower", "M1", serves=("R1",))]
    meters.append(a_point("PowerMeter/Voltage", "M1", serves=("R2",)))
    fleet = a_fleet_of(POWER, a_point("System/Note", "S1", serves=("R1",)), *meters)

    assert fleet.topology.downstream(EntityId("M1"), Domain.POWER) == [R1, R2]
    assert fleet.topology.serves(Domain.LIQUID) == {}


def test_who_was_heard_again_is_live_but_a_heart_is_not() -> None:
    fleet = a_fleet_of(POWER, HEART)
    for point in (POWER, HEART):
        fleet.recollect(a_reading(point, 1.0, at(1)), at(1))
    fleet.repeat(POWER.id, at(20))
    fleet.fall_silent(at(300))
    assert freshness(fleet) is Freshness.STALE

    for point in (POWER, HEART):
        fleet.repeat(point.id, at(301))

    assert [freshness(fleet, point) for point in (POWER, HEART)] == ["LIVE", "STALE"]
    fleet.fall_silent(at(551))
    assert freshness(fleet) is Freshness.STALE


def test_who_fell_due_or_is_known_to_is_silent() -> None:
    flow, gone = a_point("Rack/RackLiquidFlow"), a_point("Rack/RackLeakDetect")
    fleet = a_fleet_of(POWER, flow)
    for point in (POWER, flow):
        fleet.recollect(a_reading(point, 1.0, at(0)), at(0))

    fleet.fall_silent(at(10), [flow.id, flow.id, gone.id])
    assert [freshness(fleet, each) for each in (POWER, flow)] == ["LIVE", "STALE"]
    fleet.fall_silent(at(250))
    assert fleet.counts == PointCounts(live=0, stale=2, unheard=0, bad=0)


def test_it_has_what_was_told_of_faults_and_findings() -> None:
    fleet, other = a_fleet_of(POWER), Fleet()
    finding = Standing(Finding("balance.heat", R1, None, "odd"), at(3))

    run(fleet.recall(other.faults, [finding], at(5)))

    assert fleet.faults is other.faults
    assert fleet.audit.findings() == [finding]
    assert fleet.counters.applied == 0
