"""What all points of a publisher together show of it."""

from build import a_fleet_with, a_heartbeat, a_point, a_reading, at, tell
from twin.fleet import Fleet
from twin.points import EntityId, Point, PointId, PublisherId
from twin.publishers import Publisher
from twin.voices import Voices

PUB = PublisherId("PUB")
POINTS = [a_point("Rack/RackPower", f"R{number}") for number in range(100)]
BEAT = a_heartbeat()


def voices(fleet: Fleet) -> Voices:
    """Those of a fleet."""
    racks = (*fleet.racks(), *fleet.equipment())
    return Voices({EntityId(each.id): each for each in racks})


def heard(*points: Point) -> Fleet:
    """A fleet of which everything was heard once, at 1 s."""
    fleet = a_fleet_with(*points)
    tell(fleet, at(1), *(a_reading(each, 1.0, at(1)) for each in points))
    return fleet


def of_doubts(count: int, points: list[Point]) -> tuple[Fleet, Voices]:
    """A fleet in which so many of some points are not trusted."""
    fleet = heard(*points)
    told = voices(fleet)
    doubt(fleet, told, points[:count], quality=0)
    return fleet, told


def doubt(fleet: Fleet, told: Voices, points: list[Point], quality: int) -> None:
    """Have points told with a quality."""
    tell(fleet, at(2), *(a_reading(each, 2.0, at(2 + quality), quality=quality) for each in points))
    for each in points:
        state = fleet.point(each.id)
        assert state is not None
        told.trusts(state)


def test_who_told_of_several_things_and_repeats_none_is_mute() -> None:
    told = voices(heard(*POINTS))
    assert not told.mute(PUB, at(50))
    assert not told.mute(PUB, at(60))
    assert told.mute(PUB, at(101))


def test_who_tells_of_one_thing_has_nothing_to_fold() -> None:
    assert not voices(heard(POINTS[0])).mute(PUB, at(1_000))


def test_what_was_never_heard_makes_nobody_mute() -> None:
    assert not voices(a_fleet_with(*POINTS)).mute(PUB, at(1_000))


def test_a_heart_is_dumb_while_all_it_beats_for_is_silent() -> None:
    fleet = heard(BEAT, *POINTS[:2])
    heart: Publisher = fleet.publishers()[0]
    before = voices(fleet).dumb(heart)
    fleet.advance(at(300))
    silent = voices(fleet).dumb(heart)
    tell(fleet, at(301), a_reading(POINTS[0], 3.0, at(301)))

    assert (before, silent, voices(fleet).dumb(heart)) == (False, True, False)


def test_a_heart_without_points_is_not_dumb() -> None:
    fleet = heard(BEAT)
    assert not voices(fleet).dumb(fleet.publishers()[0])


def test_a_quarter_of_all_is_most() -> None:
    assert of_doubts(24, POINTS)[1].doubted(PUB) is None
    assert of_doubts(25, POINTS)[1].doubted(PUB) == (25, 100)


def test_fewer_than_ten_are_few_whatever_they_are_of() -> None:
    assert of_doubts(9, POINTS[:9])[1].doubted(PUB) is None


def test_one_thing_is_not_most_of_a_publisher() -> None:
    of_one = [a_point("Rack/RackPower", "R1", tag=f"{number}") for number in range(20)]
    assert of_doubts(20, of_one)[1].doubted(PUB) is None


def test_doubt_is_over_once_less_than_an_eighth_is_left() -> None:
    fleet, told = of_doubts(30, POINTS)
    assert told.doubted(PUB) == (30, 100)
    doubt(fleet, told, POINTS[:17], quality=1)
    assert told.doubted(PUB) == (13, 100)
    told.forget(POINTS[29].id, PUB)
    assert told.doubted(PUB) is None
    doubt(fleet, told, POINTS[17:29], quality=1)
    assert told.doubted(PUB) is None


def test_of_an_unknown_publisher_nothing_is_to_be_forgotten() -> None:
    told = voices(heard(*POINTS[:2]))
    told.forget(PointId("x"), PublisherId("NICO"))
    assert told.doubted(PublisherId("NICO")) is None
