from dataclasses import replace

import pytest

from build import (
    START,
    a_fleet_showing,
    a_fleet_with,
    a_heartbeat,
    a_point,
    a_reading,
    at,
)
from build import tell as tell_all
from twin.changes import (
    Change,
    Changes,
    FaultChanged,
    PointDescribed,
    PointRetracted,
    PointStale,
    PublisherChanged,
    ReadingLate,
    ReadingTaken,
)
from twin.circuits import Rating
from twin.entities import PointCounts
from twin.fleet import AHEAD_AT_MOST, Fleet, Message
from twin.instants import Instant
from twin.points import (
    EntityId,
    Freshness,
    Point,
    PointId,
    PointState,
    PublisherId,
    Reading,
    Retraction,
)
from twin.site import CduPlate, RackPlace, Site
from twin.thermal import Coolant
from twin.topology import Domain

POWER = a_point("Rack/RackPower")
FLOW = a_point("Rack/RackLiquidFlow")
TRAY = a_point("Rack/RackLeakDetectTray", publisher="MEPAI1")
METER = a_point("PowerMeter/ActivePower", "M1", serves=("R1",))
HEART = a_heartbeat()

R1, M1 = EntityId("R1"), EntityId("M1")


def tell(fleet: Fleet, when: Instant, *messages: Message) -> list[Change]:
    """As all tests tell it, without what that means for faults."""
    changes = tell_all(fleet, when, *messages)
    return [change for change in changes if not isinstance(change, FaultChanged)]


def happened(fleet: Fleet, now: Instant) -> Changes:
    """What happened until now, without what that means for faults."""
    return tuple(each for each in fleet.advance(now) if not isinstance(each, FaultChanged))


def _state(fleet: Fleet, point: Point = POWER) -> PointState:
    state = fleet.point(point.id)
    assert state is not None
    return state


def _taken(
    reading: Reading, received: Instant, *, changed: bool = True, revived: bool = True
) -> ReadingTaken:
    """What is told of a reading of ``POWER`` that is the current one now."""
    return ReadingTaken(POWER, *reading[2:], received, changed=changed, revived=revived)


# -- readings ----------------------------------------------------------------------------------


def test_fleet_begins_empty() -> None:
    fleet = Fleet()

    assert (len(fleet), list(fleet.racks()), fleet.publishers()) == (0, [], [])
    assert fleet.rack(R1) is None


def test_described_point_is_unheard() -> None:
    fleet = a_fleet_with(POWER)

    assert _state(fleet).freshness is Freshness.UNHEARD
    assert fleet.counts == PointCounts(live=0, stale=0, unheard=1, bad=0)


def test_reading_becomes_the_current_one() -> None:
    fleet = a_fleet_with(POWER)
    reading = a_reading(POWER, 35.2, at(1))

    assert tell(fleet, at(2), reading) == [_taken(reading, at(2))]
    state = _state(fleet)
    assert (state.value, state.measured_at, state.received_at) == (35.2, at(1), at(2))
    assert fleet.counters.applied == 2


def test_repeated_value_is_heard_but_no_news() -> None:
    fleet = a_fleet_showing({POWER: 35.2})
    repeat = a_reading(POWER, 35.2, at(100))

    assert tell(fleet, at(100), repeat) == [_taken(repeat, at(100), changed=False, revived=False)]
    state = _state(fleet)
    assert (state.measured_at, state.heard_at) == (at(100), at(100))


@pytest.mark.parametrize(("value", "changed"), [(35.2, False), (36.0, True)])
def test_reading_that_is_no_more_than_a_number_goes_the_short_way(
    value: float, *, changed: bool
) -> None:
    short, long = a_fleet_showing({POWER: 35.2}), a_fleet_showing({POWER: 35.2})
    reading = a_reading(POWER, value, at(1))

    taken = short.hear(_state(short), *reading[2:], at(2))

    assert [taken] == tell(long, at(2), reading)
    assert taken == _taken(reading, at(2), changed=changed, revived=False)
    assert short.counters == long.counters
    for slot in PointState.__slots__:
        assert getattr(_state(short), slot) == getattr(_state(long), slot), slot


def test_description_that_is_heard_again_counts_as_if_it_were_applied() -> None:
    short, long = a_fleet_showing({POWER: 35.2}), a_fleet_showing({POWER: 35.2})

    short.hear_again()

    assert tell(long, START, POWER) == []
    assert short.counters == long.counters
    assert short.counters.applied == 3
    for slot in PointState.__slots__:
        assert getattr(_state(short), slot) == getattr(_state(long), slot), slot


