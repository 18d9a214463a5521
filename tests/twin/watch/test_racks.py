"""One rack under watch, all sides of it together."""

import pytest

from build import a_point, a_state, an_entity, at
from twin.entities import Entity
from twin.fault import Key
from twin.faults.catalogue import CATALOGUE
from twin.points import EntityId, Freshness
from twin.severity import Severity
from twin.site import RackPlace, Site
from twin.steady import Steady, gather
from twin.thermal import Coolant
from twin.watch.racks import RackWatch, crowd_of
from watched import (
    DP,
    FLOW,
    KW,
    LIQUID_REQUEST,
    LIQUID_STATUS,
    POWER,
    RETURN,
    SUPPLY,
    Told,
    a_settled_loop,
    key,
    standing,
)

FLOW_LOW = key("liquid.flow_low")
ISOLATION = key("isolation.mismatch", "liquid")


def look_at(rack: Entity, live: dict[Key, object] | None = None) -> Told:
    """A rack alone, looked at once."""
    watch = RackWatch(rack, Steady(rack, [], Coolant.PG25), CATALOGUE)
    return dict(watch.look(at(1), live or {}, (), crowd_of([watch])))  # type: ignore[arg-type]


def test_nothing_is_said_of_a_rack_that_is_well() -> None:
    assert a_settled_loop().look() == {}


def test_a_rack_is_known_by_its_id() -> None:
    assert [watch.rack for watch in a_settled_loop(2).watches] == ["R1", "R2"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    loop = a_settled_loop()
    loop.show(FLOW, 0.1)
    loop.show(DP, 1.0)
    loop.show(LIQUID_STATUS, 1.0)
    loop.take_tap(0.0)
    loop.take_tap(KW, "TAP-B")

    loop.run(1)  # isolation is asked about each other second
    assert list(loop.look()) == [
        FLOW_LOW,
        key("liquid.dp_deviation"),
        key("power.feed_lost", "TAP-A"),
        ISOLATION,
    ]


def test_a_fault_is_told_of_until_it_is_no_more() -> None:
    told = a_settled_loop().look(standing(FLOW_LOW) | standing(ISOLATION))

    assert {of: judged.severity for of, judged in told.items()} == {
        FLOW_LOW: Severity.OK,
        ISOLATION: Severity.OK,
    }


def test_faults_of_others_kinds_are_passed_over() -> None:
    assert a_settled_loop().look(standing(key("data.stale", "P"))) == {}


def test_a_request_that_is_ignored_is_told() -> None:
    loop = a_settled_loop()
    loop.show(LIQUID_REQUEST, 1.0)

    told = loop.look() | loop.look()  # it is asked each other second
    assert told[ISOLATION].severity is Severity.WARNING


def test_leaks_that_stand_follow_their_detectors() -> None:
    state = a_state(a_point("Rack/RackLeakDetect"), 1.0)
    rack = an_entity("R1", state)
    of = key("leak.detected", state.point.id)

    assert look_at(rack) == {}
    assert look_at(rack, {**standing(of)})[of].severity is Severity.CRITICAL
    state.value = 0.0
    assert look_at(rack, {**standing(of)})[of].severity is Severity.OK
    state.freshness = Freshness.STALE
    assert look_at(rack, {**standing(of)})[of].severity is None


def test_silent_sensors_raise_nothing_and_hold_what_stands() -> None:
    loop = a_settled_loop(taps=())
    for sensor in (FLOW, SUPPLY, RETURN, POWER, DP):
        loop.states["R1", sensor].freshness = Freshness.STALE

    assert loop.look() == {}
    assert loop.look(standing(FLOW_LOW))[FLOW_LOW].severity is None


def test_meters_stand_in_for_the_power_of_a_rack() -> None:
    loop = a_settled_loop()
    loop.show(POWER, None)
    loop.show(FLOW, 0.1)

    assert list(loop.look()) == [FLOW_LOW]


def test_a_meter_without_a_power_is_no_feed() -> None:
    rack = an_entity("R1", a_state(a_point("Rack/RackLiquidFlow"), 0.0))
    power = a_state(a_point("PowerMeter/ActivePower", "M1"), KW)
    meters = [an_entity("M1", power), an_entity("M2")]
    steady = Steady(rack, meters, Coolant.PG25)
    gather([steady]).sample(at(1))
    watch = RackWatch(rack, steady, CATALOGUE, meters)

    assert not watch.all_read
    assert watch.feeds.read() == [KW]
    assert [of for of, _ in watch.look(at(1), {}, (), crowd_of([watch]))] == [FLOW_LOW]


def test_what_no_load_is_depends_on_the_rating() -> None:
    site = Site(racks={EntityId("R1"): RackPlace(rated_kw=100.0)})
    for kw, told in ((4.0, []), (6.0, [FLOW_LOW])):
        loop = a_settled_loop(taps=(), site=site)
        loop.show(POWER, kw)
        loop.show(FLOW, 0.0)
        loop.run(100)
        assert list(loop.look()) == told


@pytest.mark.parametrize("without", [(), (POWER,), (FLOW,), (SUPPLY,), (RETURN,)])
def test_its_heat_is_off_where_all_of_it_is_known(without: tuple[str, ...]) -> None:
    loop = a_settled_loop(taps=(), without=without)
    if FLOW not in without:
        loop.show(FLOW, 100.0)
    loop.run(1)

    assert loop.watches[0].off() is (None if without else True)
    assert loop.watches[0].dp_kpa == 80.0


def test_the_same_is_said_however_often_it_is_looked_at() -> None:
    once, often = a_settled_loop(), a_settled_loop()
    for loop in (once, often):
        loop.show(FLOW, 50.0)
    for _ in range(5):
        often.look()
    once.run(5)

    assert once.look() == often.look() != {}
