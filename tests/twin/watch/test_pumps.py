from dataclasses import replace

import pytest

from build import a_point, a_state, an_entity, at
from faulty import key
from twin.fault import Condition, Fault, Judged
from twin.instants import Instant
from twin.points import Freshness, Point, PointState
from twin.severity import Severity
from twin.watch.pumps import Pumps, Turn

ON_OFF = ((0, "Off"), (1, "On"), (2, "Fault"), (3, "Mode"))


def _point(tag: str, *area: str, unit: str | None = "%") -> Point:
    plain = a_point("CDU/PumpSpeed", "U1", tag=tag, unit=unit)
    return replace(plain, process_area=area, unit=unit)


ONE = _point("p1", "Secondary")
TWO = _point("p2", "Secondary")


def _pumps(*states: PointState) -> Pumps:
    return Pumps(an_entity("U1", *states))


class Pair:
    """Two pumps, and what they show."""

    def __init__(self, one: float | None, two: float | None) -> None:
        self.one, self.two = a_state(ONE, one), a_state(TWO, two)
        self.pumps = _pumps(self.one, self.two)

    def turn(self, when: float, one: float, two: float, fault: Fault | None = None) -> Turn:
        """Look at them when they show that."""
        self.one.value, self.two.value = one, two
        return self.pumps.look(at(when), fault)


def _lost(point: str | None, condition: Condition = Condition.ACTIVE) -> Fault:
    judged = Judged(Severity.WARNING, point=point)
    return Fault(key("cdu.pump_lost", "U1"), "x", condition=condition, judged=judged)


def test_standby_pump_that_stands_is_not_missed() -> None:
    turn = Pair(44.0, 0.0).turn(0, 44.0, 0.0)

    assert turn == Turn(running=1, unknown=0, of=2, missing=0, lost=None)
    assert not turn.stands


def test_pump_that_stops_is_missed() -> None:
    pair = Pair(44.0, 44.0)
    pair.turn(0, 44.0, 44.0)

    turn = pair.turn(1, 44.0, 0.0)
    assert (turn.running, turn.missing, turn.lost) == (1, 1, TWO.id)
    assert pair.turn(2, 44.0, 44.0)[-2:] == (0, None)


def test_swap_of_duty_and_standby_misses_nobody() -> None:
    pair = Pair(44.0, 0.0)
    for when, one, two in ((0, 44, 0), (1, 40, 20), (200, 20, 40), (201, 0, 44), (900, 0, 44)):
        assert pair.turn(when, one, two).missing == 0
    assert pair.turn(901, 0.0, 0.0).missing == 1


def test_pumps_that_run_together_for_long_are_both_missed() -> None:
    pair = Pair(44.0, 0.0)
    pair.turn(0, 44.0, 0.0)
    pair.turn(1, 44.0, 44.0)
    assert pair.turn(300, 44.0, 0.0).missing == 0
    pair.turn(301, 44.0, 44.0)

    pair.turn(601, 44.0, 44.0)
    assert pair.turn(602, 44.0, 0.0).missing == 1


def test_all_may_stand_where_they_are_to() -> None:
    pair = Pair(44.0, 0.0)
    pair.turn(0, 44.0, 0.0)
    assert pair.turn(1, 0.0, 0.0).stands

    pair.pumps.forget()
    assert pair.turn(2, 0.0, 0.0)[-2:] == (0, None)


def test_pump_that_is_silent_is_not_known_to_stand() -> None:
    pair = Pair(44.0, 0.0)
    pair.turn(0, 44.0, 0.0)
    pair.one.freshness = Freshness.STALE

    turn = pair.turn(1, 44.0, 0.0)
    assert (turn.unknown, turn.missing, turn.stands) == (1, 0, False)


def test_pump_that_was_never_heard_is_waited_for() -> None:
    unheard = a_state(TWO, None, freshness=Freshness.UNHEARD)
    unheard.described_at = at(0)
    pumps = _pumps(a_state(ONE, 0.0), unheard)

    pumps.look(at(0), None)
    assert not pumps.look(at(149), None).stands
    assert pumps.look(at(150), None).stands


def test_pump_that_was_never_heard_is_waited_for_from_when_another_was() -> None:
    one, two = (a_state(each, None, freshness=Freshness.UNHEARD) for each in (ONE, TWO))
    pumps = _pumps(one, two)
    pumps.look(at(0), None)
    one.freshness, one.value = Freshness.LIVE, 0.0

    assert not pumps.look(at(400), None).stands


def test_only_pumps_of_the_loop_count() -> None:
    fill, primary = _point("fill", "Fill"), _point("primary", "Primary", "Pump1")
    asked = replace(_point("asked", "Secondary"), is_setpoint=True)

    assert not _pumps(*(a_state(each, 50.0) for each in (fill, primary, asked)))
    assert _pumps().look(at(0), None) == Turn(0, 0, 0, 0, None)


@pytest.mark.parametrize(
    ("value", "counts"), [(0.0, (0, 0)), (1.0, (1, 0)), (2.0, (0, 0)), (3.0, (0, 1)), (9.0, (0, 1))]
)
def test_pump_may_be_told_as_a_state(value: float, counts: tuple[int, int]) -> None:
    point = replace(_point("p", "Secondary", unit=None), states=ON_OFF)

    assert _pumps(a_state(point, value)).look(at(0), None)[:2] == counts


def test_speed_may_be_in_other_units() -> None:
    fast, slow = (_point(each, "Secondary", unit="rpm") for each in "ab")

    assert _pumps(a_state(fast, 1450.0), a_state(slow, 0.4)).look(at(0), None).running == 1


def test_status_of_a_pump_stands_for_its_speed_where_it_has_none() -> None:
    pump = replace(a_point("Pump/Status", "U1"), associated=True, states=ON_OFF)
    valve = replace(a_point("Valve/Status", "U1"), associated=True, states=ON_OFF)
    bare = replace(a_point("Pump/Status", "U1", tag="bare"), associated=True)
    pumps = _pumps(*(a_state(each, 1.0) for each in (pump, valve, bare)))

    assert [each.point for each in pumps.faulty] == [pump]
    assert pumps.look(at(0), None).of == 1


def test_after_a_restart_what_stands_tells_which_pump_ran() -> None:
    pair = Pair(44.0, 0.0)

    assert pair.turn(0, 44.0, 0.0, _lost(TWO.id))[-2:] == (1, TWO.id)
    assert pair.turn(1, 44.0, 44.0, _lost(TWO.id)).missing == 0


@pytest.mark.parametrize(
    "fault",
    [
        None,
        _lost(ONE.id),
        _lost("Pump/Status/U1"),
        _lost(None),
        _lost(TWO.id, Condition.NORMAL),
    ],
)
def test_nothing_else_tells_of_before(fault: Fault | None) -> None:
    assert Pair(44.0, 0.0).turn(0, 44.0, 0.0, fault).missing == 0


def test_what_runs_when_it_is_first_heard_has_run_for_long() -> None:
    pair = Pair(44.0, 44.0)
    pair.two.freshness = Freshness.UNHEARD
    pair.two.described_at = Instant(at(0))
    pair.turn(0, 44.0, 44.0)
    pair.two.freshness = Freshness.LIVE
    pair.turn(5, 44.0, 44.0)

    assert pair.turn(6, 44.0, 0.0).missing == 1