@pytest.mark.parametrize(
    "reading",
    [
        a_reading(POWER, 36.0, at(0)),
        a_reading(POWER, 36.0, at(1), quality=0),
        a_reading(POWER, None, at(1)),
        a_reading(POWER, 36.0, at(7.001)),
    ],
    ids=["not later", "not to be trusted", "no value", "ahead"],
)
def test_reading_of_which_more_may_come_does_not_go_the_short_way(reading: Reading) -> None:
    fleet = a_fleet_showing({POWER: 35.2})
    before = _state(fleet).copy()

    assert fleet.hear(_state(fleet), *reading[2:], at(2)) is None
    for slot in PointState.__slots__:
        assert getattr(_state(fleet), slot) == getattr(before, slot), slot


@pytest.mark.parametrize("how", ["silent", "bad", "trips"])
def test_point_of_which_more_may_come_does_not_go_the_short_way(how: str) -> None:
    leak = a_point("Rack/RackLeakDetect")
    point = leak if how == "trips" else POWER
    fleet = a_fleet_with(point)
    if how != "silent":
        tell(fleet, START, a_reading(point, 0.0, quality=int(how != "bad")))

    assert fleet.hear(_state(fleet, point), 0.0, 1, at(1), at(1)) is None


def test_late_reading_never_overwrites_newer() -> None:
    fleet = a_fleet_showing({POWER: 35.2}, at(10))
    late = a_reading(POWER, 99.0, at(9.999))

    assert tell(fleet, at(11), late) == [
        ReadingLate(POWER, late.value, late.quality, late.measured_at, at(11))
    ]
    state = _state(fleet)
    assert (state.value, state.measured_at, state.heard_at) == (35.2, at(10), at(10))
    assert fleet.counters.late == 1


def test_exact_duplicate_only_refreshes_when_the_point_was_heard() -> None:
    fleet = a_fleet_showing({POWER: 35.2})

    assert tell(fleet, at(60), a_reading(POWER, 35.2)) == []
    state = _state(fleet)
    assert (state.measured_at, state.received_at, state.heard_at) == (START, START, at(60))
    assert fleet.counters.duplicate == 1


def test_another_value_of_the_same_millisecond_replaces_the_first() -> None:
    fleet = a_fleet_showing({POWER: 35.2})

    tell(fleet, START, a_reading(POWER, 36.0))

    assert _state(fleet).value == 36.0


@pytest.mark.parametrize(("value", "quality"), [(None, 1), (35.2, 0)])
def test_null_and_poor_quality_are_counted_as_bad(value: float | None, quality: int) -> None:
    fleet = a_fleet_showing({POWER: 35.2})

    tell(fleet, at(1), a_reading(POWER, value, at(1), quality=quality))
    assert fleet.counts.bad == 1

    tell(fleet, at(2), a_reading(POWER, 35.2, at(2)))
    assert fleet.counts.bad == 0


def test_integration_alone_writes_what_it_owns() -> None:
    fleet = a_fleet_with(TRAY)

    assert tell(fleet, START, a_reading(TRAY, publisher="PUB")) == []
    assert fleet.counters.wrong_publisher == 1

    tell(fleet, START, a_reading(TRAY))
    assert _state(fleet, TRAY).freshness is Freshness.LIVE


def test_integration_writes_nothing_that_the_bms_owns() -> None:
    fleet = a_fleet_with(POWER)

    assert tell(fleet, START, a_reading(POWER, publisher="MEPAI1")) == []
    assert _state(fleet).freshness is Freshness.UNHEARD


# -- clocks that run ahead ---------------------------------------------------------------------


def test_clock_that_runs_ahead_is_counted() -> None:
    fleet = a_fleet_with(POWER)
    tell(fleet, START, a_reading(POWER, 1.0, at(5)))
    assert fleet.counters.ahead == 0

    tell(fleet, at(1), a_reading(POWER, 2.0, at(3601)))
    assert fleet.counters.ahead == 1
    assert _state(fleet).measured_at == at(3601)


