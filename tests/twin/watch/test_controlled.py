from dataclasses import replace

from build import a_point, a_state, an_entity, at
from twin.cdu import SUPPLY
from twin.entities import Entity
from twin.points import Freshness, Point, PointState
from twin.watch.controlled import Controlled

KIND = "LiquidTemperature"


def _point(tag: str, *area: str, setpoint: bool = False) -> Point:
    plain = a_point(f"CDU/{KIND}", "U1", tag=tag, unit="C")
    return replace(plain, process_area=area, is_setpoint=setpoint)


SHOWN = _point("supply", "Secondary", "Supply")
ASKED = _point("asked", "Secondary", "Supply", setpoint=True)
RETURN = _point("return", "Secondary", "Return")


def _unit(*states: PointState) -> Entity:
    return an_entity("U1", *states)


def _controlled(*states: PointState) -> Controlled:
    controlled = Controlled(_unit(*states), KIND, "C", SUPPLY)
    controlled.take(at(0))
    return controlled


def test_value_is_held_against_its_set_point() -> None:
    controlled = _controlled(a_state(SHOWN, 36.0), a_state(ASKED, 32.0), a_state(RETURN, 50.0))

    assert controlled.asked
    assert controlled.read(()) == (36.0, SHOWN.id)
    assert controlled.off(controlled.read(()), 1) == (4.0, 32.0)
    assert controlled.off(controlled.read(()), -1) == (-4.0, 32.0)


def test_nothing_is_off_where_nothing_is_known() -> None:
    silent = _controlled(a_state(SHOWN, 36.0), a_state(ASKED, 32.0, freshness=Freshness.STALE))
    assert silent.asked
    assert silent.off(silent.read(()), 1) is None
    assert _controlled(a_state(ASKED, 32.0)).off(None, 1) is None


def test_set_point_that_was_never_heard_asks_for_nothing() -> None:
    unheard = a_state(ASKED, None, freshness=Freshness.UNHEARD)

    assert not _controlled(a_state(SHOWN, 36.0), unheard).asked
    assert not _controlled(a_state(SHOWN, 36.0)).asked


def test_silent_sensor_gives_way_to_another_of_the_same_place() -> None:
    other = _point("supply2", "Secondary", "Supply")

    controlled = _controlled(a_state(SHOWN, 36.0, quality=0), a_state(other, 33.0))
    assert controlled.read(()) == (33.0, other.id)


def test_value_that_stands_for_none_is_not_read() -> None:
    assert _controlled(a_state(SHOWN, 85.0)).read(()) is None


def test_suspect_sensor_is_not_read() -> None:
    assert _controlled(a_state(SHOWN, 36.0), a_state(ASKED, 32.0)).read({KIND}) is None


def test_suspicion_may_be_of_the_sensors_elsewhere() -> None:
    controlled = _controlled(a_state(SHOWN, 36.0), a_state(RETURN, 36.1))

    assert controlled.read({KIND}) == (36.0, SHOWN.id)
