from collections import Counter

import pytest

from build import a_heartbeat, a_point, a_state, at
from twin.changes import PointStale, PublisherChanged
from twin.hearing import SET_BACK, Hearing
from twin.instants import NEVER, Instant, Millis, after
from twin.points import Freshness, Point, PointId, PointState
from twin.publishers import Publisher

LIVE, STALE, UNHEARD = Freshness.LIVE, Freshness.STALE, Freshness.UNHEARD

POWER = a_point()
HEART = a_heartbeat()


class Heard:
    """Points that were all heard at the start, and the hearts among them."""

    def __init__(self, *points: Point) -> None:
        self.points: dict[PointId, PointState] = {}
        self.hearts: dict[PointId, Publisher] = {}
        self.counts: Counter[Freshness] = Counter()
        self.hearing = Hearing(self.points, self.hearts, self.counts)
        for point in points:
            self.hear(point)

    def hear(self, point: Point) -> None:
        state = self.points[point.id] = a_state(point, freshness=UNHEARD)
        self.counts[UNHEARD] += 1
        if point.object_type == "System":
            state.heartbeat = True
            self.hearts[point.id] = Publisher(state)
        self.hearing.hear(state)

    @property
    def power(self) -> PointState:
        return self.points[POWER.id]


def test_nothing_falls_silent_before_its_time() -> None:
    heard = Heard(POWER)

    assert heard.hearing.next_at == at(250)
    assert heard.hearing.fall_due(at(249.999)) == []
    assert heard.hearing.fall_due(at(250)) == [PointStale(POWER, at(250))]
    assert heard.hearing.next_at == NEVER


def test_points_are_counted_by_their_freshness() -> None:
    heard = Heard(POWER, HEART)

    heard.hearing.mark(heard.power, STALE)

    assert heard.counts == {UNHEARD: 0, LIVE: 1, STALE: 1}


def test_who_is_heard_again_falls_silent_that_much_later() -> None:
    heard = Heard(POWER)
    heard.power.heard_at = at(100)

    assert heard.hearing.fall_due(at(250)) == []
    assert heard.hearing.fall_due(at(400)) == [PointStale(POWER, at(350))]


def test_who_is_no_longer_live_when_its_time_comes_says_nothing() -> None:
    heard = Heard(POWER)
    heard.hearing.mark(heard.power, UNHEARD)

    assert heard.hearing.fall_due(at(250)) == []


def test_a_heart_that_is_lost_silences_what_it_beats_for_once() -> None:
    other = a_point("Rack/RackPower", "R2", publisher="OTHER")
    heard = Heard(POWER, HEART, other)

    assert heard.hearing.fall_due(at(249)) == [
        PointStale(HEART, at(30)),
        PublisherChanged(HEART, STALE, at(30)),
        PointStale(POWER, at(30)),
    ]
    assert heard.hearts[HEART.id].lost_at == at(30)
    assert heard.hearing.fall_due(at(250)) == [PointStale(other, at(250))]


@pytest.mark.parametrize(
    ("lost_at", "due"), [(Instant(0), at(250)), (at(40), at(40)), (at(300), at(250))]
)
def test_who_was_not_known_in_time_falls_due_when_it_would_have(
    lost_at: Instant, due: Instant
) -> None:
    heard = Heard(POWER, HEART)
    heard.hearts[HEART.id].lost_at = lost_at

    assert list(heard.hearing.lapse(heard.power, at(39))) == []
    assert list(heard.hearing.lapse(heard.power, at(300))) == [PointStale(POWER, due)]
    assert list(heard.hearing.lapse(heard.power, at(300))) == []


def test_the_loss_of_its_publisher_is_no_news_of_a_heart() -> None:
    heard = Heard(HEART)
    heard.hearts[HEART.id].lost_at = at(10)

    assert list(heard.hearing.lapse(heard.points[HEART.id], at(20))) == []


def test_a_clock_was_set_back_where_a_silent_point_tells_of_long_before() -> None:
    heard = Heard(POWER)
    early = after(at(0), Millis(-SET_BACK))

    assert not heard.hearing.set_back(heard.power, after(early, Millis(-1)))
    heard.hearing.mark(heard.power, STALE)
    assert not heard.hearing.set_back(heard.power, early)
    assert heard.hearing.set_back(heard.power, after(early, Millis(-1)))


def test_the_clock_of_a_heart_is_that_of_all_that_is_silent_with_it() -> None:
    flow, foreign = a_point("Rack/RackLiquidFlow"), a_point(entity="R2", publisher="OTHER")
    heard = Heard(POWER, HEART, flow, foreign)
    for point in (POWER, HEART, foreign):
        heard.hearing.mark(heard.points[point.id], STALE)

    assert heard.hearing.set_back(heard.points[HEART.id], at(-200))
    anew = [point for point, state in heard.points.items() if not state.ordered_at]
    assert anew == [POWER.id, HEART.id]