def test_readings_are_taken_again_soon_after_a_clock_is_mended() -> None:
    fleet = a_fleet_with(POWER)
    tell(fleet, START, a_reading(POWER, 1.0, at(3600)))
    mended = START + AHEAD_AT_MOST

    tell(fleet, Instant(mended - 1), a_reading(POWER, 2.0, Instant(mended - 1)))
    assert _state(fleet).value == 1.0

    tell(fleet, Instant(mended), a_reading(POWER, 3.0, Instant(mended)))
    assert _state(fleet).value == 3.0


def test_order_of_arrival_rules_while_a_clock_runs_ahead() -> None:
    fleet = a_fleet_with(POWER)
    for second, value in ((0, 1.0), (1, 2.0)):
        tell(fleet, at(second), a_reading(POWER, value, at(3600 + second)))

    assert _state(fleet).value == 2.0


# -- freshness ---------------------------------------------------------------------------------


def test_silent_point_goes_stale_at_its_own_deadline() -> None:
    fleet = a_fleet_showing({POWER: 35.2})

    assert happened(fleet, at(249.999)) == ()
    assert happened(fleet, at(9999)) == (PointStale(POWER, at(250)),)
    assert fleet.counts == PointCounts(live=0, stale=1, unheard=0, bad=0)
    assert fleet.now == at(9999)


def test_repeat_postpones_the_deadline() -> None:
    fleet = a_fleet_showing({POWER: 35.2})
    tell(fleet, at(100), a_reading(POWER, 35.2, at(100)))

    assert happened(fleet, at(349.999)) == ()
    assert happened(fleet, at(350)) == (PointStale(POWER, at(350)),)


@pytest.mark.parametrize("measured_at", [START, at(300)])
def test_stale_point_is_live_again_when_it_is_heard(measured_at: Instant) -> None:
    fleet = a_fleet_showing({POWER: 35.2})
    fleet.advance(at(250))
    reading = a_reading(POWER, 35.2, measured_at)

    assert tell(fleet, at(300), reading) == [_taken(reading, at(300))]
    assert _state(fleet).freshness is Freshness.LIVE
    assert happened(fleet, at(550)) == (PointStale(POWER, at(550)),)


def test_late_reading_is_no_sign_of_life() -> None:
    fleet = a_fleet_showing({POWER: 35.2}, at(10))
    tell(fleet, at(200), a_reading(POWER, 1.0, at(5)))

    assert happened(fleet, at(260)) == (PointStale(POWER, at(260)),)


def test_unheard_point_never_goes_stale() -> None:
    assert a_fleet_with(POWER).advance(at(10_000)) == ()


def test_time_never_goes_back() -> None:
    fleet = Fleet()
    fleet.advance(at(5))
    fleet.advance(at(1))

    assert fleet.now == at(5)


def test_fleet_of_which_nothing_is_heard_has_no_beat_however_late_it_is() -> None:
    assert Fleet().next_beat(at(1_000_000)) is None
    assert a_fleet_with(POWER).next_beat(at(-1)) is None


def test_beats_are_due_one_after_the_other_until_all_was_seen_silent() -> None:
    fleet, at_once = a_fleet_showing({POWER: 35.2}), a_fleet_showing({POWER: 35.2})
    begun, changes = fleet.now, list[Change]()
    beats: list[Instant] = []
    while (beat := fleet.next_beat(at(10_000))) is not None:
        beats.append(beat)
        changes += fleet.advance(beat)
    changes += fleet.advance(at(10_000))

    assert begun < beats[0] < beats[-1] < at(400)
    assert beats == sorted(set(beats))
    assert tuple(changes) == at_once.advance(at(10_000))


def test_what_falls_due_is_told_in_order_of_deadline_then_of_id() -> None:
    fleet = a_fleet_with(POWER, FLOW, METER)
    tell(fleet, at(1), a_reading(POWER))
    tell(fleet, at(2), a_reading(METER), a_reading(FLOW))

    assert [each for each in fleet.advance(at(999)) if isinstance(each, PointStale)] == [
        PointStale(POWER, at(251)),
        PointStale(METER, at(252)),
        PointStale(FLOW, at(252)),
    ]


# -- heartbeats --------------------------------------------------------------------------------


def test_at_one_instant_the_cause_is_told_before_its_effects() -> None:
    fleet = a_fleet_showing({POWER: 1.0, HEART: 1.0})
    for second in range(20, 221, 20):
        tell(fleet, at(second), a_reading(HEART, float(second), at(second)))

    assert happened(fleet, at(250)) == (
        PointStale(HEART, at(250)),
        PublisherChanged(HEART, Freshness.STALE, at(250)),
        PointStale(POWER, at(250)),
    )


