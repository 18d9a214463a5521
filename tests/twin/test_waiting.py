from build import START, a_point, a_reading, at
from twin.waiting import Waiting

POWER, FLOW = a_point("Rack/RackPower"), a_point("Rack/RackLiquidFlow")


def test_readings_are_released_in_the_order_in_which_they_came() -> None:
    waiting = Waiting()
    waiting.keep(a_reading(POWER, 1.0), at(0))
    waiting.keep(a_reading(FLOW, 9.0), at(1))
    waiting.keep(a_reading(POWER, 2.0), at(2))

    released = waiting.release(POWER.id)

    assert [(reading.value, came) for reading, came in released] == [(1.0, at(0)), (2.0, at(2))]
    assert len(waiting) == 1


def test_nothing_is_released_twice() -> None:
    waiting = Waiting()
    waiting.keep(a_reading(POWER), START)
    waiting.release(POWER.id)

    assert not waiting.release(POWER.id)
    assert len(waiting) == 0


def test_nothing_is_lost_while_there_is_room() -> None:
    waiting = Waiting(room=2)

    assert [waiting.keep(a_reading(POWER), START) for _ in range(3)] == [0, 0, 1]
    assert len(waiting) == 2


def test_full_room_loses_the_oldest_reading_of_the_point_that_waits_longest() -> None:
    waiting = Waiting(room=3)
    for point, value in ((POWER, 1.0), (FLOW, 9.0), (POWER, 2.0), (FLOW, 8.0)):
        waiting.keep(a_reading(point, value), START)

    assert [reading.value for reading, _ in waiting.release(POWER.id)] == [2.0]
    assert [reading.value for reading, _ in waiting.release(FLOW.id)] == [9.0, 8.0]


def test_point_that_lost_all_its_readings_is_forgotten() -> None:
    waiting = Waiting(room=1)
    waiting.keep(a_reading(POWER), START)
    waiting.keep(a_reading(FLOW), START)

    assert not waiting.release(POWER.id)
    assert len(waiting.release(FLOW.id)) == 1