def test_one_heart_says_nothing_of_another() -> None:
    other = a_heartbeat(scope="R1", tag="R1")
    fleet = a_fleet_showing({HEART: 1.0, other: 1.0})
    tell(fleet, at(20), a_reading(other, 2.0, at(20)))
    fleet.advance(at(30))

    assert [each.freshness for each in fleet.publishers()] == [Freshness.STALE, Freshness.LIVE]


def test_first_heartbeat_brings_its_publisher_to_life() -> None:
    fleet = a_fleet_with(HEART)
    assert fleet.publishers()[0].freshness is Freshness.UNHEARD

    changes = tell(fleet, START, a_reading(HEART))

    assert changes[1:] == [PublisherChanged(HEART, Freshness.LIVE, START)]
    assert fleet.publishers()[0].freshness is Freshness.LIVE


def test_beating_heart_is_no_news() -> None:
    fleet = a_fleet_showing({HEART: 1.0})

    changes = tell(fleet, at(10), a_reading(HEART, 2.0, at(10)))

    assert [type(change) for change in changes] == [ReadingTaken]
    assert fleet.publishers()[0].heard_at == at(10)


def test_lost_heartbeat_makes_its_points_stale_at_that_instant() -> None:
    fleet = a_fleet_showing({HEART: 1.0, FLOW: 1.0, POWER: 1.0})

    assert happened(fleet, at(29.999)) == ()
    assert happened(fleet, at(500)) == (
        PointStale(HEART, at(30)),
        PublisherChanged(HEART, Freshness.STALE, at(30)),
        PointStale(FLOW, at(30)),
        PointStale(POWER, at(30)),
    )


def test_lost_heartbeat_leaves_other_publishers_alone() -> None:
    far = replace(POWER, id=PointId("cpc/7/x"), publisher=PublisherId("cpc/7/PUB"))
    fleet = a_fleet_showing({HEART: 1.0, TRAY: 0.0, far: 1.0})
    fleet.advance(at(30))

    assert _state(fleet, TRAY).freshness is Freshness.LIVE
    assert _state(fleet, far).freshness is Freshness.LIVE


def test_lost_heartbeat_makes_only_its_scope_stale() -> None:
    fleet = a_fleet_showing({a_heartbeat(scope="R1"): 1.0, POWER: 1.0, METER: 1.0})
    fleet.advance(at(30))

    assert _state(fleet).freshness is Freshness.STALE
    assert _state(fleet, METER).freshness is Freshness.LIVE


def test_unheard_points_stay_so_when_their_publisher_is_lost() -> None:
    fleet = a_fleet_showing({HEART: 1.0})
    tell(fleet, at(1), POWER)
    fleet.advance(at(30))

    assert _state(fleet).freshness is Freshness.UNHEARD


def test_point_that_is_heard_after_the_loss_is_live() -> None:
    fleet = a_fleet_showing({HEART: 1.0, POWER: 1.0, FLOW: 1.0})
    tell(fleet, at(30), a_reading(POWER, 1.0, at(30)))

    assert _state(fleet).freshness is Freshness.LIVE
    assert _state(fleet, FLOW).freshness is Freshness.STALE


def test_returning_heartbeat_is_told_and_revives_no_point() -> None:
    fleet = a_fleet_showing({HEART: 1.0, POWER: 1.0})
    fleet.advance(at(30))

    changes = tell(fleet, at(40), a_reading(HEART, 2.0, at(40)))

    assert changes[1:] == [PublisherChanged(HEART, Freshness.LIVE, at(40))]
    assert _state(fleet).freshness is Freshness.STALE
    assert PublisherChanged(HEART, Freshness.STALE, at(70)) in fleet.advance(at(70))


def test_echo_is_no_heartbeat() -> None:
    echo = a_point("System/HeartbeatEchoBms", "MEPAI1")
    fleet = a_fleet_showing({echo: 1.0})

    assert happened(fleet, at(30)) == ()
    assert fleet.publishers() == []


def test_renamed_heart_goes_on_beating() -> None:
    fleet = a_fleet_showing({HEART: 1.0})
    tell(fleet, at(5), replace(HEART, name="BMS"))
    publisher = fleet.publishers()[0]

    assert (publisher.name, publisher.freshness, publisher.heard_at) == (
        "BMS",
        Freshness.LIVE,
        START,
    )


def test_heart_that_beats_for_another_is_not_heard_yet() -> None:
    fleet = a_fleet_showing({HEART: 1.0})
    tell(fleet, at(5), replace(HEART, publisher=PublisherId("MEPAI1")))
    publisher = fleet.publishers()[0]

    assert (publisher.id, publisher.freshness, publisher.heard_at) == (
        "MEPAI1",
        Freshness.UNHEARD,
        None,
    )


def test_retracted_heart_vouches_for_nothing() -> None:
    fleet = a_fleet_showing({HEART: 1.0, POWER: 1.0})
    tell(fleet, at(5), Retraction(HEART.id))

    assert fleet.publishers() == []
    assert happened(fleet, at(30)) == ()


# -- values before their metadata --------------------------------------------------------------


def test_reading_waits_for_its_metadata() -> None:
    fleet, reading = Fleet(), a_reading(POWER)

    assert tell(fleet, START, reading) == []
    assert (fleet.waiting, fleet.counters.unmatched) == (1, 1)

    assert tell(fleet, at(50), POWER) == [
        PointDescribed(POWER, at(50)),
        _taken(reading, START),
    ]
    assert (fleet.waiting, _state(fleet).received_at) == (0, START)


def test_reading_that_waited_too_long_is_stale() -> None:
    fleet = Fleet()
    tell(fleet, START, a_reading(POWER))

    assert tell(fleet, at(251), POWER)[-1] == PointStale(POWER, at(250))
    assert _state(fleet).freshness is Freshness.STALE


def test_heartbeats_that_waited_with_a_hole_make_points_stale() -> None:
    fleet = a_fleet_showing({POWER: 1.0, FLOW: 1.0})
    tell(fleet, START, a_reading(HEART))
    tell(fleet, at(40), a_reading(HEART, 2.0, at(40)), a_reading(FLOW, 1.0, at(40)))
    tell(fleet, at(41), HEART)

    assert fleet.publishers()[0].freshness is Freshness.LIVE
    assert _state(fleet).freshness is Freshness.STALE
    assert _state(fleet, FLOW).freshness is Freshness.LIVE


def test_reading_that_waited_while_its_publisher_was_lost_is_stale() -> None:
    fleet = a_fleet_showing({HEART: 1.0})
    tell(fleet, at(1), a_reading(POWER))
    tell(fleet, at(40), a_reading(HEART, 2.0, at(40)), POWER)

    assert _state(fleet).freshness is Freshness.STALE


def test_heart_that_waited_says_nothing_of_another() -> None:
    other = a_heartbeat(scope="R1", tag="R1")
    fleet = a_fleet_showing({HEART: 1.0})
    tell(fleet, at(10), a_reading(other))
    tell(fleet, at(31), other)

    assert [each.freshness for each in fleet.publishers()] == [Freshness.STALE, Freshness.LIVE]


@pytest.mark.parametrize("told", [(HEART, POWER), (POWER, HEART)])
def test_what_waited_is_live_if_it_was_heard_at_the_instant_of_the_loss(
    told: tuple[Point, Point],
) -> None:
    fleet = Fleet()
    tell(fleet, START, a_reading(HEART))
    tell(fleet, at(30), a_reading(POWER))
    tell(fleet, at(31), *told)

    assert _state(fleet, HEART).freshness is Freshness.STALE
    assert _state(fleet).freshness is Freshness.LIVE


def test_loss_of_a_publisher_says_nothing_of_the_next_behind_the_same_heart() -> None:
    fleet = a_fleet_showing({HEART: 1.0})
    tell(fleet, at(1), a_reading(TRAY))
    tell(fleet, at(40), replace(HEART, publisher=TRAY.publisher), TRAY)

    assert _state(fleet, TRAY).freshness is Freshness.LIVE


def test_readings_for_which_there_is_no_room_are_counted() -> None:
    fleet = Fleet()
    for number in range(100_002):
        fleet.apply(a_reading(POWER, float(number)), START)

    assert (fleet.waiting, fleet.counters.unmatched_lost) == (100_000, 2)


# -- metadata that changes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        replace(POWER, unit="W"),
        replace(POWER, states=((0, "Off"),)),
        replace(POWER, publisher=PublisherId("MEPAI1")),
        replace(POWER, is_setpoint=True),
        replace(POWER, entity=EntityId("R2")),
    ],
)
def test_change_of_meaning_forgets_the_reading(changed: Point) -> None:
    fleet = a_fleet_showing({POWER: None})

    assert tell(fleet, at(1), changed)[-1] == PointDescribed(changed, at(1), POWER)
    assert _state(fleet).freshness is Freshness.UNHEARD
    assert fleet.counts == PointCounts(live=0, stale=0, unheard=1, bad=0)


@pytest.mark.parametrize(
    "changed",
    [
        replace(POWER, name="Rack one"),
        replace(POWER, serves=(M1,)),
        replace(POWER, process_area=("Return",)),
    ],
)
def test_other_changes_keep_the_reading(changed: Point) -> None:
    fleet = a_fleet_showing({POWER: 35.2})

    assert tell(fleet, at(1), changed) == [PointDescribed(changed, at(1), POWER)]
    assert (_state(fleet).value, _state(fleet).point) == (35.2, changed)


def test_same_metadata_again_is_no_news() -> None:
    assert tell(a_fleet_with(POWER), at(100), POWER) == []


def test_forgotten_point_is_heard_anew() -> None:
    fleet = a_fleet_showing({POWER: 35.2}, at(10))
    changed = replace(POWER, unit="W")
    tell(fleet, at(20), changed, a_reading(POWER, 35_200.0, at(5)))

    assert _state(fleet).value == 35_200.0
    assert happened(fleet, at(999)) == (PointStale(changed, at(270)),)


def test_moved_point_leaves_its_old_entity() -> None:
    fleet = a_fleet_showing({POWER: 35.2, FLOW: 1.0})
    moved = replace(POWER, entity=EntityId("R2"))

    assert tell(fleet, at(1), moved) == [
        PointRetracted(POWER, at(1)),
        PointDescribed(moved, at(1), POWER),
    ]
    assert {rack.id: list(rack.points) for rack in fleet.racks()} == {
        "R1": [FLOW.id],
        "R2": [POWER.id],
    }


def test_entity_without_points_is_gone() -> None:
    fleet = a_fleet_with(POWER)
    tell(fleet, at(1), replace(POWER, entity=EntityId("R2")))

    assert fleet.entity(R1) is None


def test_topology_follows_the_metadata() -> None:
    fleet = a_fleet_with(METER)
    assert fleet.topology.upstream(R1, Domain.POWER) == ["M1"]

    tell(fleet, at(1), replace(METER, serves=(EntityId("R2"),)))
    assert fleet.topology.upstream(R1, Domain.POWER) == []
    assert fleet.topology.upstream(EntityId("R2"), Domain.POWER) == ["M1"]


def test_entity_serves_whom_any_of_its_points_names() -> None:
    current = a_point("PowerMeter/Current", "M1", serves=("R2",))
    fleet = a_fleet_with(METER, current)
    assert fleet.topology.downstream(M1, Domain.POWER) == ["R1", "R2"]

    tell(fleet, at(1), Retraction(current.id))
    assert fleet.topology.downstream(M1, Domain.POWER) == ["R1"]


def test_retraction_leaves_nothing_behind() -> None:
    fleet = a_fleet_showing({METER: None})

    assert tell(fleet, at(1), Retraction(METER.id)) == [PointRetracted(METER, at(1))]
    assert list(fleet.points()) == []
    assert (len(fleet), fleet.entity(M1), fleet.point(METER.id)) == (0, None, None)
    assert fleet.topology.serves(Domain.POWER) == {}
    assert fleet.counts == PointCounts(live=0, stale=0, unheard=0, bad=0)
    assert happened(fleet, at(999)) == ()


def test_retraction_of_an_unknown_point_is_no_news() -> None:
    assert tell(Fleet(), START, Retraction(POWER.id)) == []


def test_retracted_point_can_be_described_again() -> None:
    fleet = a_fleet_showing({POWER: 35.2})
    tell(fleet, at(1), Retraction(POWER.id), a_reading(POWER, 36.0, at(1)), POWER)

    assert _state(fleet).value == 36.0
    assert happened(fleet, at(999)) == (PointStale(POWER, at(251)),)


def test_what_is_no_rack_is_equipment() -> None:
    fleet = a_fleet_with(METER, POWER, a_point("CDU/LiquidFlow", "C1"))

    assert [rack.id for rack in fleet.racks()] == ["R1"]
    assert [each.id for each in fleet.equipment()] == ["C1", "M1"]
    assert fleet.rack(M1) is None


def test_it_is_known_since_when_readings_of_a_point_are_listened_for() -> None:
    fleet = a_fleet_with(POWER)
    tell(fleet, at(1), a_reading(POWER, 35.2, at(1)))
    tell(fleet, at(2), replace(POWER, name="another"))
    assert _state(fleet).described_at == START

    tell(fleet, at(3), replace(POWER, unit="W"))
    assert _state(fleet).described_at == at(3)

    tell(fleet, at(4), Retraction(POWER.id), POWER)
    assert _state(fleet).described_at == at(4)


def test_time_that_goes_back_judges_nothing_again() -> None:
    fleet = a_fleet_showing({POWER: 35.2, METER: 35.2})
    fleet.advance(at(60))

    assert happened(fleet, at(30)) == ()
    assert fleet.now == at(60)


def test_all_that_happens_is_told_in_order_of_time() -> None:
    fleet = a_fleet_showing({POWER: 35.2, METER: 70.4, HEART: 1.0})
    times = [change.at for change in fleet.advance(at(400)) if not isinstance(change, ReadingTaken)]

    assert times == sorted(times)
    assert times[0] < at(30) <= times[-1]


# -- what is written down ------------------------------------------------------------------------


def test_site_is_taken_at_run_time_and_changes_no_reading() -> None:
    fleet = a_fleet_showing({POWER: 35.2, METER: 36.0})
    before = (fleet.counts, _state(fleet).value, fleet.now)

    assert fleet.configure(Site(racks={R1: RackPlace("H", "A")})) == {R1}

    assert (fleet.counts, _state(fleet).value, fleet.now) == before
    rack = fleet.rack(R1)
    assert rack is not None
    assert (rack.place.hall, rack.place.row) == ("H", "A")


def test_site_touches_what_it_says_something_else_of_and_what_that_serves() -> None:
    cdu = a_point("CDU/LiquidFlow", "C1", serves=("R2",))
    fleet = a_fleet_showing({POWER: 1.0, METER: 1.0, cdu: 1.0, a_point(entity="R2"): 1.0})
    site = Site(meters={M1: Rating(200.0), EntityId("M9"): Rating(1.0)})

    assert fleet.configure(site) == {M1, R1}
    assert fleet.configure(replace(site, cdus={EntityId("C1"): CduPlate(9.0)})) == {"C1", "R2"}
    assert fleet.configure(fleet.site) == set()
    assert fleet.configure(replace(fleet.site, coolant=Coolant.WATER)) == {M1, R1, "C1", "R2"}


def test_halls_and_rows_stand_in_the_topology_as_long_as_they_are_written() -> None:
    fleet = a_fleet_showing({POWER: 1.0})
    fleet.configure(Site(racks={R1: RackPlace("H", "A")}))

    assert fleet.topology.upstream(R1, Domain.PLACE) == ["H/A", "H"]
    fleet.configure(Site(racks={R1: RackPlace("G")}))
    assert fleet.topology.upstream(R1, Domain.PLACE) == ["G"]
    fleet.configure(Site())
    assert fleet.topology.serves(Domain.PLACE) == {}


def test_a_clock_that_was_set_back_rules_once_its_source_was_lost() -> None:
    fleet = a_fleet_with(HEART, POWER, TRAY)
    tell(fleet, at(999), *(a_reading(each, 1.0, at(999)) for each in (HEART, POWER, TRAY)))
    tell(fleet, at(1_000), a_reading(HEART, 2.0, at(500)))
    assert fleet.counters.late == 1

    tell(fleet, at(1_030), a_reading(HEART, 3.0, at(530)), a_reading(POWER, 5.0, at(930)))

    assert (_state(fleet).value, _state(fleet).freshness) == (5.0, Freshness.LIVE)
    assert fleet.counters.late == 1


def test_what_came_within_a_repeat_is_late_for_a_silent_point_too() -> None:
    fleet = a_fleet_showing({POWER: 1.0}, at(999))
    tell(fleet, at(1_300), a_reading(POWER, 5.0, at(899)))

    assert (_state(fleet).value, _state(fleet).freshness) == (1.0, Freshness.STALE)
